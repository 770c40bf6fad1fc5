"""Texts in templates: what fills them is escaped, each is a format, and plural forms fit."""

import pytest
from flask import Flask, render_template_string
from flask.templating import Environment
from flask_babel import Babel, force_locale

from helpdesk.infra import i18n
from helpdesk.infra.drawing import PageEnvironment


@pytest.fixture(params=[Environment, PageEnvironment], ids=["flask", "ours"])
def show(request):
    app = Flask(__name__)
    app.jinja_environment = request.param
    Babel(app, default_translation_directories=str(i18n.TRANSLATIONS))
    i18n.mount(app)

    def render(source, language="en", **values):
        with app.test_request_context(), force_locale(language):
            return render_template_string(source, **values)

    return render


def test_what_fills_a_text_is_escaped_and_the_text_is_not_escaped_again(show):
    shown = show("{{ _('%(name)s <b>said</b>', name=name) }} {{ _('<i>plain</i>') }}", name="<script>")

    assert shown == "&lt;script&gt; <b>said</b> <i>plain</i>"


def test_every_text_is_a_format_with_values_or_without(show):
    assert show("{{ _('5 %% of it') }}, {{ _('%(n)s %% of it', n=6) }}") == "5 % of it, 6 % of it"


def test_a_text_that_misses_its_value_is_an_error(show):
    with pytest.raises(KeyError):
        show("{{ _('%(name)s is gone') }}")


def test_plural_forms_are_filled_with_their_count(show):
    source = "{{ ngettext('%(num)s entry of %(name)s', '%(num)s entries of %(name)s', n, name='<A>') }}"

    assert [show(source, n=n) for n in (1, 2)] == ["1 entry of &lt;A&gt;", "2 entries of &lt;A&gt;"]


def test_where_a_template_is_no_html_nothing_is_escaped(show):
    assert show("{% autoescape false %}{{ _('%(name)s & co', name='<A>') }}{% endautoescape %}") == "<A> & co"


def test_numbers_that_fill_a_text_stay_numbers(show):
    assert show("{{ _('%(part)d of %(all).1f hours', part=3, all=7.25) }}") == "3 of 7.2 hours"


def test_each_reader_has_their_own_words_in_one_process(show):
    source = "{% macro words() %}{{ _('Invoice') }}{% endmacro %}{{ words() }}{% if true %} {{ _('Hours') }}{% endif %}"
    english = show(source)

    german = show(source, language="de")

    assert (english, show(source)) == ("Invoice Hours", "Invoice Hours")
    assert german == "Rechnung Stunden"


def test_a_name_of_the_template_is_no_text(show):
    assert (
        show("{% for _ in [double] %}{{ _('<a>') }}{% endfor %}", double=lambda text: text * 2) == "&lt;a&gt;&lt;a&gt;"
    )


@pytest.mark.parametrize("name", ["דנה כהן", "فاطمة", "Dana דנה"])
def test_a_name_from_right_to_left_turns_nothing_around_it(show, name):
    assert show("{{ _('%(name)s said', name=name) }}", name=name) == f"\u2068{name}\u2069 said"


@pytest.mark.parametrize("name", ["Ida", "Kühn", "Łukasz", "中村", 5])
def test_any_other_name_stands_as_it_is(show, name):
    assert show("{{ _('%(name)s said', name=name) }}", name=name) == f"{name} said"
