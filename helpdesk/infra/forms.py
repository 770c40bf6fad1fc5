"""The form that every page uses: it knows what it asked for, and refuses what it did not."""

from collections.abc import Iterable
from typing import Any

from flask import request
from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from helpdesk.infra.i18n import gettext as _
from helpdesk.kernel.errors import RuleViolation

FORM_KEY = "form_key"
"""The field by which a form says which one it is, so that it is good for one act (docs/answering.md rule 30)."""
EVERY_FORM = frozenset({"csrf_token", "next", FORM_KEY})


class StrictForm(FlaskForm):  # type: ignore[misc]
    """A form that refuses fields it does not have: nobody sets a column by adding its name to a request.

    ``csrf_token``, ``next`` and the key of the form may always come along. Texts are stripped of spaces around them;
    control characters, which no database or mail header takes, are refused, and so are line breaks where one line is
    asked for.
    """

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """Every text field is stripped; passwords are taken as typed."""

        def get_translations(self, form: Any) -> None:  # noqa: ANN401 - WTForms has no types here
            """Leave WTForms' own words in English, as the pages are: else it reads its catalogue anew each time."""

        def bind_field(self, form: Any, unbound_field: Any, options: dict[str, Any]) -> Any:  # noqa: ANN401 - as above
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

    def validate(self, extra_validators: Any = None) -> bool:  # noqa: ANN401 - as above
        """Return whether every field is right; errors stand at the fields."""
        right = bool(super().validate(extra_validators))
        for field in self:
            if isinstance(field, StringField) and has_control_characters(field.data, lines=_has_lines(field)):
                field.errors = [*field.errors, _("Control characters and line breaks do not belong here.")]
                right = False
        return right

    @property
    def errors(self) -> dict[str | None, Any]:
        """What is wrong, by field; what concerns the form as a whole stands under None."""
        return {name or None: errors for name, errors in super().errors.items()}

    def values(self) -> dict[str, Any]:
        """Return what was sent, by the names of the fields; a text that is missing is empty."""
        return {
            field.name: "" if field.data is None and isinstance(field, StringField) else field.data
            for field in self
            if field.name not in EVERY_FORM
        }

    def refuse(self, refusal: RuleViolation | str, field: str | None = None) -> None:
        """Show a refusal at the head of the form, or at one of its fields: ``field``, else the one that it names."""
        named = getattr(refusal, "field", None)
        field = field or (named if named in self else None)
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


def has_control_characters(value: str | None, *, lines: bool) -> bool:
    """Whether a text holds characters below a space, apart from tabs and line breaks where there may be ``lines``."""
    allowed = "\t\r\n" if lines else ""
    return any((sign < " " or sign == "\x7f") and sign not in allowed for sign in value or "")


def _has_lines(field: StringField) -> bool:
    return isinstance(field, (TextAreaField, PasswordField))


def stripped(value: str | None) -> str | None:
    """Return the text without the spaces around it."""
    return value.strip() if value else value


def optional_id(value: str | int | None) -> int | None:
    """Coerce the value of a select field whose empty choice means nobody or nothing.

    Raises:
        ValueError: neither empty nor a number, which the field reports as no valid choice.
    """
    return int(value) if value not in {None, ""} else None


def capitals(value: str | None) -> str | None:
    """Return a code in capitals, as currencies and countries are written."""
    return value.upper() if value else value


def options(pairs: Iterable[tuple[object, object]]) -> Any:  # noqa: ANN401 - the stubs of WTForms know tuples only
    """Return the choices of a select field from pairs of value and label."""
    return [SelectChoice(value, label) for value, label in pairs]
