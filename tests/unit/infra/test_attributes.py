"""Attributes of fields are those that WTForms writes."""

from importlib.machinery import SourceFileLoader
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from wtforms import BooleanField, Form, SelectField, StringField, TextAreaField
from wtforms.widgets import core

from helpdesk.infra import attributes
from helpdesk.infra.forms import options

NAMES = st.sampled_from(["class", "class_", "data-shows", "data_a_b", "aria_label", "id", "value", "checked", "for_"])
VALUES = st.one_of(
    st.booleans(), st.integers(), st.none(), st.text(), st.text().map(Markup), st.sampled_from(["<\"'&>", Markup('"')])
)


def as_wtforms_has_it():
    """Return the module of widgets as it is without us."""
    loader = SourceFileLoader("wtforms.widgets.as_it_was", core.__file__)
    module = ModuleType(loader.name)
    loader.exec_module(module)
    return module


THEIRS = as_wtforms_has_it()


@given(st.dictionaries(NAMES, VALUES))
def test_any_attributes_are_written_alike(asked):
    assert attributes.attributes(**asked) == THEIRS.html_params(**asked)


class Some(Form):
    name = StringField()
    text = TextAreaField()
    kind = SelectField(choices=options([("", "None"), ("1", "<One>"), (chr(34), "Quoted")]))
    done = BooleanField()


@pytest.mark.parametrize("name", ["name", "text", "kind", "done"])
def test_widgets_draw_with_them_what_they_drew_before(name, monkeypatch):
    attributes.mount()
    form = Some(name='a "name" & <b>', text="</textarea>", kind='"', done=True)
    ours = form[name](class_="input", data_shows="x<", required=True)

    monkeypatch.setattr(form[name], "widget", getattr(THEIRS, type(form[name].widget).__name__)())

    assert core.html_params is attributes.attributes
    assert ours == form[name](class_="input", data_shows="x<", required=True)
    assert form[name].widget.__module__ == "wtforms.widgets.as_it_was"
