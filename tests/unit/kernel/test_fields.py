"""Texts of people are filled by substitution alone: nothing in them, or in what is filled in, ever runs."""

import pytest

from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.fields import check_fields, field, filled


def test_fields_are_filled_once_and_what_they_bring_is_never_a_field():
    text = "{{client}} owes {{ total }}, {{other}} {% if x %} {{ 7*7 }}"

    assert filled(text, {"client": "{{total}}", "total": "5"}) == "{{total}} owes 5, {{other}} {% if x %} {{ 7*7 }}"
    assert field("client") == "{{client}}"


@pytest.mark.parametrize(
    "text",
    ["{{totl}}", "{{ 7*7 }}", "{{client", "client}}", "{{client.name}}", "{{client.}}", "{{a.b.c}}", "{{{{client}}}}"],
)
def test_a_text_with_an_unknown_field_or_stray_braces_is_refused_at_its_place(text):
    with pytest.raises(RuleViolation) as refused:
        check_fields(text, ("client", "total"), at="above")

    assert refused.value.field == "above"


def test_a_text_with_known_fields_and_single_braces_is_taken():
    text = "{{client}}: {{ total }} {a} 50 %"

    assert check_fields(text, ("client", "total")) == text


def test_a_name_of_two_parts_is_one_name():
    text = "#{{ticket.number}} {{ ticket.subject }}"

    assert check_fields(text, ("ticket.number", "ticket.subject")) == text
    assert filled(text, {"ticket.number": "7"}) == "#7 {{ ticket.subject }}"
