"""A draft of chosen days: looked at before it is made, made once, and no time on two (docs/billing.md rules 16, 23)."""

from datetime import date, timedelta

import pytest

from helpdesk.clients.models import Client
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.invoicing.drafts.days import TAKES, DaysWish, draft_days, held_by_drafts
from helpdesk.invoicing.drafts.span import Span
from helpdesk.invoicing.models import Invoice
from helpdesk.kernel.errors import RuleViolation
from helpdesk.timekeeping.models import TimeEntry
from tests.slices.invoicing.conftest import DECEMBER, Story, hours
from tests.slices.invoicing.test_expenses_on_invoices import spend


def wish(story: Story, first: int = 1, last: int = 30, takes=TAKES) -> DaysWish:
    return DaysWish(story.office.acme.id, Span(date(2026, 11, first), date(2026, 11, last)), frozenset(takes))


def draft(story: Story, wanted: DaysWish, *, key: str = "k") -> Invoice:
    with unit_of_work() as session:
        made = draft_days(session, actor=SYSTEM, now=story.now, wish=wanted, key=key)
    return story.invoice(made.id)


def test_only_the_chosen_days_and_kinds_are_taken(story):
    story.log("1", "2026-11-02")
    story.log("2", "2026-11-16", item=story.ticket("Firewall"))
    story.log("4", "2026-11-20")
    spend(story)

    made = draft(story, wish(story, 10, 16, ["time"]))

    assert [(line.description, line.amount_minor) for line in made.lines] == [("Firewall", 20000)]
    assert (made.month, made.first_day, made.last_day) == (None, date(2026, 11, 10), date(2026, 11, 16))
    assert story.drafted().net_minor == 50000 + 10000


def test_days_are_those_of_the_clients_clock(story):
    late = story.log("1", "2026-11-16")
    with unit_of_work() as session:
        entry = session.get_one(TimeEntry, late.id)
        entry.started_at = entry.started_at.replace(hour=23, minute=30) - timedelta(days=1)  # 0:30 in Berlin
        entry.ended_at = entry.started_at + timedelta(hours=1)

    with pytest.raises(RuleViolation, match="Nothing of Acme"):
        draft(story, wish(story, 15, 15))

    assert draft(story, wish(story, 16, 16)).net_minor == 10000


def test_a_repeat_gives_the_same_draft_and_the_second_draft_is_told_who_has_the_time(story):
    story.log("2")

    first = draft(story, wish(story))
    again = draft(story, wish(story))
    with pytest.raises(RuleViolation, match=f"free to be billed: 2:00 on the draft invoice {first.id}"):
        draft(story, wish(story), key="another")

    assert again.id == first.id
    assert story.charges() == [("hourly", hours("2"), "held")]


def test_days_to_come_and_days_the_wrong_way_round_are_refused(story):
    with pytest.raises(RuleViolation, match="still to come"):
        draft(story, DaysWish(story.office.acme.id, Span(date(2026, 12, 1), date(2026, 12, 2)), frozenset(TAKES)))
    with pytest.raises(RuleViolation, match="in their order"):
        wish(story, 16, 10)


def test_a_look_shows_lines_and_what_is_left_out_and_leaves_no_trace(story, sign_in_as, fixed_clock):
    fixed_clock.now = DECEMBER
    story.log("2")
    story.log("0.5", "2026-11-17", status="submitted")
    bookkeeper = sign_in_as(story.office.bookkeeper)
    sent = {
        "key": "a" * 32,
        "client_id": story.office.acme.id,
        "first_day": "2026-11-10",
        "last_day": "2026-11-30",
        "takes": ["time", "fees"],
    }

    looked = bookkeeper.post("/invoices/new", data={**sent, "act": "preview"})
    before = story.charges()
    made = bookkeeper.post("/invoices/new", data={**sent, "act": "draft"})
    twice = bookkeeper.post("/invoices/new", data={**sent, "act": "draft"})

    assert looked.status_code == 200
    assert "would come to €238.00" in looked.text
    assert "waits for approval" in looked.text
    assert before == []
    assert made.status_code == 303
    assert made.location == twice.location
    assert "10 Nov – 30 Nov 2026" in bookkeeper.get(made.location).text


def test_another_draft_with_time_of_these_days_is_named_beside_what_is_left(story):
    story.log("1", "2026-11-02")
    first = draft(story, wish(story, 1, 9))
    story.log("2")

    second = draft(story, wish(story), key="another")
    with unit_of_work() as session:
        client = session.get_one(Client, story.office.acme.id)
        held = held_by_drafts(session, client=client, span=wish(story).span, but_for=second.id)

    assert held == [(first.id, 3600)]
    assert second.net_minor == 20000
