"""People's texts with fields: ``{{client}}`` becomes the client's name, and nothing else ever happens.

A name may have two parts, as ``{{ticket.number}}``: it is a name all the same, and reaches into nothing. A text is
filled in one pass, so that what a field brings along is never read as a field.
"""

import re
from collections.abc import Collection, Mapping

from helpdesk.kernel.errors import RuleViolation

_FIELD = re.compile(r"\{\{[ \t]*([a-z_]{1,40}(?:\.[a-z_]{1,40})?)[ \t]*\}\}")


def field(name: str) -> str:
    """Return how a text asks for a field: ``{{client}}``."""
    return f"{{{{{name}}}}}"


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return the text with its fields filled in; one that has no value stays as it stands."""
    return _FIELD.sub(lambda found: values.get(found[1], found[0]), text)


def named_in(text: str) -> set[str]:
    """Return the names of the fields that a text asks for."""
    return set(_FIELD.findall(text))


def check_fields(text: str, known: Collection[str], *, at: str | None = None) -> str:
    """Return the text where each of its fields is known; ``at`` is the form's field that a refusal stands beside.

    Raises:
        RuleViolation: an unknown field, or braces that are none.
    """
    unknown = sorted(named_in(text) - {*known})
    if unknown:
        names = ", ".join(map(field, unknown))
        message = f"{names} is no field of this text; there are {', '.join(map(field, known))}."
        raise RuleViolation(message, field=at)
    rest = _FIELD.sub("", text)
    if "{{" in rest or "}}" in rest:
        message = f"Two braces belong to a field such as {field(next(iter(known)))}, with nothing else between them."
        raise RuleViolation(message, field=at)
    return text
