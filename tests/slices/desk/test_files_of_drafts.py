"""Files are with the draft as soon as they come, and go where it goes (docs/answering.md rules 13 and 14)."""

import re
from io import BytesIO

from sqlalchemy import select

from helpdesk.desk import merging
from helpdesk.infra import blobs
from helpdesk.infra.db import unit_of_work
from helpdesk.outbox.models import OutgoingAttachment
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import domain
from helpdesk.tickets.models import Attachment, Draft, DraftFile
from tests.conftest import NOW
from tests.slices.desk.conftest import open_ticket

BY_SCRIPT = {"HX-Request": "true"}
ANSWER = {"body": "See the log.", "billable": "billable"}


def files(*named):
    return {"files": [(BytesIO(content), name) for name, content in named]}


def names(model):
    with unit_of_work() as session:
        return [one.name for one in session.scalars(select(model).order_by(model.name))]


def test_files_that_a_script_puts_to_the_draft_leave_with_the_answer_and_come_back_with_it(
    office, mailbox, sign_in_as, monkeypatch
):
    number, browser = open_ticket(office), sign_in_as(office.technician)
    page = f"/items/{number}"

    listed = browser.post(
        f"{page}/drafts/reply/files",
        data=files(("../../print server.txt", b"a <b>log</b>"), ("shot.png", b"\x89PNG")),
        headers=BY_SCRIPT,
    )
    emptied = browser.post(f"{page}/drafts/reply", data={"body": " "}, headers=BY_SCRIPT)

    assert (listed.status_code, emptied.status_code) == (200, 204)
    assert "<html" not in listed.text
    assert "print server.txt" in listed.text
    assert ".." not in listed.text
    assert "shot.png" in browser.get(page).text
    assert "shot.png" not in sign_in_as(office.manager).get(page).text
    browser.post(f"{page}/reply", data=ANSWER)
    sent = ["print server.txt", "shot.png"]
    assert [names(model) for model in (DraftFile, Attachment, OutgoingAttachment)] == [[], sent, sent]
    with unit_of_work() as session:
        attached = session.scalars(select(Attachment).order_by(Attachment.name)).all()
        assert [one.content_type for one in attached] == ["text/plain", "image/png"]
        assert blobs.store().get(attached[0].blob_sha256) == b"a <b>log</b>"
    found = re.search(r'action="([^"]+/take-back)"', browser.get(page).text)
    assert found
    browser.post(f"{page}/drafts/reply/files", data=files(("next.txt", b"begun")), headers=BY_SCRIPT)
    monkeypatch.setattr(domain, "MOST_FILES", 2)  # together too many: the mail is stopped nevertheless
    browser.post(found[1])
    assert [names(model) for model in (DraftFile, Attachment)] == [sorted(["next.txt", *sent]), []]


def test_without_a_script_files_come_with_the_form_and_no_refusal_loses_them(office, mailbox, sign_in_as):
    number, browser = open_ticket(office), sign_in_as(office.technician)
    page = f"/items/{number}"

    refused = browser.post(f"{page}/reply", data=ANSWER | {"worked": "soon"} | files(("a.log", b"one")))
    browser.post(f"{page}/drafts/reply", data=ANSWER | files(("b.log", b"two"), ("", b"")))
    browser.post(f"{page}/reply", data=ANSWER | {"people": "bob@acme.example"} | files(("c.log", b"three")))
    noted = browser.post(f"{page}/note", data=ANSWER | files(("d.log", b"four")))

    assert refused.status_code == 422
    assert "See the log.</textarea>" in refused.text
    assert "a.log" in refused.text
    assert noted.status_code == 303
    assert (names(DraftFile), names(Attachment)) == (["a.log", "b.log", "c.log"], ["d.log"])
    found = re.search(r'formaction="([^"]+/remove)"[^>]*>(?:(?!</button>).)*Remove b\.log', browser.get(page).text)
    assert found
    sign_in_as(office.manager).post(found[1])
    assert len(names(DraftFile)) == 3
    browser.post(found[1])
    browser.post(f"{page}/reply", data=ANSWER)
    assert names(OutgoingAttachment) == ["a.log", "c.log"]


def test_what_does_not_fit_is_refused_by_its_name_and_the_rest_stays(office, mailbox, sign_in_as, monkeypatch):
    for name, size in (("MOST_FILE_BYTES", 100 * 1024), ("MEGABYTE", 1024)):
        monkeypatch.setattr(domain, name, size)
    number, browser = open_ticket(office), sign_in_as(office.technician)
    page = f"/items/{number}"
    large, many = ("large.zip", bytes(100 * 1024 + 1)), [(f"{each:02}.txt", b"x") for each in range(25)]

    refused = browser.post(f"{page}/reply", data=ANSWER | files(("a.log", b"one"), large, ("empty.txt", b"")))

    assert refused.status_code == 422
    said = refused.text.split('id="reply-files-error"')[1].split("</p>")[0]
    assert "large.zip: 100.1 MB; at most 100 MB." in said
    assert "empty.txt: The file is empty." in said
    assert (names(DraftFile), names(Attachment)) == (["a.log"], [])
    listed = browser.post(f"{page}/drafts/reply/files", data=files(*many), headers=BY_SCRIPT).text
    assert ">20 files go along at most. Left out: 19.txt, 20.txt, 21.txt and 3 more.</p>" in listed
    assert len(names(DraftFile)) == 20
    browser.post(f"{page}/drafts/reply/discard")
    assert (names(DraftFile), names(Attachment)) == ([], [])


def test_files_go_along_with_a_draft_to_the_ticket_that_takes_another_in(office, sign_in_as):
    number, into, browser = open_ticket(office), open_ticket(office), sign_in_as(office.technician)
    browser.post(f"/items/{number}/drafts/note/files", data=files(("a.log", b"one")))

    with unit_of_work() as session:
        of = {one.number: one.id for one in session.scalars(select(WorkItem))}
        actor = office.actor("technician")
        merging.merge(session, actor=actor, now=NOW, number=number, into_number=into)

    assert "a.log" in browser.get(f"/items/{into}").text
    with unit_of_work() as session:
        assert [draft.work_item_id for draft in session.scalars(select(Draft))] == [of[into]]
