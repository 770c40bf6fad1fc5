"""A form that is too large says so, by the name of the file, and keeps what was typed (docs/answering.md rule 14)."""

import io
import re

import pytest
from sqlalchemy import select

from helpdesk import app as house
from helpdesk.infra.db import unit_of_work
from helpdesk.tickets import domain
from helpdesk.tickets.models import Attachment, Draft, Message
from tests.slices.desk.conftest import open_ticket

ANSWER = {"body": "See the <film>.", "worked": "0:10", "billable": "", "work_type_id": ""}
KB = 1024


@pytest.fixture(autouse=True)
def small(app, monkeypatch):
    """A house in which a megabyte has a kilobyte."""
    monkeypatch.setattr(domain, "MEGABYTE", KB)
    monkeypatch.setattr(domain, "MOST_FILE_BYTES", 15 * KB)
    monkeypatch.setattr(house, "UPLOAD_BYTES", 32 * KB)
    monkeypatch.setattr(house, "LARGEST_BYTES", 100 * KB)
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 32 * KB)


def film(kilobytes: int) -> dict[str, tuple[io.BytesIO, str]]:
    return {"files": (io.BytesIO(bytes(kilobytes * KB)), "film.mov")}


@pytest.mark.parametrize("kind", ["reply", "note"])
def test_a_file_of_forty_megabytes_is_refused_by_its_name_and_the_text_is_the_draft(office, mailbox, sign_in_as, kind):
    number, browser = open_ticket(office), sign_in_as(office.technician)

    refused = browser.post(f"/items/{number}/{kind}", data=ANSWER | film(40))

    assert refused.status_code == 422
    assert "film.mov: 40.0 MB; at most 15 MB." in refused.text
    assert "See the &lt;film&gt;.</textarea>" in refused.text
    with unit_of_work() as session:
        assert session.scalars(select(Draft.body)).all() == [ANSWER["body"]]
        assert session.scalars(select(Message.id)).all() == session.scalars(select(Attachment.id)).all() == []


@pytest.mark.on_sqlite
def test_what_is_too_large_to_be_read_says_how_large_it_may_be_and_leads_back(office, sign_in_as):
    number, browser = open_ticket(office), sign_in_as(office.technician)
    page = f"/items/{number}"

    refused = browser.post(f"{page}/reply", data=ANSWER | film(120), headers={"Referer": f"http://localhost{page}"})
    by_script = browser.post(f"{page}/drafts/reply/files", data=film(120), headers={"HX-Request": "true"})

    assert (refused.status_code, by_script.status_code) == (413, 413)
    assert re.search(r"has 12\d\.\d MB; at most 100\.0 MB can be read, and 15 MB of files go along", refused.text)
    assert f'<a class="link" href="{page}">Back to where you were</a>' in refused.text
    assert 'role="alert"' in by_script.text


@pytest.mark.on_sqlite
def test_nobody_else_and_no_other_form_is_read_beyond_the_common_limit(app, office, sign_in_as):
    number, browser = open_ticket(office), sign_in_as(office.technician)

    stranger = app.test_client().post(f"/items/{number}/reply", data=ANSWER | film(40))
    other = browser.post(f"/items/{number}/status", data={"status": "open"} | film(40))

    assert (stranger.status_code, stranger.location.partition("?")[0], other.status_code) == (302, "/sign-in", 413)
