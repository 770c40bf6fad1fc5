"""Our environment of templates draws what Flask's own does."""

import pytest
from flask import Flask
from flask.templating import Environment
from jinja2 import StrictUndefined, TemplateError, pass_context
from markupsafe import Markup

from helpdesk.infra.drawing import PageEnvironment


class Shouted(Markup):
    """Markup that is not quite Markup."""

    def __html__(self) -> "Shouted":
        return Shouted(f"{self}!")


@pass_context
def about(context, name):
    return f"<{context.resolve(name)}>"


VALUES = {
    "words": "<b>Ann's & Co</b>",
    "safe": Markup("<b>safe</b>"),
    "shouted": Shouted("<i>loud</i>"),
    "many": ["<1>", 2, None, Markup("<hr>")],
    "double": lambda text, sign="&": f"{text}{sign}{text}",
    "about": about,
}
TEMPLATES = [
    "{{ words }} {{ safe }} {{ shouted }} {{ 7 }} {{ none }} {{ words|upper }} {{ words|safe }} {{ safe ~ words }}",
    (
        "{% for each in many %}{{ loop.index }}{{ double(each) }}{{ double(each, sign=words) }}{% set own = each %}"
        "{{ about('own') }}{{ about('words') }}{% endfor %}"
    ),
    (
        "{% macro box(text, tone='plain') %}<p class='{{ tone }}'>{{ text }}</p>{% endmacro %}"
        "{{ box(words) }}{% for each in many %}{{ box(each, tone=words) }}{% endfor %}"
        "{% macro around(text) %}{{ text }}{{ caller() }}{% endmacro %}{% call around('<') %}{{ words }}{% endcall %}"
    ),
    "{% macro any() %}{{ varargs|join }}{{ kwargs.sign }}{% endmacro %}{{ any(words, safe, sign='<') }}",
    "{% autoescape false %}{{ words }}{{ double(words) }}{% endautoescape %}",
    "{% set kept %}{{ words }}{% endset %}{{ kept }}{% block part %}{{ double(kept) }}{% endblock %}",
]


def drawn(environment, source):
    app = Flask(__name__)
    jinja = environment(app, autoescape=True, undefined=StrictUndefined)
    return jinja.from_string(source).render(**VALUES)


@pytest.mark.parametrize("source", TEMPLATES)
def test_a_page_looks_as_flask_draws_it(source):
    assert drawn(PageEnvironment, source) == drawn(Environment, source)


@pytest.mark.parametrize("source", ["{{ nothing }}", "{{ nothing() }}", "{{ many.nothing }}"])
def test_what_is_missing_is_an_error(source):
    with pytest.raises(TemplateError):
        drawn(PageEnvironment, source)
