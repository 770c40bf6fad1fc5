"""docs/billing.md, "Nothing slips": acts become proposals, and only what a person accepts becomes time."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from helpdesk.infra.db import unit_of_work
from helpdesk.infra.models import AuditRow
from helpdesk.infra.policy import SYSTEM
from helpdesk.kernel.errors import Conflict, NotFound, RuleViolation
from helpdesk.projects import service as projects
from helpdesk.projects.planning.linking import link
from helpdesk.proposals import queries, service
from helpdesk.tickets import service as tickets
from helpdesk.tickets.domain import entry_uuid
from helpdesk.timekeeping import service as time
from helpdesk.timekeeping.models import TimeEntry, TimeReversal
from tests.conftest import NOW

LATER = NOW + timedelta(minutes=30)
WORDS = "We have changed the roll and printed a test page. " * 8  # 80 words


def answered(session, office, *, by="technician", at=NOW, item="acme_ticket"):
    """A note of 80 words, which takes three minutes to read for and write."""
    return tickets.add_note(session, actor=office.actor(by), now=at, item_id=getattr(office, item).id, text=WORDS)


def proposed(session, office, *, by="technician", now=LATER):
    return service.proposed(session, actor=office.actor(by), now=now)


def accept(session, office, one, *, worked="0:10", **more):
    return service.accept(
        session, actor=office.actor("technician"), now=LATER, key=one.proposal.key, worked=worked, **more
    )


def test_what_one_did_without_time_is_proposed_with_its_evidence_and_to_nobody_else(session, office):
    answered(session, office)
    projects.set_status(
        session,
        actor=office.actor("technician"),
        now=NOW + timedelta(minutes=6),
        item_id=office.acme_ticket.id,
        status="solved",
    )

    (one,) = proposed(session, office)

    assert one.item.number == office.acme_ticket.number
    assert [act.says for act in one.proposal.acts] == ["wrote a note, 80 words", "set status to solved"]
    assert one.proposal.seconds == 9 * 60  # three minutes of writing, and six until the last act
    assert proposed(session, office, by="manager") == []
    assert session.scalars(select(TimeEntry)).all() == []


def test_an_accepted_proposal_is_a_draft_once_and_counts_as_recovered(session, office):
    answered(session, office)
    (one,) = proposed(session, office)

    entry = accept(session, office, one, worked="25m", note="New roll")
    again = accept(session, office, one, worked="90m")

    assert again.id == entry.id
    assert (entry.status, entry.note, entry.person_id) == ("draft", "New roll", office.technician.id)
    assert (entry.ended_at - entry.started_at) == timedelta(minutes=25)
    assert proposed(session, office) == []
    (recovered,) = queries.recovered(session, since=NOW, person_id=office.technician.id)
    assert (recovered.person_name, recovered.accepted_at, recovered.seconds) == (office.technician.name, LATER, 25 * 60)
    assert queries.recovered(session, since=NOW, person_id=office.manager.id) == []
    session.flush()
    assert "accepted proposed time" in session.scalars(select(AuditRow.action)).all()


def test_a_dismissed_proposal_stays_away_until_it_is_taken_back(session, office):
    answered(session, office)
    (one,) = proposed(session, office)

    decision = service.dismiss(session, actor=office.actor("technician"), now=LATER, key=one.proposal.key)

    assert proposed(session, office) == []
    with pytest.raises(Conflict, match="not proposed any more"):
        accept(session, office, one)
    with pytest.raises(NotFound):
        service.take_back(session, actor=office.actor("manager"), now=LATER, decision_id=decision.id)
    service.take_back(session, actor=office.actor("technician"), now=LATER, decision_id=decision.id)
    assert [again.proposal.key for again in proposed(session, office)] == [one.proposal.key]
    service.dismiss(session, actor=office.actor("technician"), now=LATER, key=one.proposal.key)


def test_what_was_recovered_follows_corrections_and_forgets_what_was_deleted(session, office):
    answered(session, office, at=NOW - timedelta(hours=1))
    answered(session, office)
    deleted, entry = (accept(session, office, one, worked="0:25") for one in proposed(session, office))
    replacement = time.add_entry(
        session,
        actor=office.actor("technician"),
        now=LATER,
        item_id=office.acme_ticket.id,
        day=date(2026, 11, 17),
        worked="0:40",
    )
    entry.status = "reversed"
    session.add(
        TimeReversal(
            time_entry_id=entry.id, replacement_id=replacement.id, seconds=1500, reason="Longer", reversed_at=LATER
        )
    )
    session.flush()
    time.delete_entry(session, actor=office.actor("technician"), now=LATER, entry_id=deleted.id)

    assert [one.seconds for one in queries.recovered(session, since=NOW)] == [40 * 60]


def test_what_was_pushed_by_a_link_is_no_act_of_the_one_who_made_it(session, office):
    manager, project_id = office.actor("manager"), office.acme_project.id
    copy, switch, report = (
        projects.add_task(session, actor=SYSTEM, now=NOW, project_id=project_id, title=title, due_on=date(2026, 11, 20))
        for title in ("Copy", "Switch", "Report")
    )
    for before, after in ((switch, report), (copy, switch)):
        link(
            session,
            actor=manager,
            now=NOW,
            project_id=project_id,
            predecessor=before.number,
            successor=after.number,
        )

    found = proposed(session, office, by="manager")

    said = sorted((one.item.title, act.says) for one in found for act in one.proposal.acts)
    assert said == [("Report", "linked"), ("Switch", "linked")]


def test_what_has_time_is_not_proposed_again_where_a_merge_or_a_split_takes_it(session, office):
    who = {"actor": office.actor("technician"), "now": NOW}
    opened = {
        "actor": SYSTEM,
        "now": NOW,
        "project_id": office.acme_project.id,
        "requester_id": office.acme_contact.id,
        "title": "Roll",
        "text": "",
    }
    old, new = (tickets.open_ticket(session, **opened) for _ in range(2))
    tickets.add_note(session, item_id=old.id, text=WORDS, **who)
    split = tickets.add_note(session, item_id=old.id, text=WORDS, **who)
    day = NOW.date()
    time.add_entry(session, uuid=entry_uuid(split.id), day=day, worked="0:30", item_id=old.id, **who)
    session.flush()
    assert proposed(session, office) == []

    tickets.split_message(session, item_id=old.id, message_id=split.id, title="Toner", **who)
    tickets.merge_conversation(session, item=old, into=new, before={}, **who)

    says = [act.says for one in proposed(session, office) for act in one.proposal.acts]
    assert says
    assert "wrote a note, 80 words" not in says


def test_a_new_act_after_a_decision_is_proposed_by_itself(session, office):
    answered(session, office)
    service.dismiss(session, actor=office.actor("technician"), now=LATER, key=proposed(session, office)[0].proposal.key)

    answered(session, office, at=NOW + timedelta(minutes=10))

    (one,) = proposed(session, office)
    assert len(one.proposal.acts) == 1


def test_time_that_was_written_meanwhile_takes_the_proposal_away(session, office):
    answered(session, office)
    (one,) = proposed(session, office)
    technician = office.actor("technician")

    time.add_entry(
        session, actor=technician, now=LATER, item_id=office.acme_ticket.id, day=date(2026, 11, 18), worked="0:15"
    )

    assert proposed(session, office) == []
    with pytest.raises(Conflict):
        accept(session, office, one)


def test_what_cannot_be_accepted_says_why_and_stays_proposed(session, office):
    answered(session, office)
    (one,) = proposed(session, office)

    with pytest.raises(RuleViolation):
        accept(session, office, one, worked="yesterday")

    assert len(proposed(session, office)) == 1


def test_what_one_may_not_see_any_more_is_not_proposed(session, office):
    answered(session, office, by="rival", item="globex_ticket")

    assert len(proposed(session, office, by="rival")) == 1

    session.get_one(type(office.globex_project), office.globex_project.id).status = "done"
    session.flush()
    assert proposed(session, office, by="rival") == []


def test_the_page_proposes_accepts_and_asks_in_few_queries(app, office, sign_in_as, count_queries):
    with unit_of_work() as session:
        for minutes in range(0, 200, 40):
            answered(session, office, at=NOW - timedelta(minutes=minutes))
    browser = sign_in_as(office.technician)
    with count_queries() as statements:
        page = browser.get("/time/slipped")
    with unit_of_work() as session:
        keys = [one.proposal.key for one in proposed(session, office, now=NOW)]

    refused = browser.post("/time/slipped/accept", data={"key": keys[0], "worked": "soon", "note": "New roll"})
    accepted = browser.post(
        "/time/slipped/accept", data={"key": keys[1], "worked": "12", "note": "", "billable": "billable"}
    )

    boss = sign_in_as(office.manager)
    weeks = {
        who: opened.get("/time/slipped").text.count("By person") for who, opened in (("own", browser), ("all", boss))
    }

    assert weeks == {"own": 0, "all": 1}
    assert f"{office.technician.name} <span" in boss.get("/time/slipped").text
    assert page.status_code == 200
    assert page.text.count("wrote a note, 80 words") == 5
    assert len(statements) < 25
    assert refused.status_code == 422
    assert 'value="soon"' in refused.text
    assert 'value="New roll"' in refused.text
    assert accepted.status_code == 303
    with unit_of_work() as session:
        (entry,) = session.scalars(select(TimeEntry))
        assert entry.ended_at == entry.started_at + timedelta(minutes=12)
        assert len(proposed(session, office, now=NOW)) == 4
