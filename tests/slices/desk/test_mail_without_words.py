"""A mail without text is said to have none, and what it carries instead; no bubble is empty."""

import re

import pytest

from helpdesk.infra.db import unit_of_work
from helpdesk.intake.models import InboundEffect
from helpdesk.projects.models import WorkItem
from tests.mails import mail

pytestmark = pytest.mark.usefixtures("rung")
PIXEL = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"


@pytest.fixture
def page_of(inbox, office, sign_in_as):
    """Return the words of the page of the ticket that a mail opens."""

    def read(raw):
        line = inbox.receive(raw)
        with unit_of_work() as session:
            number = session.get_one(WorkItem, session.get_one(InboundEffect, line.id).work_item_id).number
        page = sign_in_as(office.technician).get(f"/items/{number}").text
        return re.findall(r'<p class="body t3">(.*?)</p>', page), page

    return read


def html_only(html):
    return (
        "From: ann@acme.example\r\nTo: support@halden-okoye.example\r\nSubject: Look\r\n"
        f"Message-ID: <look@acme.example>\r\nContent-Type: text/html\r\n\r\n{html}\r\n"
    ).encode()


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (mail("", message_id="<a@a.example>"), "This mail has no text, and nothing else in it."),
        (mail(" \n", message_id="<b@a.example>", files={"a.log": b"x"}), "It carries 1 file."),
        (mail("", message_id="<c@a.example>", files={"a.log": b"x", "b.log": b"y"}), "It carries 2 files."),
    ],
    ids=["nothing", "a file", "files"],
)
def test_it_says_what_there_is_instead(page_of, raw, said):
    lines, page = page_of(raw)

    assert len(lines) == 1
    assert lines[0].startswith("This mail has no text")
    assert lines[0].endswith(said)
    assert '<div class="body" dir="auto"></div>' not in page


@pytest.mark.parametrize(
    "html",
    [f'<img src="{PIXEL}">', f'<img src="{PIXEL}"><img src="http://a.example/1"><img src="http://a.example/2">'],
    ids=["a picture", "pictures"],
)
def test_a_mail_of_pictures_alone_shows_them(page_of, html):
    lines, page = page_of(html_only(html))

    assert lines == []
    assert page.count("<iframe") == 1


def test_a_mail_with_words_says_nothing_of_the_kind(page_of):
    lines, page = page_of(mail("It prints blank labels."))

    assert lines == []
    assert '<div class="body" dir="auto">It prints blank labels.' in page
