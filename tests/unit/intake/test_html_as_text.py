"""HTML read as text, in the order in which it is written (docs/mail.md rule 33), at no cost that a sender decides."""

import time

import pytest

from helpdesk.intake.parser.html import to_text, why_not_shown
from helpdesk.intake.parser.read import parse


def test_a_row_of_a_table_is_a_line():
    html = "<table><tr><th>Pos</th><th>Name</th></tr><tr><td>1</td><td>Printer <b>X</b></td></tr></table>Done."

    assert to_text(html) == "Pos  Name\n1  Printer X\nDone."


def test_columns_that_hold_lines_are_read_one_after_the_other():
    html = "<table><tr><td><p>Dear Ann,</p><p>it smokes.</p></td><td>&nbsp;</td><td><p>Call us</p></td></tr></table>"

    assert to_text(html) == "Dear Ann,\n\nit smokes.\n\nCall us"


def test_blocks_within_blocks_are_not_set_in():
    assert to_text("<div><div><div>It smokes.</div></div></div>") == "It smokes."


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        ("<p>x</p>" * 60_000, "too many elements"),
        ("&amp;" * 110_000, "too many entities"),
        ("<p " + " ".join(f"a{number}=1" for number in range(20_000)) + ">x</p>", "too many attributes"),
        ("<p " + " ".join(f"a{number}" for number in range(20_000)) + ">x</p>", "too many attributes"),
        ("<p " + "".join(f"a{number}='>'" for number in range(20_000)) + ">x</p>", "too many attributes"),
        ("<div>" * 300, "nested too deep"),
        ("x" * 2_000_001, "too long"),
    ],
)
def test_html_that_would_keep_a_sanitiser_busy_is_read_as_text(html, reason):
    began = time.process_time()

    read = parse(b"Content-Type: text/html\r\n\r\n" + html.encode())

    assert reason in str(why_not_shown(html))
    assert read.html is None
    assert time.process_time() - began < 10


def test_html_of_a_newsletter_is_shown():
    cell = '<td style="padding:0" width="600" class="a b c" align="center"><a href="https://x.example/">Now</a></td>'

    assert why_not_shown(f"<table><tr>{cell * 2_000}</tr></table>") is None


def test_a_wide_cell_beside_a_long_one_costs_no_more_than_both():
    html = f"<table><tr><td><pre>{'w' * 100_000}</pre></td><td>{'<br>x' * 40_000}</td></tr></table>"

    assert len(to_text(html)) < 400_000
