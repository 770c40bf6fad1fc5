"""Who gets what from the accounts slice."""

from tests.access.rows import Row, expect

EVERYBODY = expect(
    anonymous=200, technician=302, account_manager=302, rival=302, bookkeeper=302, manager=302, admin=302
)
REFUSED_FORM = expect(
    anonymous=422, technician=422, account_manager=422, rival=422, bookkeeper=422, manager=422, admin=422
)
STAFF = expect(anonymous=302, technician=303, account_manager=303, rival=303, bookkeeper=303, manager=303, admin=303)

ROWS = [
    Row(endpoint="accounts.sign_in", method="GET", path="/sign-in", expected=EVERYBODY),
    Row(
        endpoint="accounts.enter", method="POST", path="/sign-in", expected=REFUSED_FORM, form={"email": "x@y.example"}
    ),
    Row(endpoint="accounts.sign_out", method="POST", path="/sign-out", expected=STAFF),
]
