"""What the page of a ticket shows of a mail at once: its HTML where that says more, else its text with its links.

docs/desk.md rules 120, 121 and 123.
"""

import base64
import re
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from sqlalchemy import select

from helpdesk.infra.db import unit_of_work
from helpdesk.intake.parser.read import parse
from helpdesk.projects.models import WorkItem
from helpdesk.tickets.models import Message
from tests.mails import mail

pytestmark = pytest.mark.on_sqlite

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAIAAAACUFjqAAAAEklEQVR4nGP4z8CAB+GTG8HSALfKY52fTcuYAAAAAElFTkSuQmCC"
)
NEWEST = select(Message).where(Message.kind == "mail").order_by(Message.id.desc()).limit(1)
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'/>"


def screenshot(*, cid: str = "shot@acme", kind: str = "png", content: bytes = PIXEL, refers: str = "cid:shot@acme"):
    """Return a mail with a picture that its HTML refers to, or not."""
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = "Ann Berg <ann@acme.example>", "support@halden-okoye.example"
    message["Subject"], message["Message-ID"] = "Look", f"<{cid}.{kind}.{len(refers)}@acme.example>"
    message.set_content("It looks like this:")
    message.add_alternative(f'<p>It looks like this:</p><img src="{refers}" alt="">', subtype="html")
    maintype = "application" if kind == "octet-stream" else "image"
    html = message.get_body(("html",))
    assert isinstance(html, EmailMessage)
    html.add_related(
        content, maintype=maintype, subtype=kind, cid=f"<{cid}>", filename=f"shot.{kind.replace('octet-stream', 'png')}"
    )
    return message.as_bytes()


@pytest.fixture
def page_of(office, inbox, sign_in_as):
    """Receive a mail and return the page of its ticket, what is in it of the mail, and its row of the queue."""

    def _page_of(raw: bytes) -> tuple[str, str]:
        inbox.receive(raw)
        browser = sign_in_as(office.admin)
        with unit_of_work() as session:
            message = session.scalars(NEWEST).one()
            number = session.get_one(WorkItem, message.work_item_id).number
        row = re.search(
            rf'<li[^>]*data-item="{number}".*?</li>',
            browser.get("/desk?view=unassigned").text,
            re.DOTALL,
        )
        assert row is not None
        return browser.get(f"/items/{number}").text, row[0]

    return _page_of


def test_a_screenshot_that_was_pasted_stands_in_its_mail_and_is_no_file(page_of):
    page, row = page_of(screenshot())

    assert re.search(r'<div class="sent"[^>]*>\s*<iframe class="mailframe"', page)
    assert "As text" in page
    assert 'class="chip' not in page
    assert "attachment" not in row


@pytest.mark.parametrize(
    "how",
    [
        {"refers": "cid:another@acme"},
        {"kind": "svg+xml", "content": SVG},
    ],
    ids=["nothing refers to it", "nothing shows it"],
)
def test_a_picture_that_stands_nowhere_is_a_file(page_of, how):
    page, row = page_of(screenshot(**how))

    assert 'class="chip' in page
    assert '1<span class="vh"> attachment' in row
    assert ('<img src="/files/' in page) == ("kind" not in how)


@pytest.mark.parametrize(
    "how",
    [{"cid": "shot 1@acme", "refers": "cid:shot%201@acme"}, {"kind": "octet-stream"}],
    ids=["an encoded reference", "a type that says nothing"],
)
def test_a_picture_is_found_however_it_is_referred_to(how):
    read = parse(screenshot(**how))

    assert [file.is_inline for file in read.attachments] == [True]
    assert f'src="cid:{how.get("cid", "shot@acme")}"' in (read.html or "")


def test_where_the_text_says_the_same_it_is_shown_and_addresses_in_it_lead_there(page_of):
    page, _row = page_of(
        mail("Hello, see https://acme.example/x.", html="<p>Hello, see <b>https://acme.example/x</b>.</p>")
    )

    assert (
        '<div class="body" dir="auto">Hello, see <a href="https://acme.example/x" rel="noopener noreferrer nofollow" '
        'target="_blank">https://acme.example/x</a>.</div>'
    ) in page
    assert re.search(r'<details class="quote"><summary>.*?As it was sent</span></summary><iframe', page)


def test_a_link_that_the_text_lost_is_shown(page_of):
    page, _row = page_of(mail("See here", html='<p>See <a href="https://acme.example/x">here</a></p>'))

    assert "As it was sent" not in page.replace("Mail as it was sent", "")
    assert "As text" in page


def test_a_mail_from_before_is_decided_when_it_is_shown(page_of, office, sign_in_as):
    page_of(mail("See here", html='<p>See <a href="https://acme.example/x">here</a></p>'))
    with unit_of_work() as session:
        message = session.scalars(NEWEST).one()
        decided, message.html_says_more = message.html_says_more, None
        number = session.get_one(WorkItem, message.work_item_id).number

    page = sign_in_as(office.admin).get(f"/items/{number}").text

    assert decided is True
    assert "As text" in page


def test_the_third_time_a_picture_is_a_signature_and_its_mail_shown_as_text(page_of, fixed_clock):
    pages = [page_of(screenshot(refers=f"cid:shot@acme{' ' * time}"))[0] for time in range(3)]

    assert ["As text" in page for page in pages] == [True, True, False]


def test_the_quote_is_folded_in_the_frame(page_of, office, sign_in_as):
    quote = "<div>On Mon, 2 Nov 2026, Priya wrote:<blockquote type='cite'>old</blockquote></div>"
    page_of(
        mail(
            "See here\n\nOn Mon, 2 Nov 2026, Priya wrote:\n> old",
            html=f'<p>See <a href="https://acme.example/x">here</a></p>{quote}',
        )
    )
    with unit_of_work() as session:
        message_id = session.scalars(NEWEST).one().id

    frame = sign_in_as(office.admin).get(f"/messages/{message_id}/body").text

    assert (
        "</p><details><summary>Show quoted text</summary><div>On Mon, 2 Nov 2026, Priya wrote:<blockquote>old" in frame
    )
