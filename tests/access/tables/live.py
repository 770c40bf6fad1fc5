"""Who hears of live events: all staff, each what is theirs; and the pocket timer, a page that is the same for all."""

from tests.access.rows import Row, expect

STREAM = expect(anonymous=302, technician=204, account_manager=204, rival=204, bookkeeper=204, manager=204, admin=204)
STAFF = expect(anonymous=302, technician=200, account_manager=200, rival=200, bookkeeper=200, manager=200, admin=200)
DESK = expect(anonymous=302, technician=200, account_manager=200, rival=200, bookkeeper=403, manager=200, admin=200)

EVERYBODY = expect(
    anonymous=200, technician=200, account_manager=200, rival=200, bookkeeper=200, manager=200, admin=200
)

GLOBEX = expect(anonymous=302, technician=404, account_manager=404, rival=200, bookkeeper=403, manager=200, admin=200)
MISSING = expect(anonymous=302, technician=404, account_manager=404, rival=404, bookkeeper=403, manager=404, admin=404)
HERE = {"tab": "tab-one-1", "doing": "looking"}

ROWS = [
    Row("desk.who_is_where", "GET", "/desk/presence", DESK),
    *(
        row
        for item, expected in (("acme_ticket", DESK), ("globex_ticket", GLOBEX), ("missing", MISSING))
        for row in (
            Row("desk.who_is_there", "GET", f"/items/{{{item}}}/presence", expected),
            Row("desk.fresh_parts", "GET", f"/items/{{{item}}}/fresh", expected),
            Row("desk.say_present", "POST", f"/items/{{{item}}}/presence", expected, form=HERE),
        )
    ),
    Row("timekeeping.pocket", "GET", "/pocket/", EVERYBODY),
    Row("timekeeping.pocket_worker", "GET", "/pocket/worker.js", EVERYBODY),
    Row("timekeeping.pocket_manifest", "GET", "/pocket/manifest.webmanifest", EVERYBODY),
    Row("timekeeping.pocket_session", "GET", "/pocket/session", DESK),
    Row("desk.live_stream", "GET", "/live/stream", STREAM),
    Row("desk.live_events", "GET", "/live/events", STAFF),
    Row("desk.bell", "GET", "/live/bell", STAFF),
    Row("desk.live_timer", "GET", "/live/timer", DESK, query="next=/desk&number={acme_ticket}"),
]
