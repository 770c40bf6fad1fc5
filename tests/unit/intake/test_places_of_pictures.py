"""docs/mail.md rule 33: where a remote picture stood, its mail names a place, and nothing of the picture's address."""

import pytest

from helpdesk.intake.inspect import inspect
from helpdesk.intake.parser.html import sanitise
from helpdesk.tickets.domain import PLACE_OF_A_PICTURE, place_of_picture
from helpdesk.tickets.render import mail_page

LOGO = "https://pictures.example/logo.png?spy=ann"
MAIL = (
    "From: ann@acme.example\r\nSubject: x\r\nContent-Type: text/html\r\n\r\n"
    f'<p>Hi<img src="{LOGO}" alt="Logo"><img src=" {LOGO} "></p>\r\n'
).encode()


def page(html, **pictures):
    return mail_page(title="x", language="en", text="", body_html=html, pictures=pictures)


def test_the_place_tells_nothing_of_the_address_and_is_the_same_for_the_same_picture():
    result = sanitise(f'<img src="{LOGO}" alt="Logo"><img src="{LOGO}">')

    place = place_of_picture(LOGO)
    assert result.html == f'<img src="cid:{place}" alt="Logo"><img src="cid:{place}">'
    assert result.blocked_images == (LOGO,)
    assert result.content_ids == frozenset()
    assert "example/" not in place


def test_a_picture_that_is_there_is_shown_in_its_place_and_one_that_is_not_leaves_it_empty():
    html = sanitise(f'<img src="{LOGO}" alt="Logo"><img src="https://other.example/">').html

    shown = mail_page(
        title="x", language="en", text="", body_html=html, pictures={place_of_picture(LOGO): "/pictures/7"}
    )

    assert '<img src="/pictures/7" alt="Logo"><img>' in shown


@pytest.mark.parametrize("name", ["a" * 32, "0" * 32])
def test_a_sender_who_names_a_place_gets_nothing_into_it(name):
    html = sanitise(f'<img src="cid:{name}@elsewhere.html">').html

    assert "<img>" in page(html)


def test_who_inspects_a_mail_sees_no_places():
    read = inspect(MAIL, "x.eml")

    assert read["html"].strip() == '<p>Hi<img alt="Logo"><img></p>'
    assert read["blocked_images"] == [LOGO]
    assert PLACE_OF_A_PICTURE.search(read["html"]) is None
