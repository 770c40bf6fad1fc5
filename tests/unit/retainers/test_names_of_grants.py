"""Grants are known again by the names that the ledger gives them (docs/billing.md rule 9)."""

from datetime import date

import pytest

from helpdesk.kernel.periods import Month
from helpdesk.retainers.domain.grants import OWED, GrantDrawn, Source, beside, kept, stored
from helpdesk.retainers.domain.pool import Lot
from helpdesk.retainers.domain.spans import Span
from helpdesk.retainers.domain.terms import TopUp

MARCH, APRIL = Month(2026, 3), Month(2026, 4)
BLOCK = TopUp("7", 3600, date(2026, 3, 5), date(2026, 6, 30))


@pytest.mark.parametrize(
    ("name", "source"),
    [
        (Lot(60, MARCH, APRIL).name, Source(span=Span(MARCH, MARCH))),
        (Lot(60, MARCH, MARCH.plus(2), last=MARCH.plus(2)).name, Source(span=Span(MARCH, MARCH.plus(2)))),
        (Lot(60, MARCH, APRIL, BLOCK).name, Source(day=date(2026, 3, 5))),
        (OWED, Source()),
    ],
)
def test_a_name_says_where_seconds_come_from(name, source):
    assert Source.named(name) == source


def test_what_a_row_of_the_ledger_keeps_is_what_was_drawn_and_an_old_row_keeps_nothing():
    drawn = (GrantDrawn("allowance of 2026-03", 60), GrantDrawn(OWED, 30))

    assert kept(stored(drawn)) == drawn
    assert kept(None) == ()


def test_only_what_another_grant_paid_for_is_worth_telling():
    own, older = GrantDrawn("allowance of 2026-04", 60), GrantDrawn("allowance of 2026-03", 30)

    assert beside((own,), APRIL) == ()
    assert beside((older, own), APRIL) == (older, own)
    assert beside((GrantDrawn(OWED, 5),), APRIL) == (GrantDrawn(OWED, 5),)
    assert beside((GrantDrawn("allowance of 2026-03 to 2026-05", 60),), APRIL) == ()
