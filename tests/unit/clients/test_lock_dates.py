"""Days that are locked: what is refused, to whom, and in which words (docs/billing.md rule 2)."""

from datetime import date

import pytest

from helpdesk.clients.lock_dates import LockDates, refuse_locked
from helpdesk.kernel.errors import RuleViolation

OCTOBER, NOVEMBER = date(2026, 10, 31), date(2026, 11, 30)
FIRST = date(2026, 11, 1)


def test_the_lock_date_itself_is_locked_and_the_day_after_is_not():
    locked = LockDates(company=OCTOBER)

    assert locked.covers(OCTOBER)
    assert not locked.covers(FIRST)


@pytest.mark.parametrize(
    ("company", "client", "through"),
    [(None, None, None), (OCTOBER, None, OCTOBER), (OCTOBER, NOVEMBER, NOVEMBER), (NOVEMBER, OCTOBER, NOVEMBER)],
)
def test_the_later_of_the_companys_and_the_clients_date_counts(company, client, through):
    assert LockDates(company, client).through == through


def test_open_days_need_no_reason():
    assert refuse_locked([FIRST], LockDates(OCTOBER), may=False, reason="", who_can="") is False


def test_a_refusal_says_the_date_and_who_can():
    with pytest.raises(RuleViolation) as refusal:
        refuse_locked([FIRST, OCTOBER], LockDates(OCTOBER), may=False, reason="please", who_can="Mona or Ada")

    assert str(refusal.value) == (
        "Time up to 31 Oct 2026 is locked, and 31 Oct 2026 is one of these days; nothing was changed. "
        "Mona or Ada can still do it, with a reason."
    )


def test_a_clients_own_date_names_the_client():
    locked = LockDates(OCTOBER, NOVEMBER, "Acme")

    with pytest.raises(RuleViolation, match="Time for Acme up to 30 Nov 2026 is locked"):
        refuse_locked([FIRST], locked, may=False, reason="", who_can="Mona")


def test_those_with_the_role_say_why():
    with pytest.raises(RuleViolation, match="say why"):
        refuse_locked([OCTOBER], LockDates(OCTOBER), may=True, reason=" ", who_can="")

    assert refuse_locked([OCTOBER], LockDates(OCTOBER), may=True, reason="forgotten", who_can="") is True
