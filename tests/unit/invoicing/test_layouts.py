"""What a template may say of an invoice's look, and what is refused beside its field."""

import pytest

from helpdesk.invoicing.domain.layout import Layout, check_accent, contrast_with_white
from helpdesk.kernel.errors import RuleViolation


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ({"accent": "red"}, "accent"),
        ({"accent": "#fff"}, "accent"),
        ({"accent": "#2152CC"}, "accent"),
        ({"accent": "#000000; }"}, "accent"),
        ({"accent": "#ffee00"}, "accent"),
        ({"above": "Dear {{cleint}}"}, "above"),
        ({"below": "{{ 7 * 7 }}"}, "below"),
        ({"terms": "{{client"}, "terms"),
        ({"paper": "A5"}, "paper"),
        ({"language": "xx"}, "language"),
        ({"columns": ("cost",)}, "columns"),
        ({"line_columns": ("quantity", "discount")}, "line_columns"),
    ],
)
def test_what_cannot_be_printed_is_refused_beside_its_field(said, at):
    with pytest.raises(RuleViolation) as refused:
        Layout(**said)

    assert refused.value.field == at


def test_the_contrast_of_a_colour_is_that_of_wcag():
    assert (round(contrast_with_white("#000000"), 2), round(contrast_with_white("#ffffff"), 2)) == (21.0, 1.0)
    assert check_accent("#767676") == "#767676"


def test_a_layout_is_kept_and_read_as_it_was_and_an_older_document_looks_as_ever():
    layout = Layout(accent="#7a1f3d", paper="Letter", above="For {{client}}", line_columns=("tax",), columns=("day",))

    assert Layout.of(layout.as_json()) == layout
    assert Layout.of({}) == Layout()
    assert Layout.of({"line_columns": []}).shown_columns(is_mixed=False) == frozenset()


def test_lines_that_differ_in_tax_always_say_theirs():
    assert Layout().shown_columns(is_mixed=True) == {"detail", "quantity", "price", "tax"}
    assert Layout(line_columns=()).shown_columns(is_mixed=True) == {"tax"}
