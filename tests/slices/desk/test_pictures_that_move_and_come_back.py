"""Pictures between words go where their message goes, and a quote of them is no news (docs/answering.md 24, 28, 29)."""

import re
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from sqlalchemy import func, select

from helpdesk.infra import blobs
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.models import Blob
from helpdesk.intake.service import erasing
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import service as tickets
from helpdesk.tickets.models import Attachment, Draft, Message
from tests.conftest import NOW
from tests.slices.desk.conftest import open_ticket
from tests.slices.desk.test_pictures_between_words import html_with, newest, picture, put, sent

pytestmark = [pytest.mark.on_sqlite, pytest.mark.usefixtures("rung")]

SHOWN = re.compile(r'<img src="(/files/\d+/large)"')


def write(browser, page, *, kind="reply", content=None):
    """Write an answer or a note with a picture between its words, and return the address of the picture."""
    content_id = put(browser, page, content or picture(), kind=kind)
    browser.post(f"{page}/{kind}", data={"body": "\ufffc", "html": html_with(content_id), "billable": ""})
    return shown_on(browser, page)[-1]


def shown_on(browser, page):
    return SHOWN.findall(browser.get(page).text)


def quoting(original, *, to, shows=True):
    """Return a client's answer that quotes a mail of ours with its picture; without ``shows`` as a file at its end."""
    image = next(part for part in original.walk() if part.get_content_type() == "image/png")
    mail = EmailMessage(policy=SMTP)
    for name, value in {
        "From": "Ann Berg <ann@acme.example>",
        "To": to,
        "Subject": f"Re: {original['Subject']}",
        "Date": "Wed, 18 Nov 2026 10:05:00 +0000",
        "Message-ID": f"<answer-{shows}@acme.example>",
        "In-Reply-To": original["Message-ID"],
    }.items():
        mail[name] = value
    quote = original.get_body(("html",)).get_content()
    mail.set_content("It works again.\n\nOn Wednesday, Support wrote:\n> Look:\n> [picture]\n")
    if shows:
        mail.add_alternative(
            f"<p>It works again.</p><p>On Wednesday, Support wrote:</p><blockquote type=cite>{quote}</blockquote>",
            subtype="html",
        )
        [*mail.iter_parts()][1].add_related(
            image.get_content(), maintype="image", subtype="png", cid=image["Content-ID"], filename="a.png"
        )
    else:
        mail.add_attachment(image.get_content(), maintype="image", subtype="png", filename="image001.png")
    return mail.as_bytes()


def test_a_picture_goes_with_its_message_into_another_ticket_and_comes_back(office, mailbox, sign_in_as):
    browser = sign_in_as(office.technician)
    one, other = (f"/items/{open_ticket(office, title=title)}" for title in ("Labels", "Labels again"))
    answered, noted = write(browser, one), write(browser, one, kind="note", content=picture("JPEG", (8, 8)))
    typed = put(browser, one, picture("PNG", (9, 9)))
    kept = {"body": "\ufffc", "html": html_with(typed), "last_seen_id": newest(Message).id}
    browser.post(f"{one}/drafts/reply", data=kept, headers={"HX-Request": "true"})

    browser.post(f"{one}/merge", data={"into": other.rpartition("/")[2]})

    assert shown_on(browser, other) == [answered, noted]
    assert shown_on(browser, one) == []
    assert [browser.get(address).status_code for address in (answered, noted)] == [200, 200]
    assert browser.get(f"{other}/drafts/reply/pictures/{typed}").mimetype == "image/png"
    assert f'src="cid:{typed}"' in newest(Draft).html
    browser.post(f"{other}/reply", data={"body": "\ufffc", "html": html_with(typed), "billable": ""})
    assert len(shown_on(browser, other)) == 3
    browser.post(f"{one}/unmerge")
    assert shown_on(browser, one) == [answered, noted]
    assert len(shown_on(browser, other)) == 1


