"""Two desks that answer each other fall silent, whatever the relay between them does (docs/mail.md rules 23 to 27)."""

import re
from email import message_from_bytes, policy

import pytest

from helpdesk.infra.db import unit_of_work
from helpdesk.intake.models import InboundEffect
from helpdesk.tickets import service as tickets
from tests.attacks.instances import application, exchange, instance
from tests.mails import mail

pytestmark = pytest.mark.usefixtures("rung")

LEFT, RIGHT = "support@left.example", "support@right.example"
MARKS = ("Auto-Submitted", "X-Auto-Response-Suppress", "X-Helpdesk-Loop", "Precedence")
THREAD = ("In-Reply-To", "References")


def without(*names):
    def relay(raw):
        for name in names:
            raw = re.sub(rb"(?im)^%s:.*\r\n(?:[ \t].*\r\n)*" % name.encode(), b"", raw)
        return raw

    return relay


def from_somebody_else(raw):
    """Rewrite who it is from, as mailing lists and forwarders do; the address is the same each time."""
    raw = re.sub(rb"(?im)^From:.*\r\n(?:[ \t].*\r\n)*", b"From: Relay <relay@between.example>\r\n", raw)
    return re.sub(rb"(?im)^Return-Path:.*\r\n", b"Return-Path: <relay@between.example>\r\n", raw)


def with_new_ids(raw):
    return re.sub(rb"(?im)^Message-ID:.*\r\n(?:[ \t].*\r\n)*", b"", raw)


def all_of(*relays):
    def relay(raw):
        for one in relays:
            raw = one(raw)
        return raw

    return relay


RELAYS = {
    "an honest relay": lambda raw: raw,
    "one that strips the marks of machines": without(*MARKS, "Return-Path"),
    "one that strips the thread": without(*THREAD),
    "one that strips marks and thread": without(*MARKS, *THREAD, "Return-Path"),
    "one that rewrites From": from_somebody_else,
    "one that rewrites From and strips the marks": all_of(from_somebody_else, without(*MARKS)),
    "one that gives new Message-IDs": with_new_ids,
    "one that gives new Message-IDs and strips the marks": all_of(with_new_ids, without(*MARKS, "Return-Path")),
}


@pytest.fixture(scope="session")
def applications(tmp_path_factory):
    return [application(tmp_path_factory.mktemp(name), secret_key=name[:1].encode() * 32) for name in ("left", "right")]


@pytest.fixture
def desks(applications, fixed_clock, sqlite_house):
    """Two desks whose tickets have different numbers: a token of one must mean nothing to the other by chance."""
    with (
        instance(applications[0], house=sqlite_house, address=LEFT, clock=fixed_clock) as left,
        instance(applications[1], house=sqlite_house, address=RIGHT, clock=fixed_clock) as right,
    ):
        right.take_in(mail(to=RIGHT))
        right.send_all()
        yield left, right


@pytest.mark.parametrize("minutes", [0.1, 11])
@pytest.mark.parametrize("relay", RELAYS)
def test_two_desks_exchange_two_mails_at_most(desks, fixed_clock, relay, minutes):
    left, right = desks
    left.take_in(mail(sender=f"Right <{RIGHT}>", to=LEFT))

    carried = exchange(left, right, relay=RELAYS[relay], clock=fixed_clock, minutes=minutes)

    assert 1 <= len(carried) <= 2


@pytest.mark.parametrize("relay", RELAYS)
def test_an_answer_of_staff_to_another_desk_is_followed_by_one_mail_at_most(desks, fixed_clock, relay):
    left, right = desks
    line = left.take_in(mail(sender=f"Right <{RIGHT}>", to=LEFT, headers={"Auto-Submitted": "no"}))
    exchange(left, right, relay=lambda raw: raw, clock=fixed_clock, minutes=30)
    with left.app.app_context(), unit_of_work() as session:
        item_id = session.get_one(InboundEffect, line.id).work_item_id
        tickets.reply(
            session, actor=left.office.actor("manager"), now=fixed_clock(), item_id=item_id, text="Which printer?"
        )

    carried = exchange(left, right, relay=RELAYS[relay], clock=fixed_clock, minutes=11)

    assert 1 <= len(carried) <= 2


def test_a_responder_without_any_mark_is_answered_five_times_a_day_at_most(desks, fixed_clock):
    left, _ = desks
    left.take_in(mail(to=LEFT))
    answered = 0
    for _ in range(20):
        for _recipients, _raw in left.send_all():
            answered += 1
            left.take_in(mail("I am on holiday.", to=LEFT, subject="I am away"))
        fixed_clock.advance(minutes=11)

    assert 1 <= answered <= 5


def test_a_responder_that_keeps_our_subject_stays_on_the_ticket_and_gets_nothing(desks, fixed_clock):
    left, _ = desks
    left.take_in(mail(to=LEFT))
    answered = 0
    for _ in range(20):
        for _recipients, raw in left.send_all():
            answered += 1
            subject = message_from_bytes(raw, policy=policy.default)["Subject"]
            line = left.take_in(mail("I am on holiday.", to=LEFT, subject=f"Re: {subject}"))
            assert line.outcome == "reply"
        fixed_clock.advance(minutes=11)

    assert answered == 1
