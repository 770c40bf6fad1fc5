"""Whatever is sent twice happens once (docs/answering.md rule 30)."""

import io
import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from helpdesk.infra.db import unit_of_work
from helpdesk.infra.models import SentForm
from helpdesk.infra.sent_forms import KEPT_FOR, forget_sent_forms
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.projects.models import WorkItem
from helpdesk.tickets.models import Attachment, Draft, DraftFile, ItemLink, Message, QueueAct
from helpdesk.timekeeping.models import TimeEntry
from tests.conftest import NOW
from tests.slices.desk.conftest import open_ticket

KEY = "0123456789abcdef"
WRITTEN = {"body": "We look.", "worked": "0:10", "billable": "billable", "work_type_id": "", "form_key": KEY}
TABLES = (Message, OutgoingMessage, TimeEntry, QueueAct, WorkItem, ItemLink, Draft, DraftFile, Attachment)


def rows() -> list[int]:
    with unit_of_work() as session:
        return [session.scalar(select(func.count()).select_from(table)) or 0 for table in TABLES]


def first_message(number: int) -> int:
    with unit_of_work() as session:
        query = select(func.min(Message.id)).join(WorkItem, WorkItem.id == Message.work_item_id)
        return session.scalar(query.where(WorkItem.number == number)) or 0


def sent_form(name, number, other, message_id):
    """Return where a form of the desk is sent, and what it says."""
    item = f"/items/{number}"
    return {
        "reply": (f"{item}/reply", {**WRITTEN, "last_seen_id": message_id}),
        "note": (f"{item}/note", {**WRITTEN, "last_seen_id": message_id}),
        "call": (f"{item}/log/call", {**WRITTEN, "direction": "out", "who": "Bob", "travel_type_id": ""}),
        "forward": (
            f"{item}/forward",
            {**WRITTEN, "to": "x@outside.example", "message": message_id, "to_outside": "y"},
        ),
        "split": (f"{item}/messages/{message_id}/split-off", {"subject": "Apart"}),
        "merge": (f"{item}/merge", {"into": other}),
        "status": (f"{item}/status", {"status": "waiting", "was": "new"}),
        "snooze": (f"{item}/snooze", {"until": (NOW + timedelta(days=2)).isoformat()}),
        "link": (f"{item}/links", {"number": other, "how": "related"}),
        "bulk": ("/desk/bulk", {"pick": [f"{number}-1", f"{other}-1"], "act": "priority:high", "next": "/desk"}),
        "spam": (f"{item}/spam", {"block": ""}),
        "task": (f"{item}/task", {}),
    }[name]


ACTS = ["reply", "note", "call", "forward", "merge", "status", "snooze", "link", "bulk", "spam", "task"]


@pytest.mark.parametrize("name", ACTS)
def test_the_same_form_sent_again_does_nothing_and_leads_to_where_the_first_led(office, mailbox, sign_in_as, name):
    number, other = open_ticket(office, text="It is slow."), open_ticket(office, text="Here too.")
    browser, before = sign_in_as(office.technician), rows()
    path, said = sent_form(name, number, other, first_message(number))

    first = browser.post(path, data={**said, "form_key": KEY})
    after = rows()
    read_on = {"last_seen_id": 1_000_000} if "last_seen_id" in said else {}  # the page that is open shows what was sent
    second = browser.post(path, data={**said, **read_on, "form_key": KEY})

    assert (first.status_code, second.status_code, second.location) == (303, 303, first.location)
    assert "This came twice, and is done once." in browser.get("/desk").text
    assert after != before or name in {"merge", "link"}
    assert rows() == after
    with unit_of_work() as session:
        assert session.scalars(select(Draft)).all() == []


@pytest.mark.parametrize("name", ["reply", "note", "call", "forward", "bulk"])
def test_the_same_form_sent_twice_at_once_happens_once(app, office, mailbox, sign_in_as, name):
    number, other = open_ticket(office, text="It is slow."), open_ticket(office, text="Here too.")
    path, said = sent_form(name, number, other, first_message(number))
    ready, answers = threading.Barrier(2), []

    def send(browser) -> None:
        ready.wait()
        files = {"files": (io.BytesIO(b"log"), "a.log")} if name in {"reply", "note"} else {}
        answers.append(browser.post(path, data={**said, **files, "form_key": KEY}))

    threads = [threading.Thread(target=send, args=(sign_in_as(office.technician),)) for _each in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].location == answers[1].location
    counted = dict(zip(TABLES, rows(), strict=True))
    assert counted[TimeEntry] == (0 if name == "bulk" else 1)
    assert counted[OutgoingMessage] == (1 if name in {"reply", "forward"} else 0)
    assert (counted[Draft], counted[DraftFile]) == (0, 0)
    assert counted[Attachment] == (1 if name in {"reply", "note"} else 0)
    assert counted[QueueAct] == (1 if name == "bulk" else 0)


def test_another_page_other_words_and_a_form_that_was_refused_are_another_act(office, mailbox, sign_in_as):
    number, browser = open_ticket(office, text="It is slow."), sign_in_as(office.technician)
    path = f"/items/{number}/note"

    refused = browser.post(path, data={**WRITTEN, "worked": "soon"})
    mended = [browser.post(path, data=WRITTEN) for _each in range(2)]
    other_words = browser.post(path, data={**WRITTEN, "body": "We looked."})
    other_page = browser.post(path, data={**WRITTEN, "form_key": "f" * 16})
    without = [browser.post(path, data={**WRITTEN, "form_key": key}) for key in ("", "no key")]

    assert refused.status_code == 422
    assert {each.status_code for each in (*mended, other_words, other_page, *without)} == {303}
    with unit_of_work() as session:
        notes = session.scalars(select(Message.text).where(Message.kind == "note").order_by(Message.id)).all()
    assert notes[1:] == ["We look.", "We looked.", "We look.", "We look.", "We look."]


def test_the_files_of_a_form_that_is_refused_twice_are_kept_once(office, mailbox, sign_in_as):
    number, browser = open_ticket(office, text="It is slow."), sign_in_as(office.technician)

    for _each in range(2):
        said = {**WRITTEN, "worked": "soon", "files": (io.BytesIO(b"log"), "a.log")}
        assert browser.post(f"/items/{number}/note", data=said).status_code == 422

    with unit_of_work() as session:
        assert session.scalars(select(DraftFile.name)).all() == ["a.log"]


def test_each_form_of_a_page_has_its_key_and_what_was_sent_is_forgotten_in_time(office, sign_in_as):
    number, browser = open_ticket(office), sign_in_as(office.technician)
    pages = [browser.get(f"/items/{number}").text for _each in range(2)]
    keys = [page.partition('name="form_key" value="')[2][:16] for page in pages]

    browser.post(f"/items/{number}/note", data={**WRITTEN, "form_key": keys[0]})

    assert keys[0] != keys[1]
    assert pages[0].count(f'value="{keys[0]}"') == pages[0].count('name="csrf_token"')
    for after, left in ((KEPT_FOR, 1), (KEPT_FOR + timedelta(seconds=1), 0)):
        with unit_of_work() as session:
            forget_sent_forms(session, now=NOW + after)
            assert session.scalar(select(func.count()).select_from(SentForm)) == left
