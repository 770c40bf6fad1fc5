"""Rules act: on what happened and on time, once each, with a log of it (docs/automation.md)."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from helpdesk.accounts import service as accounts
from helpdesk.automation import process
from helpdesk.automation.domain.rules import condition
from helpdesk.automation.models import AutomationEvent, AutomationRule, AutomationRun
from helpdesk.automation.service import acting, mailing, rules
from helpdesk.automation.service.acts import Acts
from helpdesk.automation.service.rules import RuleSettings
from helpdesk.clients import service as clients
from helpdesk.clients.models import Contact
from helpdesk.desk import opening, taking_back, talking
from helpdesk.desk import service as desk
from helpdesk.desk.opening import Facts, Said, Whom
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.projects import service as projects
from helpdesk.projects.models import ItemTag, WorkItem
from helpdesk.sla import process as sla
from helpdesk.sla.models import SlaClock
from helpdesk.sla.service import policies
from helpdesk.tickets import service as tickets
from helpdesk.tickets.domain import IncomingMail
from helpdesk.tickets.models import Message, Talk
from helpdesk.tickets.service import Spoken
from tests.conftest import NOW

pytestmark = pytest.mark.usefixtures("rung")
on_sqlite = pytest.mark.on_sqlite
DAY = timedelta(days=1)


def add_rule(office, *conditions, now=NOW, name="Rule", **settings):
    asked = tuple(condition(field=f, operator=o, value=v) for f, o, v in conditions)
    with unit_of_work() as session:
        who = office.actor("manager")
        row = rules.add_rule(
            session, actor=who, now=now, settings=RuleSettings(name=name, conditions=asked, **settings)
        )
        rules.switch_rule(session, actor=who, now=now, rule_id=row.id, active=True)
        return row.id


def mail(at, *, automatic=False):
    message_id = f"<{at.timestamp()}@acme.example>"
    return IncomingMail("Printer", "Help!", None, "Help!", "", message_id, at, (message_id,), automatic=automatic)


def client_writes(office, item_id, at, **how):
    contact_id = office.acme_contact.id
    with unit_of_work() as session:
        tickets.add_mail(session, now=at, item_id=item_id, contact_id=contact_id, person_id=None, mail=mail(at, **how))


def we_answer(office, item_id, at, status="waiting"):
    with unit_of_work() as session:
        tickets.reply(session, actor=office.actor("technician"), now=at, item_id=item_id, text="Is it on?")
        projects.set_status(session, actor=SYSTEM, now=at, item_id=item_id, status=status)


def act(now):
    process.act_on_events(unit_of_work, clock=lambda: now, is_over=lambda: False)
    process.act_in_time(unit_of_work, clock=lambda: now, is_over=lambda: False)


def runs():
    with unit_of_work() as session:
        return list(session.scalars(select(AutomationRun).order_by(AutomationRun.id)))


def item_of(item_id):
    with unit_of_work() as session:
        item = session.get_one(WorkItem, item_id)
        tags = set(session.scalars(select(ItemTag.tag).where(ItemTag.work_item_id == item_id)))
        return item.status, item.priority, tags


def mails():
    with unit_of_work() as session:
        query = select(OutgoingMessage).where(OutgoingMessage.purpose == "notice")
        return list(session.scalars(query.order_by(OutgoingMessage.id)))


def waiting_events():
    with unit_of_work() as session:
        return session.scalar(select(func.count(AutomationEvent.id)))


REMINDER = Acts(mail_text="Hello {{requester.first_name}}, #{{ticket.number}} waits.")
AFTER_3_DAYS = {"trigger": "since_answer", "amount": 3, "unit": "days"}


def test_a_reminder_leaves_once_for_each_time_that_we_wait(office, ticket):
    add_rule(office, ("status", "is", "waiting"), acts=REMINDER, **AFTER_3_DAYS)
    we_answer(office, ticket[0], NOW)

    for hours in (1, 71, 73, 80, 200):
        act(NOW + timedelta(hours=hours))
    client_writes(office, ticket[0], NOW + DAY * 9)
    we_answer(office, ticket[0], NOW + DAY * 10)
    act(NOW + DAY * 12)
    act(NOW + DAY * 14)

    first, second = mails()
    assert first.to == [{"name": "Acme Person", "address": "person@acme.example"}]
    assert (first.subject, first.automatic, first.envelope_from) == (f"[#{ticket[1]}] Printer", True, "")
    assert f"Hello Acme, #{ticket[1]} waits." in first.text
    assert second.message_id != first.message_id
    assert [run.outcome for run in runs()] == ["done", "done"]


def test_a_ticket_that_waits_too_long_is_closed_and_an_answer_opens_it_again(office, ticket):
    add_rule(
        office, ("status", "is", "waiting"), trigger="since_status", amount=16, unit="working_hours",
        acts=Acts(status="closed"), name="Close",
    )  # fmt: skip
    we_answer(office, ticket[0], NOW)

    act(NOW + DAY)
    before = item_of(ticket[0])[0]
    act(NOW + DAY * 2 + timedelta(minutes=1))

    assert (before, item_of(ticket[0])[0]) == ("waiting", "closed")
    with unit_of_work() as session:
        last = session.scalars(select(Message).where(Message.kind == "event").order_by(Message.id.desc())).first()
        assert last is not None
        assert last.text == "rule “Close”: status closed"
    client_writes(office, ticket[0], NOW + DAY * 3)
    assert item_of(ticket[0])[0] == "open"


@on_sqlite
def test_what_was_due_before_a_rule_was_switched_on_is_left_alone(office, ticket):
    we_answer(office, ticket[0], NOW - DAY * 20)
    add_rule(office, acts=REMINDER, **AFTER_3_DAYS)

    act(NOW + DAY)

    assert (mails(), runs()) == ([], [])


def test_rules_act_on_what_happened_in_their_order_and_not_on_each_other(office, ticket):
    add_rule(office, trigger="client_answered", acts=Acts(priority="high", add_tags=("hot",)), name="First")
    add_rule(office, ("priority", "is", "high"), trigger="client_answered", acts=Acts(status="solved"), name="Later")
    add_rule(office, trigger="priority_changed", acts=Acts(add_tags=("chain",)), name="Chain")

    client_writes(office, ticket[0], NOW)
    client_writes(office, ticket[0], NOW + timedelta(minutes=1), automatic=True)
    act(NOW + timedelta(minutes=2))

    assert item_of(ticket[0]) == ("new", "high", {"hot"})
    assert [(run.rule_name, run.did) for run in runs()] == [("First", ["priority high", "tag hot added"])]
    assert waiting_events() == 0


@on_sqlite
def test_a_rule_gives_a_ticket_to_a_team_and_looks_at_the_one_that_it_has(office, ticket):
    with unit_of_work() as session:
        one, other = (
            accounts.add_team(session, actor=SYSTEM, now=NOW, name=name, person_ids=()).id for name in ("One", "Other")
        )
    add_rule(office, ("team", "is", "nobody"), trigger="client_answered", acts=Acts(team=str(one)), name="First")
    add_rule(office, ("team", "is", str(one)), trigger="noted", acts=Acts(team="nobody"), name="Off")
    add_rule(office, ("team", "is_not", str(other)), trigger="noted", acts=Acts(priority="high"), name="Not other")

    client_writes(office, ticket[0], NOW)
    act(NOW)
    with unit_of_work() as session:
        assert session.get_one(WorkItem, ticket[0]).team_id == one
        tickets.add_note(session, actor=office.actor("admin"), now=NOW, item_id=ticket[0], text="Look")
    act(NOW)

    assert [run.did for run in runs()] == [["team One"], ["team none"], ["priority high"]]
    with unit_of_work() as session:
        assert session.get_one(WorkItem, ticket[0]).team_id is None


@on_sqlite
def test_every_thing_that_happens_is_noted_once_and_only_where_a_rule_waits(office, ticket, fixed_clock):
    who = office.actor("admin")
    with unit_of_work() as session:
        tickets.add_note(session, actor=who, now=NOW, item_id=ticket[0], text="unheard")
    assert waiting_events() == 0
    happenings = ("opened_by_hand", "noted", "we_answered", "status_changed", "assigned", "tagged", "priority_changed")
    for trigger in happenings:
        add_rule(office, trigger=trigger, acts=Acts(add_tags=(f"on {trigger}",)))

    with unit_of_work() as session:
        how = {"actor": who, "now": NOW, "number": ticket[1]}
        desk.add_note(session, **how, text="heard")
        desk.set_status(session, **how, status="open")
        desk.assign(session, **how, assignee_id=office.technician.id)
        projects.tag_item(session, actor=who, now=NOW, item_id=ticket[0], tag="x", on=True)
        projects.set_priority(session, actor=who, now=NOW, item_id=ticket[0], priority="low")
        desk.reply(session, **how, text="held for ten seconds", status="waiting")
        opened = opening.open_by_hand(
            session, actor=who, now=NOW, whom=Whom(name="New", email="new@acme.example"),
            said=Said("a" * 32, subject="By hand", text="note", channel="own"),
            facts=Facts(project_id=office.acme_project.id, priority="high", assignee_id=office.technician.id),
        ).id  # fmt: skip
    act(NOW)
    early = item_of(ticket[0])[2]
    act(NOW + timedelta(minutes=1))

    assert "on we_answered" not in early
    assert item_of(ticket[0])[2] == {"x", *(f"on {one}" for one in happenings if one != "opened_by_hand")}
    assert item_of(opened)[2] == {"on opened_by_hand"}


@on_sqlite
def test_a_rule_that_cannot_act_leaves_all_as_it_is_says_why_and_switches_itself_off(office, ticket):
    rule_id = add_rule(office, trigger="noted", acts=Acts(priority="urgent", assignee=str(office.technician.id)))
    with unit_of_work() as session:
        office_person = session.merge(office.technician)
        office_person.active = False

    for minute in range(6):
        with unit_of_work() as session:
            at = NOW + timedelta(minutes=minute)
            tickets.add_note(session, actor=office.actor("admin"), now=at, item_id=ticket[0], text="Hm")
        act(NOW + timedelta(minutes=minute))

    assert item_of(ticket[0])[1] == "normal"
    assert [run.outcome for run in runs()] == ["failed"] * 5
    with unit_of_work() as session:
        rule = session.get_one(AutomationRule, rule_id)
        assert not rule.active
        assert rule.switched_off_why.startswith("It failed 5 times in a row")


@on_sqlite
@pytest.mark.parametrize("why", ["automatic", "cannot be delivered", "one of us"])
def test_no_mail_goes_where_it_could_loop_and_the_rest_is_done(office, ticket, why):
    add_rule(office, acts=Acts(mail_text="Hello", add_tags=("reminded",)), **AFTER_3_DAYS)
    if why == "automatic":
        client_writes(office, ticket[0], NOW - timedelta(hours=1), automatic=True)
    changes: dict[str, dict[str, Any]] = {
        "cannot be delivered": {"undeliverable_at": NOW},
        "one of us": {"email": "support@halden-okoye.example"},
    }
    we_answer(office, ticket[0], NOW)
    with unit_of_work() as session:
        if why in changes:
            session.execute(update(Contact).where(Contact.id == office.acme_contact.id).values(**changes[why]))

    act(NOW + DAY * 4)

    (run,) = runs()
    assert (mails(), run.outcome, run.did) == ([], "done", ["tag reminded added"])
    assert why in run.why_not


def test_an_event_that_was_claimed_and_never_ended_is_looked_at_again_and_given_up_after_three_times(office, ticket):
    add_rule(office, trigger="noted", acts=Acts(priority="high"))
    with unit_of_work() as session:
        tickets.add_note(session, actor=office.actor("admin"), now=NOW, item_id=ticket[0], text="Hm")
    claimed = []
    for minutes in (0, 1, 3, 6, 9):
        with unit_of_work() as session:
            claimed.append(acting.claim(session, now=NOW + timedelta(minutes=minutes)) is not None)

    assert claimed == [True, False, True, True, False]
    assert [(run.rule_id, run.outcome) for run in runs()] == [(None, "failed")]


@on_sqlite
def test_mail_of_an_archive_lets_no_rule_act(office, ticket):
    add_rule(office, trigger="client_answered", acts=Acts(priority="high"))

    client_writes(office, ticket[0], NOW - DAY * 5)
    act(NOW)

    assert (item_of(ticket[0])[1], waiting_events(), runs()) == ("normal", 0, [])


@on_sqlite
def test_what_clients_write_is_never_read_as_a_field_or_a_header(office, ticket):
    subject = "{{ticket.subject}}"
    acts = Acts(mail_subject=f"About {subject}", mail_text=f"“{subject}”", note=subject)
    add_rule(office, acts=acts, **AFTER_3_DAYS)
    we_answer(office, ticket[0], NOW)
    evil = "{{7*7}} {{config}} {{requester.email}}\r\nBcc: eve@evil.example"
    with unit_of_work() as session:
        session.get_one(WorkItem, ticket[0]).title = evil

    act(NOW + DAY * 4)

    (sent,) = mails()
    one_line = "{{7*7}} {{config}} {{requester.email}} Bcc: eve@evil.example"
    assert sent.subject == f"[#{ticket[1]}] About {one_line}"
    assert evil in sent.text
    assert (len(sent.to), sent.cc) == (1, [])


@on_sqlite
def test_a_call_that_counts_as_an_answer_is_one_for_rules_and_the_ticket_leads_to_the_log(office, ticket, sign_in_as):
    add_rule(office, trigger="we_answered", acts=Acts(add_tags=("called",)), name="Called")
    add_rule(office, acts=Acts(status="closed"), **AFTER_3_DAYS)
    client_writes(office, ticket[0], NOW)
    with unit_of_work() as session:
        at = NOW + timedelta(hours=1)
        note = tickets.add_note(session, actor=office.actor("admin"), now=at, item_id=ticket[0], text="They will look.")
        session.add(Talk(message_id=note.id, channel="call", direction="out", answers=True))

    act(NOW + timedelta(hours=2))
    early = item_of(ticket[0])
    act(NOW + timedelta(hours=74))
    lines = [sign_in_as(one).get(f"/items/{ticket[1]}").text for one in (office.manager, office.technician)]

    assert early == ("new", "normal", {"called"})
    assert item_of(ticket[0])[0] == "closed"
    assert "rule “Called”: tag called added" in lines[1]
    assert [f"/settings/rules/log?ticket={ticket[1]}" in page for page in lines] == [True, False]


@on_sqlite
def test_a_promise_at_risk_and_one_that_was_missed_let_rules_act_once_each(office, ticket, fixed_clock):
    for trigger in ("at_risk", "missed"):
        add_rule(office, trigger=trigger, acts=Acts(add_tags=(trigger,)), name=trigger)
    with unit_of_work() as session:
        policy = policies.furnish(session, actor=SYSTEM, now=NOW)
        clock = SlaClock(work_item_id=ticket[0], target="resolution", started_at=NOW, policy_id=policy.id)
        clock.budget_seconds, clock.state, clock.told = 3600, "running", ""
        clock.at_risk_at, clock.due_at = NOW + timedelta(minutes=48), NOW + timedelta(hours=1)
        session.add(clock)

    for minutes in (30, 50, 61, 62):
        fixed_clock.now = NOW + timedelta(minutes=minutes)
        sla.watch(unit_of_work, clock=fixed_clock)
        act(fixed_clock.now)

    assert [run.rule_name for run in runs()] == ["at_risk", "missed"]


@on_sqlite
def test_what_was_taken_back_or_deleted_never_happened(office, ticket):
    """docs/automation.md rule 6."""
    add_rule(office, name="Answered", trigger="we_answered", acts=Acts(mail_text="We answered you."))
    add_rule(office, name="Noted", trigger="noted", acts=Acts(mail_text="Noted."))
    item_id, number = ticket
    client_writes(office, item_id, NOW - timedelta(hours=1))
    who: dict[str, Any] = {"actor": office.actor("technician"), "number": number}
    with unit_of_work() as session:
        newest = session.scalar(select(func.max(Message.id)))
        desk.reply(session, **who, now=NOW, text="Oops", status="", last_seen_message_id=newest)
        answer = session.scalars(select(Message.id).where(Message.kind == "reply")).one()
        call = talking.log_talk(session, **who, now=NOW, spoken=Spoken("call", "Hello", who="Acme Person"))
        call_id = call.id

    with unit_of_work() as session:
        taking_back.take_back(session, **who, now=NOW + timedelta(seconds=5), message_id=answer)
        talking.remove_talk(session, **who, now=NOW + timedelta(seconds=5), message_id=call_id)
    act(NOW + timedelta(seconds=30))

    assert (runs(), mails()) == ([], [])


@on_sqlite
def test_rules_write_ten_mails_a_day_to_one_requester_on_whatever_tickets(office, ticket):
    def refusal(session, item_id, now):
        return mailing.refusal(session, item=session.get_one(WorkItem, item_id), now=now)

    with unit_of_work() as session:
        how = {"actor": SYSTEM, "now": NOW, "project_id": office.acme_project.id, "title": "Printer", "text": ""}
        more = [tickets.open_ticket(session, **how, requester_id=office.acme_contact.id) for _time in range(3)]
        boss = clients.add_contact(
            session, actor=SYSTEM, now=NOW, name="", email="boss@acme.example", client_id=office.acme.id
        )
        others = tickets.open_ticket(session, **how, requester_id=boss.id)
        for number in range(10):
            item = more[number // 3] if number < 9 else session.get_one(WorkItem, ticket[0])
            assert refusal(session, item.id, NOW) == ""
            letter = mailing.Letter("", "Hello.")
            mailing.send(session, now=NOW, item=item, letter=letter, key=f"1:{number}", name="Rule")

        assert refusal(session, more[0].id, NOW) == "no mail: rules wrote 3 on this ticket within a day"
        assert refusal(session, ticket[0], NOW) == "no mail: rules wrote 10 to the requester within a day"
        assert refusal(session, ticket[0], NOW + DAY - timedelta(seconds=1)) != ""
        assert refusal(session, ticket[0], NOW + DAY) == ""
        assert refusal(session, others.id, NOW) == ""
