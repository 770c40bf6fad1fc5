"""Mail that tells of notices: one for what comes together, once, of what may be seen (docs/notifications.md)."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from helpdesk.accounts.models import Person
from helpdesk.clients.models import Client
from helpdesk.desk import service as desk
from helpdesk.infra.db import unit_of_work
from helpdesk.notices import mailing, process
from helpdesk.notices import service as notices
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.projects import telling
from tests.conftest import NOW
from tests.slices.desk.conftest import mailbox, open_ticket

__all__ = ["mailbox"]
SQLITE = pytest.mark.on_sqlite
pytestmark = pytest.mark.usefixtures("rung", "mailbox")

DUE = NOW + timedelta(minutes=2)


def note(office, number: int, text: str, now: datetime = NOW) -> None:
    with unit_of_work() as session:
        desk.add_note(session, actor=office.actor("technician"), now=now, number=number, text=text)


def mail_at(now: datetime) -> list[OutgoingMessage]:
    """Run the job and return all mail there is."""
    process.mail_due(unit_of_work, clock=lambda: now, seen_by=telling.seen_by)
    with unit_of_work() as session:
        query = select(OutgoingMessage).where(OutgoingMessage.about_kind == "person").order_by(OutgoingMessage.id)
        return list(session.scalars(query))


def test_what_comes_within_two_minutes_is_one_mail_and_each_notice_is_mailed_once(office):
    number = open_ticket(office)
    note(office, number, "@manager look at the labels")
    note(office, number, "@admin and @manager, the toner too", now=NOW + timedelta(seconds=90))
    assert mail_at(DUE - timedelta(seconds=1)) == []

    [sent] = mail_at(DUE)

    assert sent.to == [{"name": "Manager Person", "address": "manager@halden-okoye.example"}]
    assert (sent.automatic, sent.envelope_from, sent.reply_to) == (True, "", "support@halden-okoye.example")
    assert sent.subject == "2 notifications"
    assert f"Technician Person mentioned you on #{number} Labels stay blank\n> @manager look at the labels" in sent.text
    assert f"http://localhost/items/{number}#m" in sent.text
    assert "http://localhost/notifications/settings" in sent.text
    later = mail_at(DUE + timedelta(minutes=2))
    assert [one.to[0]["name"] for one in later] == ["Manager Person", "Admin Person"]
    assert later[1].subject == f"Technician Person mentioned you on #{number} Labels stay blank"
    assert len(mail_at(DUE + timedelta(days=1))) == 2


@SQLITE
def test_what_was_read_meanwhile_is_not_mailed(office):
    note(office, open_ticket(office), "@manager look")
    with unit_of_work() as session:
        notices.mark_read(session, actor=office.actor("manager"), now=NOW)

    assert mail_at(DUE) == []


@SQLITE
@pytest.mark.parametrize("why", ["left", "no mail", "not this kind", "not any more this client"])
def test_nobody_is_mailed_who_may_not_be_when_it_leaves(office, why):
    note(office, open_ticket(office), "@rival look")
    with unit_of_work() as session:
        rival = session.get_one(Person, office.rival.id)
        if why == "left":
            rival.active = False
        elif why == "no mail":
            rival.mail_notifications = False
        elif why == "not this kind":
            notices.choose(session, actor=office.actor("rival"), on={("mentioned", "app")}, kinds=("mentioned",))
        else:
            session.get_one(Client, office.acme.id).restricted_team_id = 1
            for membership in rival.memberships:
                session.delete(membership)

    assert mail_at(DUE) == []
    with unit_of_work() as session:
        assert mailing.who_is_due(session, now=DUE) == []


@SQLITE
def test_a_kill_before_the_commit_loses_nothing_and_doubles_nothing(office):
    note(office, open_ticket(office), "@manager look")

    def killed() -> None:
        with unit_of_work() as session:
            assert mailing.mail_person(session, person_id=office.manager.id, now=DUE, seen_by=telling.seen_by)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        killed()
    assert len(mail_at(DUE)) == 1
    assert len(mail_at(DUE)) == 1
