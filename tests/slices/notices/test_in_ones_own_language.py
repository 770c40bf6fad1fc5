"""What Helpdesk writes to colleagues is in the language of each, words and dates alike (docs/desk.md rule 106)."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from flask_babel import force_locale
from sqlalchemy import select

from helpdesk.accounts.models import Person
from helpdesk.company.models import Company
from helpdesk.desk import service as desk
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.notices import mailing, process
from helpdesk.notices import service as notices
from helpdesk.notices.models import Notice
from helpdesk.notices.render import bundled, excerpt, pushed
from helpdesk.notices.service import News
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.projects import telling
from helpdesk.sla.service.telling import WORDS
from helpdesk.timekeeping import process as time_process
from helpdesk.timekeeping import service as time
from tests.conftest import NOW
from tests.slices.desk.conftest import log_time, mailbox, open_ticket

__all__ = ["log_time", "mailbox"]
SQLITE = pytest.mark.on_sqlite
pytestmark = pytest.mark.usefixtures("rung", "mailbox")


def speaks(office, **languages: str) -> None:
    with unit_of_work() as session:
        for name, language in languages.items():
            session.get_one(Person, getattr(office, name).id).language = language


def letters() -> dict[str, tuple[str, str]]:
    """Return the newest mail to each person."""
    with unit_of_work() as session:
        found = session.scalars(select(OutgoingMessage).order_by(OutgoingMessage.id))
        return {one.to[0]["name"].partition(" ")[0]: (one.subject, one.text) for one in found}


def test_a_bundle_is_in_the_language_of_each_who_gets_it(office):
    speaks(office, manager="de", admin="fr")
    number = open_ticket(office)
    for text in ("@manager, @admin and @technician look", "@manager, @admin and @technician again"):
        with unit_of_work() as session:
            desk.add_note(session, actor=office.actor("account_manager"), now=NOW, number=number, text=text)

    process.mail_due(unit_of_work, clock=lambda: NOW + timedelta(minutes=2), seen_by=telling.seen_by)

    found = letters()
    assert {name: subject for name, (subject, _text) in found.items()} == {
        "Manager": "2 Benachrichtigungen",
        "Admin": "2 notifications",
        "Technician": "2 notifications",
    }
    what = f"#{number} Labels stay blank"
    assert f"Account Manager Person hat Sie in {what} erwähnt\n> @manager, @admin and" in found["Manager"][1]
    assert "Wählen Sie, was Ihnen mitgeteilt wird: http://localhost/notifications/settings" in found["Manager"][1]
    assert f"Account Manager Person vous a mentionné dans {what}" in found["Admin"][1]
    assert f"Account Manager Person mentioned you on {what}" in found["Technician"][1]


@SQLITE
def test_what_is_said_of_a_promise_is_in_the_language_of_the_mail(office):
    speaks(office, manager="de")
    number = open_ticket(office)
    said = [f"{WORDS[what]} {WORDS[how]}." for what in ("first_answer", "resolution") for how in ("at_risk", "missed")]
    for at, words in enumerate(said):
        news = News("at_risk", str(at), f"#{number} Labels", f"/items/{number}", excerpt=words)
        with unit_of_work() as session:
            notices.tell(session, actor=SYSTEM, now=NOW, news=news, person_ids=[office.manager.id])

    with unit_of_work() as session:
        due = NOW + timedelta(minutes=2)
        mailing.mail_person(session, person_id=office.manager.id, now=due, seen_by=lambda _s, _a, all_of: list(all_of))

    text = letters()["Manager"][1]
    for words in (
        "Zugesagte Zeit von",
        "> Die erste Antwort ist gefährdet.",
        "> Die erste Antwort ist überfällig.",
        "> Die Lösung ist gefährdet.",
        "> Die Lösung ist überfällig.",
    ):
        assert words in text
    with force_locale("en"):
        assert all(
            excerpt(Notice(kind="at_risk", excerpt=words)) == words for words in said
        )  # and on pages as they are


@SQLITE
def test_the_question_of_a_forgotten_timer_has_words_and_dates_of_one_language(office, log_time):
    speaks(office, technician="de")
    log_time(started_at=NOW, ended_at=None, source="timer")

    time_process.ask_forgotten(unit_of_work, clock=lambda: NOW + timedelta(hours=11))

    subject, text = letters()["Technician"]
    assert subject == f"Stimmt Ihre Zeitmessung auf #{office.acme_ticket.number} noch?"
    assert "Zuletzt waren Sie am 18 Nov. 2026, 11:00 aktiv." in text.replace("18. ", "18 ")


@SQLITE
def test_time_that_came_back_is_told_in_the_language_of_whose_it_is(office, log_time):
    speaks(office, technician="es")
    entry = log_time(30, status="submitted", submitted_at=NOW)

    with unit_of_work() as session:
        time.reject(session, actor=office.actor("manager"), now=NOW, entry_ids=[entry.id], reason="Which printer?")

    subject, text = letters()["Technician"]
    assert subject == "Ha vuelto 1 registro de tiempo"
    assert "Manager Person ha rechazado tiempo suyo:\n\n- 16 nov 2026, 0:30" in text.replace(" de ", " ")
    assert "Which printer?" in text


@SQLITE
def test_whoever_is_added_begins_with_the_language_of_the_company_and_changes_it_alone(office, sign_in_as):
    with unit_of_work() as session:
        session.scalars(select(Company)).one().language = "pt"
    new = {"name": "Ana Nova", "email": "ana@halden-okoye.example", "role": "technician"}

    sign_in_as(office.admin).post("/settings/people", data=new)

    with unit_of_work() as session:
        ana = session.scalars(select(Person).where(Person.name == "Ana Nova")).one()
        assert (ana.language, ana.time_zone) == ("pt", "")
    browser = sign_in_as(ana)
    assert '<option selected value="pt">' in browser.get("/account").text
    browser.post("/account", data={"time_zone": "", "language": "de"})
    refused = browser.post("/account", data={"time_zone": "", "language": "xx"})
    with unit_of_work() as session:
        assert session.get_one(Person, ana.id).language == "de"
    assert refused.status_code == 422


@SQLITE
@pytest.mark.parametrize(
    ("language", "one", "several"),
    [
        ("de", "#7 ist Ihnen zugewiesen", "2 Neuigkeiten seit Di. 16:30"),
        ("pt", "#7 está atribuído a si", "2 novidades desde ter. 16:30"),
        ("en", "#7 is assigned to you", "2 things since Tue 16:30"),
    ],
)
def test_what_a_screen_shows_is_in_ones_language_too(app, language, one, several):
    told = [Notice(kind="assigned", path="/items/7", created_at=NOW - timedelta(hours=hours)) for hours in (18.5, 2)]

    with app.app_context(), force_locale(language):
        assert pushed(told[0]) == one
        assert bundled(told, now=NOW, zone=ZoneInfo("Europe/Berlin")) == several
