"""Calls and visits are logged with their minutes in one act, and count as answers.

docs/desk.md rules 37 to 39, docs/sla.md rule 24.
"""

from datetime import timedelta

import pytest
from sqlalchemy import select

from helpdesk.clients import service as clients
from helpdesk.desk import merging_contacts, talking
from helpdesk.desk.worked_time import NO_TIME, WorkedTime
from helpdesk.infra.db import unit_of_work
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.projects.models import WorkItem
from helpdesk.sla.models import TicketDue
from helpdesk.sla.service import policies
from helpdesk.sla.service.policies import PolicyValues
from helpdesk.tickets.models import Message, Talk
from helpdesk.tickets.service import Spoken
from helpdesk.timekeeping import service as timekeeping
from helpdesk.timekeeping.models import TimeEntry
from tests.conftest import NOW
from tests.slices.desk.conftest import open_ticket

pytestmark = [pytest.mark.usefixtures("rung"), pytest.mark.on_sqlite]

HOUR = timedelta(hours=1)
LATER = NOW + HOUR


@pytest.fixture
def number(office):
    """Acme's ticket, opened by a colleague at NOW."""
    return open_ticket(office)


def log(office, number, *, channel="call", at=None, time=NO_TIME, travel=NO_TIME, now=LATER, status="", **said):
    spoken = Spoken(channel, said.pop("text", "They want it on Monday."), **{"who": office.acme_contact.name, **said})
    with unit_of_work() as session:
        return talking.log_talk(
            session,
            actor=office.actor("technician"),
            now=now,
            number=number,
            spoken=spoken,
            at=at,
            time=time,
            travel=travel,
            status=status,
        ).id


def worked(text):
    return WorkedTime(text, None, "billable")


def correct(office, number, message_id, *, who="technician", at=None, **said):
    spoken = Spoken("call", said.pop("text", "Tuesday."), **{"who": office.acme_contact.email, **said})
    with unit_of_work() as session:
        actor = office.actor(who)
        talking.correct_talk(
            session, actor=actor, now=LATER, number=number, message_id=message_id, spoken=spoken, at=at
        )


def all_of(model):
    with unit_of_work() as session:
        return list(session.scalars(select(model)).unique())


def spans():
    return [(entry.started_at, entry.ended_at, entry.note) for entry in all_of(TimeEntry)]


def test_a_call_that_has_just_ended_is_written_with_its_minutes_and_the_status_in_one_act(office, number):
    message_id = log(office, number, time=worked("25"), phone="040 55", status="waiting")

    (talk,) = all_of(Talk)
    with unit_of_work() as session:
        message, item = session.get_one(Message, message_id), session.scalars(select(WorkItem)).all()[-1]
        assert (message.kind, message.text) == ("note", "They want it on Monday.")
        assert (message.posted_at, message.person_id) == (LATER - timedelta(minutes=25), office.technician.id)
        assert (item.number, item.status) == (number, "waiting")
    assert (talk.contact_id, talk.direction, talk.phone, talk.answers) == (
        office.acme_contact.id,
        "out",
        "040 55",
        True,
    )
    note = f"Call with {office.acme_contact.name}"
    assert spans() == [(LATER - timedelta(minutes=25), LATER, note)]


def test_a_visit_has_its_way_as_an_entry_of_its_own_in_the_language_of_the_client(office, number):
    with unit_of_work() as session:
        session.merge(office.acme).language = "de"
    log(office, number, channel="visit", at=NOW, time=worked("40"), travel=worked("30"))

    assert sorted(spans()) == [
        (NOW - timedelta(minutes=30), NOW, f"Fahrt zu {office.acme.name}"),
        (NOW, NOW + timedelta(minutes=40), f"Besuch bei {office.acme_contact.name}"),
    ]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"text": "  "}, None),
        ({"who": ""}, "who"),
        ({"at": LATER + HOUR}, "at"),
        ({"time": worked("soon")}, "worked"),
        ({"time": worked("90"), "at": NOW}, "worked"),  # ends later than now
        ({"travel": worked("x"), "time": worked("5")}, "travel"),
    ],
)
def test_one_that_is_refused_leaves_nothing_and_says_which_field_it_is(office, number, values, field):
    with pytest.raises(RuleViolation) as refused:
        log(office, number, **values)

    assert refused.value.field == field
    assert (all_of(Talk), all_of(TimeEntry)) == ([], [])


def test_whom_it_was_with_is_known_by_name_address_and_the_digits_of_the_number_and_never_of_another_client(
    office, number
):
    with unit_of_work() as session:
        session.merge(office.acme_contact).phone = "+49 (0)40 / 123-4567, 0170 1"
    ann, globex = office.acme_contact, office.globex_contact

    named = [ann.name.upper(), f"X <{ann.email.upper()}>", "Reception"]
    ids = [log(office, number, who=who) for who in named]
    ids.append(log(office, number, who="", phone="040 1234567"))
    with pytest.raises(RuleViolation, match="another client"):
        log(office, number, who=globex.email)

    known = {talk.message_id: (talk.contact_id, talk.name, talk.answers) for talk in all_of(Talk)}
    theirs = (ann.id, "", True)
    assert [known[each] for each in ids] == [theirs, theirs, (None, "Reception", False), theirs]


