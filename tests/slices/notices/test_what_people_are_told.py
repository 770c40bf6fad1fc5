"""Who is told what, once each, and where they find it (docs/notifications.md)."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from helpdesk.accounts import service as accounts
from helpdesk.accounts.models import Person
from helpdesk.clients.models import Client
from helpdesk.desk import bulk, taking_back
from helpdesk.desk import service as desk
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.models import LiveEvent
from helpdesk.intake.models import InboundEffect
from helpdesk.notices import service as notices
from helpdesk.notices.domain import MOST_KEPT, READ_KEPT
from helpdesk.notices.models import Notice
from helpdesk.notices.service import News
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.projects import service as projects
from helpdesk.projects.models import Project, WorkItem
from tests.conftest import NOW
from tests.mails import mail
from tests.slices.desk.conftest import mailbox, open_ticket

__all__ = ["mailbox"]
pytestmark = [pytest.mark.on_sqlite, pytest.mark.usefixtures("rung")]


def told(office, who: str) -> list[tuple[str, str]]:
    with unit_of_work() as session:
        query = select(Notice).where(Notice.person_id == getattr(office, who).id).order_by(Notice.id)
        return [(one.kind, one.author) for one in session.scalars(query)]


def note(office, number: int, text: str, who: str = "technician"):
    with unit_of_work() as session:
        return desk.add_note(session, actor=office.actor(who), now=NOW, number=number, text=text)


def assign(office, number: int, who: str | None, by: str = "manager", now=NOW) -> None:
    with unit_of_work() as session:
        person_id = getattr(office, who).id if who else None
        desk.assign(session, actor=office.actor(by), now=now, number=number, assignee_id=person_id)


def mark_all_read(office, who: str) -> None:
    with unit_of_work() as session:
        notices.mark_read(session, actor=office.actor(who), now=NOW)


class TestNamed:
    def test_whoever_is_named_and_sees_it_is_told_once_and_follows(self, office, sign_in_as):
        number = open_ticket(office)
        browser = sign_in_as(office.technician)
        words = "@Manager Person and @ADMIN, ask person@acme.example; @Bookkeeper Person @Technician Person"

        browser.post(f"/items/{number}/note", data={"body": words, "billable": "billable"})

        page = browser.get(f"/items/{number}").text
        assert (told(office, "manager"), told(office, "admin")) == ([("mentioned", "Technician Person")],) * 2
        assert (told(office, "bookkeeper"), told(office, "technician")) == ([], [])
        assert re.findall(r'<b class="mention">([^<]*)</b>', page) == [
            "@Manager Person",
            "@ADMIN",
            "@Technician Person",
        ]
        note(office, number, "Nobody is named here.")
        assert told(office, "manager") == [("mentioned", "Technician Person"), ("reply", "Technician Person")]

    def test_whoever_may_not_see_the_client_is_not_told_and_the_writer_hears_that(self, office, sign_in_as):
        number, browser = office.globex_ticket.number, sign_in_as(office.rival)

        people = browser.get(f"/items/{number}/people-to-mention").json["people"]
        browser.post(f"/items/{number}/note", data={"body": "@technician, please", "billable": "billable"})

        page = browser.get(f"/items/{number}").text
        assert [one["name"] for one in people] == ["Admin Person", "Manager Person"]
        assert told(office, "technician") == []
        assert "Technician Person may not see this, and was not told." in page
        assert 'class="mention"' not in page

    def test_of_two_with_one_name_the_list_gives_the_addresses(self, office, sign_in_as):
        with unit_of_work() as session:
            session.get_one(Person, office.admin.id).name = "manager person"
        people = sign_in_as(office.technician).get(f"/items/{office.acme_task.number}/people-to-mention").json["people"]

        labels = [one["label"] for one in people if one["name"].lower() == "manager person"]

        assert labels == ["admin@halden-okoye.example", "manager@halden-okoye.example"]


class TestGiven:
    def test_whoever_is_given_it_is_told_but_not_of_what_they_take(self, office):
        number = open_ticket(office)
        assign(office, number, "technician")
        assign(office, number, "manager")

        assert told(office, "manager") == []
        assert told(office, "technician") == []  # taken from them before they read it
        assign(office, number, "technician", now=NOW + timedelta(hours=1))
        mark_all_read(office, "technician")
        assign(office, number, None)
        assert told(office, "technician") == [("assigned", "Manager Person")]

    def test_an_act_on_many_tells_and_its_undo_takes_that_back(self, office):
        number = open_ticket(office)
        with unit_of_work() as session:
            version = session.scalars(select(WorkItem.version).where(WorkItem.number == number)).one()
            picked, value = [bulk.Picked(number, version)], str(office.technician.id)
            done = bulk.act(
                session, actor=office.actor("manager"), now=NOW, picked=picked, what="assignee", value=value
            )
        assert told(office, "technician") == [("assigned", "Manager Person")]
        with unit_of_work() as session:
            bulk.undo(session, actor=office.actor("manager"), now=NOW, act_id=done.act_id or 0)

        assert told(office, "technician") == []

    def test_a_task_of_a_plan_tells_and_many_from_elsewhere_do_not(self, office):
        with unit_of_work() as session:
            for tells in (True, False):
                projects.add_task(
                    session,
                    actor=office.actor("manager"),
                    now=NOW,
                    project_id=office.acme_project.id,
                    title="Cable the hall",
                    assignee_id=office.technician.id,
                    tells=tells,
                )

        assert told(office, "technician") == [("assigned", "Manager Person")]


class TestAnswers:
    def test_a_clients_answer_tells_who_has_it_and_who_follows(self, office, inbox):
        line = inbox.receive(mail(message_id="<one@acme.example>"))
        number = item_of(line).number
        assign(office, number, "technician")
        note(office, number, "I know this printer.", who="admin")
        for who in ("technician", "admin"):
            mark_all_read(office, who)

        inbox.receive(mail("It still does.", headers={"References": "<one@acme.example>"}))

        with unit_of_work() as session:
            query = select(Notice).where(Notice.kind == "reply", Notice.author == "Ann Berg").order_by(Notice.person_id)
            found = list(session.scalars(query))
        assert [one.person_id for one in found] == sorted([office.technician.id, office.admin.id])
        assert {(one.excerpt, one.title) for one in found} == {
            ("It still does.", f"#{number} Printer prints blank labels")
        }
        assert all(re.fullmatch(rf"/items/{number}#m\d+", one.path) for one in found)
        assert told(office, "manager") == []
        with unit_of_work() as session:
            sent = session.scalars(select(OutgoingMessage).where(OutgoingMessage.purpose == "notification"))
            letters = {one.to[0]["name"]: one.reply_to for one in sent}
        signed = f"support+s.{found[0].work_item_id}."
        assert letters["Admin Person"].startswith(f"{signed}{office.admin.id}.")
        assert letters["Technician Person"].startswith(f"{signed}{office.technician.id}.")

    @pytest.mark.usefixtures("mailbox")
    def test_an_answer_that_is_taken_back_is_told_nobody(self, office):
        number = open_ticket(office, assignee_id=office.manager.id)
        with unit_of_work() as session:
            sent = desk.reply(session, actor=office.actor("admin"), now=NOW, number=number, text="Done.")
        assert told(office, "manager")[-1] == ("reply", "Admin Person")
        with unit_of_work() as session:
            taking_back.take_back(session, actor=office.actor("admin"), now=NOW, number=number, message_id=sent.id)

        assert told(office, "manager") == [("assigned", "Technician Person")]

    def test_new_tickets_that_nobody_has_are_told_those_who_asked(self, office, inbox):
        with unit_of_work() as session:
            actor = office.actor("manager")
            notices.choose(session, actor=actor, on={("new_ticket", "app")}, kinds=("new_ticket", "reply"))

        number = item_of(inbox.receive(mail())).number
        note(office, number, "Mine.", who="manager")
        open_ticket(office)

        assert told(office, "manager") == [("new_ticket", "Ann Berg"), ("new_ticket", "Technician Person")]
        assert told(office, "admin") == []

    def test_those_in_a_team_are_told_of_what_nobody_has_until_somebody_does_and_not_by_mail(self, office, inbox):
        people = [office.manager.id, office.technician.id, office.bookkeeper.id]
        with unit_of_work() as session:
            admin = office.actor("admin")
            notices.choose(session, actor=office.actor("manager"), on={("new_ticket", "app")}, kinds=("new_ticket",))
            team = accounts.add_team(session, actor=admin, now=NOW, name="Second line", person_ids=tuple(people))
            other = accounts.add_team(session, actor=admin, now=NOW, name="Other", person_ids=(office.admin.id,))
        number = open_ticket(office)

        def give(team_id, by="technician", now=NOW):
            with unit_of_work() as session:
                desk.give_to_team(session, actor=office.actor(by), now=now, number=number, team_id=team_id)

        give(team.id)
        assert told(office, "manager")[-1] == ("team", "Technician Person")
        assert told(office, "technician") == told(office, "bookkeeper") == []
        with unit_of_work() as session:
            [notice] = session.scalars(select(Notice).where(Notice.kind == "team"))
            assert (notice.excerpt, notice.in_app, notice.mail_due_at) == ("Second line", True, None)
        give(other.id, now=NOW + timedelta(minutes=1))
        assert ("team", "Technician Person") not in told(office, "manager")
        assert told(office, "admin") == [("team", "Technician Person")]
        assign(office, number, "technician")
        assert told(office, "admin") == []
        give(team.id, by="admin", now=NOW + timedelta(minutes=2))
        assert told(office, "technician") == [("assigned", "Manager Person")]

        with unit_of_work() as session:
            session.get_one(Project, office.acme_project.id).team_id = team.id
        inbox.receive(mail())
        assert told(office, "manager")[-1] == ("team", "Helpdesk")
        assert told(office, "technician")[-1] == ("team", "Helpdesk")


class TestTheList:
    def test_the_bell_counts_the_list_shows_unread_first_and_looking_at_the_ticket_reads(self, office, sign_in_as):
        first, second = open_ticket(office), open_ticket(office, title="Toner")
        browser = sign_in_as(office.manager)
        assert "Nothing to tell" in browser.get("/notifications").text
        for number in (first, second):
            note(office, number, "@manager <b>look</b>")
        assert ", 2 unread" in browser.get("/desk").text

        page = browser.get(f"/items/{second}").text
        [until] = re.findall(r'data-until="(\d+)"', page)
        note(office, second, "@manager again")
        browser.post(f"/items/{second}/noticed", data={"until": until})

        listed = browser.get("/notifications").text
        found = re.findall(r'<li class="(row|row new)">.*?<a class="link" href="([^"#]+)', listed, re.DOTALL)
        assert found == [
            ("row new", f"/items/{second}"),
            ("row new", f"/items/{first}"),
            ("row", f"/items/{second}"),
        ]
        assert "&lt;b&gt;look" in listed
        browser.post("/notifications/read", data={"until": "99999"})
        assert ", 2 unread" not in browser.get("/live/bell").text
        [newest, *_] = re.findall(r'name="notice" value="(\d+)"', browser.get("/notifications").text)
        browser.post("/notifications/unread", data={"notice": newest})
        assert ", 1 unread" in browser.get("/live/bell").text
        browser.post("/notifications/read", data={"notice": newest})
        assert "unread" not in browser.get("/live/bell").text

    def test_pages_of_whoever_is_told_hear_of_it_and_nobody_else(self, office):
        note(office, open_ticket(office), "@manager look")

        with unit_of_work() as session:
            heard = session.execute(
                select(LiveEvent.audience, LiveEvent.audience_id).where(LiveEvent.topic == "notices")
            ).all()
        assert heard == [("person", office.manager.id)]

    def test_what_one_may_not_see_any_more_is_neither_counted_nor_listed(self, office, sign_in_as):
        note(office, open_ticket(office, title="Canary"), "@account_manager @rival look", who="admin")
        rival = sign_in_as(office.rival)
        assert ", 1 unread" in rival.get("/clients").text
        with unit_of_work() as session:
            client = session.get_one(Client, office.acme.id)
            client.restricted_team_id, client.account_manager_id = 1, office.account_manager.id
            session.get_one(Client, office.acme.id)
        with unit_of_work() as session:
            for membership in session.get_one(Person, office.rival.id).memberships:
                session.delete(membership)

        assert "unread" not in rival.get("/live/bell").text
        assert "Canary" not in rival.get("/notifications").text
        assert "Canary" in sign_in_as(office.account_manager).get("/notifications").text

    def test_nobody_reads_the_notices_of_others(self, office, sign_in_as):
        note(office, open_ticket(office), "@manager look")
        rival = sign_in_as(office.rival)
        with unit_of_work() as session:
            notice_id = session.scalars(select(Notice.id)).one()

        rival.post("/notifications/read", data={"notice": notice_id})

        assert rival.post("/notifications/unread", data={"notice": notice_id}).status_code == 404
        with unit_of_work() as session:
            assert session.get_one(Notice, notice_id).read_at is None

    def test_what_was_read_is_forgotten_after_a_month_and_nobody_keeps_more_than_a_thousand(self, office):
        actor, system = office.actor("manager"), office.actor("admin")
        with unit_of_work() as session:
            news = News("reply", "message:0", "#1 Printer", "/items/1")
            notices.tell(session, actor=system, now=NOW, news=news, person_ids=[office.manager.id])
            first = session.scalars(select(Notice)).one()
            fields = {each.key: getattr(first, each.key) for each in Notice.__table__.columns}
            del fields["id"]
            rows = [fields | {"key": f"message:{index}"} for index in range(1, MOST_KEPT + 3)]
            session.execute(insert(Notice), rows)
        with unit_of_work() as session:
            notices.forget_old(session, now=NOW)
            assert session.query(Notice).count() == MOST_KEPT
            notices.mark_read(session, actor=actor, now=NOW)
        with unit_of_work() as session:
            notices.forget_old(session, now=NOW + READ_KEPT)
            assert session.query(Notice).count() == MOST_KEPT
            notices.forget_old(session, now=NOW + READ_KEPT + timedelta(seconds=1))
            assert session.query(Notice).count() == 0


class TestChoices:
    def test_a_page_keeps_what_is_told_by_which_way(self, office, sign_in_as):
        browser = sign_in_as(office.manager)
        page = browser.get("/notifications/settings").text
        assert len(re.findall(r'name="on" value="[a-z_]+\.[a-z]+"[^>]* checked', page)) == 22
        browser.post("/notifications/settings", data={"on": ["mentioned.mail", "reply.app"]})

        number = open_ticket(office)
        note(office, number, "@manager look")

        page = browser.get("/notifications/settings").text
        assert re.findall(r'value="([a-z_.]+)"[^>]* checked', page) == ["mentioned.mail", "reply.app"]
        assert told(office, "manager") == [("mentioned", "Technician Person")]
        assert "look" not in browser.get("/notifications").text  # by mail alone
        note(office, number, "Again.")
        assert "Again." in browser.get("/notifications").text
        assert browser.post("/notifications/settings", data={"on": ["mentioned.fax"]}).status_code == 422

    def test_a_bookkeeper_is_offered_what_reaches_bookkeepers(self, office, sign_in_as):
        page = sign_in_as(office.bookkeeper).get("/notifications/settings").text

        assert re.findall(r'name="on" value="([a-z_]+)\.', page) == ["rejected"] * 3


def item_of(line) -> WorkItem:
    with unit_of_work() as session:
        return session.get_one(WorkItem, session.get_one(InboundEffect, line.id).work_item_id)
