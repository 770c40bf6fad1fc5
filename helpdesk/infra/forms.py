"""The form that every page uses: it knows what it asked for, and refuses what it did not."""

from collections.abc import Iterable
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField

from helpdesk.kernel.errors import RuleViolation

EVERY_FORM = frozenset({"csrf_token", "next"})


class StrictForm(FlaskForm):  # type: ignore[misc]
    """A form that refuses fields it does not have: nobody sets a column by adding its name to a request.

    ``csrf_token`` and ``next`` may always come along. Texts are stripped of spaces around them.
    """

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """Every text field is stripped; passwords are taken as typed."""

        def bind_field(self, form: Any, unbound_field: Any, options: dict[str, Any]) -> Any:  # noqa: ANN401 - WTForms has no types here
            """Return the field, with stripping added to text."""
            field = super().bind_field(form, unbound_field, options)
            if isinstance(field, StringField) and not isinstance(field, PasswordField):
                field.filters = (*field.filters, stripped)
            return field

    def validate_on_submit(self, extra_validators: Any = None) -> bool:  # noqa: ANN401 - as above
        """Return whether the form was sent and every field is right.

        Raises:
            RuleViolation: the request has fields that this form does not.
        """
        if self.is_submitted():
            refuse_unknown((*request.form, *request.files), known=[field.name for field in self])
        return bool(super().validate_on_submit(extra_validators))

    def refuse(self, refusal: RuleViolation | str, field: str | None = None) -> None:
        """Show a refusal at the head of the form, or at one of its fields."""
        if field is None:
            self.form_errors.append(str(refusal))
        else:
            self[field].errors = [*self[field].errors, str(refusal)]


def refuse_unknown(sent: Iterable[str], *, known: Iterable[str]) -> None:
    """Refuse names that nobody asked for.

    Raises:
        RuleViolation: there is such a name; the message lists them.
    """
    unknown = sorted(set(sent) - set(known) - EVERY_FORM)
    if unknown:
        raise RuleViolation(_("This form has no field %(names)s. Nothing was saved.", names=", ".join(unknown)))


def stripped(value: str | None) -> str | None:
    """Return the text without the spaces around it."""
    return value.strip() if value else value


def optional_id(value: str | int | None) -> int | None:
    """Coerce the value of a select field whose empty choice means nobody or nothing.

    Raises:
        ValueError: neither empty nor a number, which the field reports as no valid choice.
    """
    return int(value) if value not in {None, ""} else None