def test_it_counts_as_the_first_answer_where_they_were_reached_until_it_is_deleted(office):
    with unit_of_work() as session:
        admin = office.actor("admin")
        policy = policies.furnish(session, actor=admin, now=NOW)
        values = PolicyValues(
            name="Standard",
            calendar_id=policy.calendar_id,
            is_on=True,
            at_risk_percent=80,
            budgets={"normal": {"first_answer": 3600}},
        )
        policies.save_policy(session, actor=admin, now=NOW, policy_id=policy.id, values=values)
    number = open_ticket(office)

    def answered_at():
        return [due.first_answered_at for due in all_of(TicketDue)]

    missed = log(office, number, reached=False, now=NOW + timedelta(minutes=10))
    assert answered_at() == [None]
    call = log(office, number, now=NOW + timedelta(minutes=30), time=worked("40"))
    assert answered_at() == [NOW]  # it began before the ticket, and was not over
    correct(office, number, call, at=NOW + timedelta(minutes=12))
    assert answered_at() == [NOW + timedelta(minutes=12)]
    with unit_of_work() as session:
        talking.remove_talk(session, actor=office.actor("technician"), now=LATER, number=number, message_id=call)
    assert answered_at() == [None]
    assert {talk.message_id for talk in all_of(Talk)} == {missed}


def test_it_is_corrected_by_who_logged_it_or_a_manager_and_its_time_goes_along(office, number):
    call = log(office, number, time=worked("20"))

    correct(office, number, call, at=NOW, direction="in")
    with pytest.raises(NotFound):
        correct(office, number, call, who="account_manager")
    correct(office, number, call, who="manager", text="Wednesday.", direction="in")

    (talk,) = all_of(Talk)
    assert talk.direction == "in"
    assert [span[:2] for span in spans()] == [(NOW, NOW + timedelta(minutes=20))]
    with unit_of_work() as session:
        message = session.get_one(Message, call)
        assert (message.text, message.posted_at) == ("Wednesday.", NOW)


def test_approved_time_stays_where_it_was_worked_and_stays_when_the_call_is_deleted(office, number):
    call = log(office, number, time=worked("20"))
    with unit_of_work() as session:
        (entry,) = session.scalars(select(TimeEntry))
        timekeeping.submit(session, actor=office.actor("technician"), now=LATER, entry_ids=[entry.id])
        timekeeping.approve(session, actor=office.actor("manager"), now=LATER, entry_ids=[entry.id])

    with pytest.raises(RuleViolation) as refused:
        correct(office, number, call, at=NOW)
    with unit_of_work() as session:
        stays = talking.remove_talk(
            session, actor=office.actor("technician"), now=LATER, number=number, message_id=call
        )

    assert refused.value.field == "at"
    assert "approved" in stays
    assert len(spans()) == 1
    with unit_of_work() as session:
        message = session.get_one(Message, call)
        assert (message.kind, message.text) == ("event", f"deleted a call with {office.acme_contact.name}")


def test_the_pages_keep_what_was_typed_and_the_conversation_shows_the_call(office, number, sign_in_as):
    browser = sign_in_as(office.technician)
    address = f"/items/{number}/log/call"
    typed = {"who": office.acme_contact.name, "body": "Kept <words>.", "direction": "in", "billable": "billable"}

    begun = browser.get(address).text
    refused = browser.post(address, data={**typed, "worked": "soon", "since": "1795000000000"})
    logged = browser.post(address, data={**typed, "worked": "0:10"}, follow_redirects=True)
    call = all_of(Talk)[0].message_id
    form = browser.get(f"/items/{number}/messages/{call}/call").text
    deleted = browser.post(f"/items/{number}/messages/{call}/delete-call", follow_redirects=True).text

    assert f'value="{office.acme_contact.name}"' in begun
    assert refused.status_code == 422
    assert "Kept &lt;words&gt;." in refused.text
    assert 'value="1795000000000"' in refused.text
    assert f"Call from {office.acme_contact.name}" in logged.text
    assert "0:10 logged" in logged.text
    assert "Kept &lt;words&gt;." in form
    assert f"deleted a call with {office.acme_contact.name}" in deleted
    assert spans() == []


def test_calls_go_along_when_two_contacts_are_merged_and_come_back(office, number):
    with unit_of_work() as session:
        actor = office.actor("manager")
        twin = clients.add_contact(
            session, actor=actor, now=NOW, name="Ann B.", email="ann.b@acme.example", client_id=office.acme.id
        ).id
    log(office, number, who="ann.b@acme.example")

    seen = []
    for act in ("merge", "undo"):
        with unit_of_work() as session:
            if act == "merge":
                merging_contacts.merge(
                    session, actor=actor, now=NOW, contact_id=twin, into_id=office.acme_contact.id, theirs={}
                )
            else:
                merging_contacts.undo(session, actor=actor, now=NOW, contact_id=twin)
        seen.append(all_of(Talk)[0].contact_id)

    assert seen == [office.acme_contact.id, twin]
