"""docs/billing.md, "Nothing slips": what a page tells of reading is kept for its reader alone, and not for long."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from helpdesk.company.models import Company
from helpdesk.infra.db import unit_of_work
from helpdesk.kernel.errors import NotFound
from helpdesk.proposals import service
from helpdesk.proposals.models import ProposalDecision, ReadingSpan
from tests.conftest import NOW

FIRST, SECOND = "6f1c1f7e-4a52-4a0e-9d6b-0c8a35a1b1d2", "0a2b3c4d-1111-4222-8333-444455556666"


def tell(session, office, seconds, *, at=NOW, span=FIRST, by="technician", item="acme_ticket"):
    number = getattr(office, item).number
    return service.note_reading(session, actor=office.actor(by), now=at, number=number, span=span, seconds=seconds)


def read_for(session, office, minutes, **more):
    """A message a minute, as a page tells them; the last one comes after so many minutes."""
    for minute in range(1, minutes + 1):
        tell(session, office, minute * 60, at=NOW + timedelta(minutes=minute), **more)


def proposed(session, office, by="technician", after=timedelta(minutes=30)):
    return service.proposed(session, actor=office.actor(by), now=NOW + after)


def test_six_minutes_of_reading_are_proposed_to_the_reader_and_accepted_like_anything_else(session, office):
    read_for(session, office, 6)
    tell(session, office, 120, at=NOW + timedelta(minutes=20))  # an old message once more

    (one,) = proposed(session, office)
    technician = office.actor("technician")
    entry = service.accept(
        session, actor=technician, now=NOW + timedelta(minutes=30), key=one.proposal.key, worked="0:04", note="Read"
    )

    assert [act.says for act in one.proposal.acts] == ["read for 6 minutes"]
    assert one.proposal.seconds == 360
    assert entry.ended_at is not None
    assert entry.ended_at - entry.started_at == timedelta(minutes=4)
    assert proposed(session, office) == []
    assert proposed(session, office, by="manager") == []
    (decision,) = session.scalars(select(ProposalDecision))
    assert decision.evidence == [
        {"key": one.proposal.key, "at": "2026-11-18T10:06:00+00:00", "says": "read for 6 minutes", "seconds": 360}
    ]


def test_what_one_reads_on_after_a_dismissal_is_proposed_by_itself_and_taking_it_back_joins_both(session, office):
    technician = office.actor("technician")
    read_for(session, office, 6)
    (one,) = proposed(session, office)
    decision = service.dismiss(session, actor=technician, now=NOW + timedelta(minutes=10), key=one.proposal.key)

    for minute in range(7, 12):
        tell(session, office, minute * 60, at=NOW + timedelta(minutes=minute))
    (rest,) = proposed(session, office)
    service.take_back(session, actor=technician, now=NOW + timedelta(minutes=40), decision_id=decision.id)
    (whole,) = proposed(session, office)

    assert (rest.proposal.seconds, whole.proposal.seconds) == (300, 660)
    assert rest.proposal.started_at == one.proposal.ended_at


def test_nobody_reads_what_they_may_not_see_and_spans_of_others_stay_theirs(session, office):
    with pytest.raises(NotFound):
        tell(session, office, 60, item="globex_ticket")
    tell(session, office, 60)
    tell(session, office, 90, by="manager", at=NOW + timedelta(hours=1))

    kept = session.execute(select(ReadingSpan.person_id, ReadingSpan.ended_at).order_by(ReadingSpan.id)).all()
    assert [tuple(row) for row in kept] == [
        (office.technician.id, NOW),
        (office.manager.id, NOW + timedelta(hours=1)),
    ]


def test_nobody_begins_spans_without_end(session, office, monkeypatch):
    monkeypatch.setattr("helpdesk.proposals.service.reading.MOST_SPANS_AN_HOUR", 1)

    assert tell(session, office, 60) is True
    assert tell(session, office, 60, span=SECOND) is False
    assert tell(session, office, 120, at=NOW + timedelta(minutes=1)) is True
    assert tell(session, office, 60, at=NOW + timedelta(hours=2), span=SECOND) is True


def test_it_is_erased_after_two_weeks_and_at_once_where_somebody_switches_it_off(session, office):
    technician = office.actor("technician")

    def kept():
        return session.scalar(select(func.count()).select_from(ReadingSpan))

    tell(session, office, 60)
    tell(session, office, 60, by="manager")
    service.switch_reading(session, actor=technician, now=NOW, on=False)
    tell(session, office, 60, span=SECOND)
    assert kept() == 1
    service.forget_reading(session, now=NOW + timedelta(days=14))
    assert kept() == 1
    service.forget_reading(session, now=NOW + timedelta(days=16))
    assert kept() == 0

    service.switch_reading(session, actor=technician, now=NOW, on=True)
    read_for(session, office, 6)
    assert len(proposed(session, office)) == 1
    session.get_one(Company, 1).notes_reading = False
    session.flush()
    tell(session, office, 60, span=SECOND)
    assert proposed(session, office) == []
    service.forget_reading(session, now=NOW)
    assert kept() == 0


def test_the_page_of_a_ticket_tells_it_only_while_both_want_it(app, office, sign_in_as):
    browser = sign_in_as(office.technician)
    page = f"/items/{office.acme_ticket.number}"

    def tells():
        return f'data-url="{page}/reading"' in browser.get(page).text

    assert tells()
    assert browser.post(f"{page}/reading", data={"span": FIRST, "seconds": "60"}).status_code == 204
    for wrong in ({"span": "x", "seconds": "60"}, {"span": FIRST, "seconds": "-1"}, {"span": FIRST}):
        assert browser.post(f"{page}/reading", data=wrong).status_code == 422
    assert "erase it" in browser.get("/time/slipped").text
    assert browser.post("/time/slipped/reading").status_code == 303
    assert "for me alone" in browser.get("/time/slipped").text
    assert not tells()
    browser.post("/time/slipped/reading", data={"on": "y"})
    assert tells()
    with unit_of_work() as session:
        session.get_one(Company, 1).notes_reading = False
    assert not tells()