def test_a_note_that_is_split_off_takes_its_picture_along(office, mailbox, sign_in_as):
    browser = sign_in_as(office.technician)
    page = f"/items/{open_ticket(office)}"
    stays, goes = write(browser, page), write(browser, page, kind="note", content=picture("JPEG", (8, 8)))

    split = f"{page}/messages/{newest(Message).id}/split-off"
    there = browser.post(split, data={"subject": "The roll"}).location

    assert (shown_on(browser, page), shown_on(browser, there)) == ([stays], [goes])
    assert browser.get(goes).mimetype == "image/jpeg"
    assert [browser.get(f"{one}/print?notes=y").text.count("<img") for one in (page, there)] == [1, 1]


def test_who_may_not_see_the_ticket_finds_no_picture_of_it_wherever_it_went(office, mailbox, sign_in_as):
    rival, technician = sign_in_as(office.rival), sign_in_as(office.technician)
    with unit_of_work() as session:
        into = tickets.open_ticket(
            session,
            actor=office.actor("rival"),
            now=NOW,
            project_id=office.globex_project.id,
            requester_id=office.globex_contact.id,
            title="Gate",
            text="",
        ).number
        one = tickets.open_ticket(
            session,
            actor=office.actor("rival"),
            now=NOW,
            project_id=office.globex_project.id,
            requester_id=office.globex_contact.id,
            title="Gate again",
            text="",
        ).number
    before = write(rival, f"/items/{one}")
    found = [(rival.get(before).status_code, technician.get(before).status_code)]

    rival.post(f"/items/{one}/merge", data={"into": into})

    found.append((rival.get(before).status_code, technician.get(before).status_code))
    assert found == [(200, 404), (200, 404)]
    assert shown_on(rival, f"/items/{into}") == [before]


@pytest.mark.parametrize("shows", [True, False])
def test_a_picture_of_ours_that_an_answer_brings_back_is_no_news(inbox, office, sign_in_as, fixed_clock, shows):
    number, browser = open_ticket(office), sign_in_as(office.technician)
    page = f"/items/{number}"
    ours = write(browser, page)
    original = sent(fixed_clock)
    reply_to = newest(OutgoingMessage).reply_to

    line = inbox.receive(quoting(original, to=reply_to, shows=shows))

    came = newest(Message)
    with unit_of_work() as session:
        files = session.scalars(select(Attachment).where(Attachment.message_id == came.id)).all()
        kept = [(file.inline, file.folded) for file in files]
        same = session.scalar(select(func.count()).where(Blob.sha256 == files[0].blob_sha256))
    assert (line.outcome, kept, same) == ("reply", [(shows, True)], 1)
    assert (came.reply_text, shown_on(browser, page)) == ("It works again.", [ours])
    text = browser.get(page).text
    assert ("1 picture seen before" in text) is not shows
    assert f"/items/{number}" not in browser.get("/search/results?q=has:attachment").text
    assert 'class="check" type="checkbox" name="file"' not in browser.get(f"{page}/forward?message={came.id}").text
    if shows:
        body = browser.get(f"/messages/{came.id}/body").text
        at = re.search(r'src="(/attachments/\d+/[^"]+)"', body)
        assert at is not None
        assert browser.get(at[1].replace("&amp;", "&")).mimetype == "image/png"
    with unit_of_work() as session:
        spent = erasing.erase_one(session, actor=office.actor("admin"), inbound_id=line.id, why="asked to", now=NOW)
    assert files[0].blob_sha256 not in spent
    assert browser.get(ours).status_code == 200
    assert blobs.store().path_of(files[0].blob_sha256).exists()


def test_the_same_picture_on_another_ticket_is_a_file(inbox, office, sign_in_as, fixed_clock):
    browser = sign_in_as(office.technician)
    write(browser, f"/items/{open_ticket(office)}")
    image = next(part for part in sent(fixed_clock).walk() if part.get_content_type() == "image/png")
    mail = EmailMessage(policy=SMTP)
    for name, value in {"From": "ann@acme.example", "To": "support@halden-okoye.example", "Subject": "Another"}.items():
        mail[name] = value
    mail.set_content("This again.")
    mail.add_attachment(image.get_content(), maintype="image", subtype="png", filename="image001.png")

    line = inbox.receive(mail.as_bytes())

    with unit_of_work() as session:
        number = session.get_one(WorkItem, newest(Message).work_item_id).number
    assert line.outcome == "ticket"
    assert "image001.png" in browser.get(f"/items/{number}").text
    assert "seen before" not in browser.get(f"/items/{number}").text
