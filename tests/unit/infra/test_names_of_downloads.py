"""Under which name a file is offered to a browser (docs/desk.md rule 107; RFC 6266, RFC 8187)."""

import pytest
from werkzeug.datastructures import Headers
from werkzeug.http import parse_options_header

from helpdesk.infra.downloads import name_file


def header(name: str, how: str = "attachment") -> str:
    headers = Headers()
    name_file(headers, name, how=how)
    return headers["Content-Disposition"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("plan.pdf", "attachment; filename=plan.pdf"),
        ("a plan (2).pdf", 'attachment; filename="a plan (2).pdf"'),
        ("Büro.pdf", "attachment; filename=Buro.pdf; filename*=UTF-8''B%C3%BCro.pdf"),
        ("файл.pdf", "attachment; filename=file.pdf; filename*=UTF-8''%D1%84%D0%B0%D0%B9%D0%BB.pdf"),
        ("☃", "attachment; filename=file; filename*=UTF-8''%E2%98%83"),
        (
            'a"; filename="b.exe',
            "attachment; filename=\"a_ filename=_b.exe\"; filename*=UTF-8''a%22%3B%20filename%3D%22b.exe",
        ),
        ("a\r\nX-Ran: 1.txt", "attachment; filename=\"a__X-Ran_ 1.txt\"; filename*=UTF-8''a__X-Ran%3A%201.txt"),
        ("..\\..\\boot.ini", "attachment; filename=_.._boot.ini; filename*=UTF-8''..%5C..%5Cboot.ini"),
        ("%0d%0aX: 1", "attachment; filename=\"_0d_0aX_ 1\"; filename*=UTF-8''%250d%250aX%3A%201"),
    ],
)
def test_a_name_in_any_letters_is_one_name_in_a_header_of_ascii(name: str, said: str) -> None:
    assert header(name) == said
    assert said.isascii()


def test_every_sign_stays_within_its_name() -> None:
    signs = [chr(code) for code in (*range(0x300), *range(0x2000, 0x2070), 0xD800, 0xFF1D, 0xFFFE, 0x1F600)]

    odd = [
        sign
        for sign in signs
        if not (said := header(f"a{sign}b.txt")).isprintable()
        or not said.isascii()
        or set(parse_options_header(said)[1]) != {"filename"}
    ]

    assert odd == []


def test_a_picture_is_shown_under_its_name() -> None:
    assert header("Büro.png", "inline").startswith("inline; filename=Buro.png; ")
