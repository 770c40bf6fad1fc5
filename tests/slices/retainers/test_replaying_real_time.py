"""The real time of a client under terms that it did not have (docs/billing.md rule 15)."""

from decimal import Decimal

from sqlalchemy import update

from helpdesk.kernel.money import Money
from helpdesk.kernel.periods import Month
from helpdesk.projects.models import Project
from helpdesk.retainers.books import engine_agreement
from helpdesk.retainers.domain.replay import replay
from helpdesk.retainers.replay import past_of
from helpdesk.timekeeping.models import TimeEntry

MARCH, APRIL = Month(2026, 3), Month(2026, 4)


def test_the_terms_of_an_agreement_make_of_its_months_what_the_close_made(story):
    agreement = story.agree(per_month="10", fee_minor=100_000, overage_rate_minor=12_000)
    story.log("12", "2026-03-03")
    story.log("4", "2026-04-03")
    story.log("3", "2026-04-04", status="submitted")
    closed = [story.close("2026-03"), story.close("2026-04")]

    past = past_of(story.session, client=story.office.acme, months=[MARCH, APRIL], agreement=agreement)
    found = replay(past, engine_agreement(agreement).terms_in(MARCH))

    assert [each.expired_seconds for each in found.months] == [each.expired_seconds for each in closed]
    assert found.paid == Money.parse("2240.00", "EUR")
    assert past.worked_seconds == 16 * 3600


def test_only_time_of_the_months_asked_for_that_no_other_agreement_draws_is_replayed(story):
    story.agree(per_month="10", project_ids=(story.office.acme_project.id,))
    story.log("2", "2026-03-03")
    story.log("2", "2026-05-03")

    free = past_of(story.session, client=story.office.acme, months=[MARCH, APRIL])
    own = past_of(story.session, client=story.office.acme, months=[MARCH, APRIL], agreement=story.agreement)

    assert (len(free.entries), len(own.entries)) == (0, 1)


def test_a_narrower_agreement_that_is_tried_replays_the_time_that_it_would_win(story):
    story.agree(per_month="10")
    story.log("2", "2026-03-03")
    project_id = story.office.acme_project.id

    past, elsewhere, as_narrow, typed = [
        past_of(story.session, client=story.office.acme, months=[MARCH, APRIL], **scope)
        for scope in (
            {"project_ids": (project_id,)},
            {"project_ids": (10**6,)},
            {},
            {"work_type_ids": (10**6,)},
        )
    ]
    found = replay(past, engine_agreement(story.agreement).terms_in(MARCH))

    assert (past.worked_seconds, past.projects) == (2 * 3600, frozenset({str(project_id)}))
    assert [each.covered_seconds for each in found.months] == [2 * 3600, 0]
    assert [len(each.entries) for each in (elsewhere, as_narrow, typed)] == [0, 0, 0]


def test_what_was_worked_has_its_cost_where_one_is_known(story):
    story.log("2", "2026-03-03")
    dear = story.log("3", "2026-03-04")
    story.session.execute(
        update(TimeEntry).where(TimeEntry.id == dear.id).values(cost_rate_minor=4_000, cost_rate_currency="EUR")
    )

    past = past_of(story.session, client=story.office.acme, months=[MARCH])

    assert (past.cost.amount, past.uncosted_seconds) == (Decimal("120.00"), 2 * 3600)


def test_time_at_a_fixed_fee_counts_only_where_the_terms_that_are_tried_cover_it(story):
    story.log("2", "2026-03-03")
    project_id = story.office.acme_project.id
    story.session.execute(update(Project).where(Project.id == project_id).values(billing="fixed_fee"))

    counts = [
        len(past_of(story.session, client=story.office.acme, months=[MARCH], project_ids=ids).entries)
        for ids in ((), (project_id,), (10**6,))
    ]

    assert counts == [1, 1, 0]
