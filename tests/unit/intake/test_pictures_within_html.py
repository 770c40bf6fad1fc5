"""docs/mail.md rule 33: pictures that stand inside the HTML become files that it shows; nothing else does."""

import base64

import pytest

from helpdesk.intake.parser.pictures import BYTES_LIMIT, take_pictures
from helpdesk.intake.parser.read import parse
from tests.mails import mail

PNG = b"\x89PNG\r\n\x1a\n" + b"p" * 20
JPEG = b"\xff\xd8\xff\xe0" + b"j" * 20
GIF = b"GIF89a" + b"g" * 20
WEBP = b"RIFF\x00\x00\x00\x00WEBP" + b"w" * 20


def data(content: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


@pytest.mark.parametrize(
    ("content", "kind", "name"),
    [
        (PNG, "image/png", "image.png"),
        (JPEG, "image/jpeg", "image.jpg"),
        (GIF, "image/gif", "image.gif"),
        (WEBP, "image/webp", "image.webp"),
        (PNG, "image/jpg", "image.png"),
    ],
)
def test_a_picture_becomes_an_inline_file_that_the_html_shows(content, kind, name):
    read = parse(mail("Look:", html=f'<p>Look: <img alt="A" src="{data(content, kind)}"></p>'))

    (file,) = read.attachments
    assert (file.name, file.content, file.is_inline) == (name, content, True)
    assert read.html is not None
    assert f'src="cid:{file.content_id}"' in read.html
    assert "data:" not in read.html
    assert read.blocked_images == ()


def test_the_same_picture_twice_is_one_file():
    source = data(PNG)

    read = parse(mail("x", html=f'<img src=\'{source}\'><img SRC = "{source}"><img src="{data(GIF)}">'))

    assert [file.name for file in read.attachments] == ["image.png", "image.gif"]


@pytest.mark.parametrize(
    ("source", "warning"),
    [
        ("data:image/png;base64,%%%", "a picture within the HTML is broken and was left out"),
        ("data:image/png;base64,", "a picture within the HTML is broken and was left out"),
        (data(PNG + b"x" * BYTES_LIMIT), "a picture within the HTML is over 2 MB and was left out"),
        (data(b"<svg onload=alert(1)>", "image/svg+xml"), "of no kind that is shown"),
        (data(b"<svg>", "image/png"), "of no kind that is shown"),
        ("data:text/html,<b>hi", "of no kind that is shown"),
    ],
)
def test_what_is_no_picture_is_left_out_with_a_warning(source, warning):
    read = parse(mail("x", html=f'<p>Look: <img src="{source}"></p>'))

    assert read.attachments == ()
    assert any(warning in one for one in read.warnings)
    assert read.html is not None
    assert "data:" not in read.html


def test_a_picture_outside_of_an_image_makes_no_file():
    read = parse(mail("x", html=f'<p>Hi</p><iframe src="{data(PNG)}"></iframe><input src="{data(GIF)}">'))

    assert read.attachments == ()


def test_a_screenshot_does_not_make_the_html_too_long():
    big = PNG + b"x" * (BYTES_LIMIT - len(PNG))

    read = parse(mail("x", html=f'<p>Look: <img src="{data(big)}"></p>'))

    assert read.html is not None
    assert [file.size_bytes for file in read.attachments] == [BYTES_LIMIT]


def test_a_hundred_thousand_pictures_are_no_trouble():
    taken = take_pictures(f'<img src="{data(PNG)}">' * 50_000 + '<img src="data:,' * 50_000)

    assert len(taken.pictures) == 1


def test_html_that_shows_nothing_gives_way_to_the_text():
    read = parse(mail("It smokes.", html="<html><head><title>Mail</title></head><body><p>&nbsp;</p></body></html>"))

    assert (read.text, read.html) == ("It smokes.", None)
