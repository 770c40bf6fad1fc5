"""Marks of people and instants in lists: what they say, and that a name cannot become markup."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask, g, session
from flask_babel import Babel

from helpdesk.infra.links import icon
from helpdesk.infra.marks import avatar, moment, tag
from helpdesk.infra.web import csrf_field


@pytest.fixture(autouse=True)
def page():
    """A page being made for somebody in Berlin."""
    app = Flask(__name__)
    app.secret_key = "of a test"
    Babel(app)
    with app.test_request_context("/"):
        g.time_zone = "Europe/Berlin"
        yield


@pytest.mark.parametrize(
    ("name", "letters"), [("Tess Tech", "TT"), ("tess maria tech", "TT"), ("Tess", "T"), ("ömer", "Ö"), (" tess ", "T")]
)
def test_a_person_is_two_letters_and_a_name(name, letters):
    mark = avatar(name, ours=True, large=True)

    assert mark == f'<span class="av us lg" role="img" aria-label="{name}" title="{name}">{letters}</span>'


@pytest.mark.parametrize("name", [None, "", "  "])
def test_nobody_is_a_mark_of_its_own(name):
    assert avatar(name).startswith('<span class="av none" role="img" aria-label="Unassigned" title="Unassigned"><svg')


def test_a_name_is_no_markup():
    mark, shown = avatar('<b "x> &c'), "&lt;b &#34;x&gt; &amp;c"

    assert mark == f'<span class="av" role="img" aria-label="{shown}" title="{shown}">&lt;&amp;</span>'


@pytest.mark.parametrize(
    ("shape", "words"),
    [("time", "23:30"), ("date", "Fri 27 Nov"), ("datetime", "27 Nov 2026, 23:30"), ("ago", "2d")],
)
def test_an_instant_is_on_the_clock_of_the_reader(shape, words):
    now = datetime(2026, 11, 29, 22, 31, tzinfo=UTC)
    mark = moment(datetime(2026, 11, 27, 22, 30, tzinfo=UTC), shape, now=now, **{"class": "ago"})

    assert mark == f'<time class="ago" datetime="2026-11-27T22:30:00+00:00" data-local="{shape}">{words}</time>'


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-90, "0m"), (0, "0m"), (59, "0m"), (60, "1m"), (3599, "59m"), (3600, "1h"), (86_399, "23h"), (86_400, "1d")],
)
def test_how_long_ago_it_was_is_a_number_and_a_letter(seconds, words):
    now = datetime(2026, 11, 27, 22, 30, tzinfo=UTC)

    assert f">{words}</time>" in moment(now - timedelta(seconds=seconds), "ago", now=now)


def test_a_word_in_a_box_is_no_markup_and_has_its_icon():
    assert tag("<b>", "ok") == '<span class="tag ok">&lt;b&gt;</span>'
    assert tag("Paid", icon_name="check") == f'<span class="tag ">{icon("check")}Paid</span>'


def test_all_forms_of_a_page_carry_the_same_word_and_each_visit_has_its_own(page):
    words = {str(csrf_field()), str(csrf_field())}

    for kept in ("csrf_field", "csrf_token"):
        g.pop(kept)
    session.clear()  # as for whoever comes next
    elsewhere = csrf_field()

    [word] = words
    assert word.startswith('<input type="hidden" name="csrf_token" value="')
    assert elsewhere != word
