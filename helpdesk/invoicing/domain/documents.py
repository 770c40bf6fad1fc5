"""Numbers of documents and the one text that an issued document is (docs/billing.md rule 19)."""

import hashlib
import json
import re

from helpdesk.company.domain import check_number_pattern
from helpdesk.kernel.errors import RuleViolation

Json = str | int | bool | None | list["Json"] | dict[str, "Json"]

_FIELD = re.compile(r"\{(year|number)(?::0([1-9]))?\}")


def format_number(pattern: str, *, year: int, number: int) -> str:
    """Return the number of a document: ``HO-{year}-{number:04}`` with 2026 and 7 -> ``HO-2026-0007``.

    Only the two fields are put in; nothing of the pattern is ever evaluated.

    Raises:
        RuleViolation: the pattern is none (see `check_number_pattern`), so that two documents could share a number.
    """
    values = {"year": year, "number": number}
    return _FIELD.sub(lambda match: str(values[match[1]]).zfill(int(match[2] or 0)), check_number_pattern(pattern))


def canonical_json(document: Json) -> str:
    """Return the one text that stands for ``document``: sorted keys, no spaces, no floats, non-ASCII as it is.

    Raises:
        RuleViolation: a value is neither text, whole number, boolean, null, list nor object with text keys.
    """
    _refuse_what_is_not_exact(document)
    return json.dumps(document, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))


def _refuse_what_is_not_exact(value: object) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                message = f"{key!r} is no text; the fields of a document have names"
                raise RuleViolation(message)
            _refuse_what_is_not_exact(item)
    elif isinstance(value, list):
        for item in value:
            _refuse_what_is_not_exact(item)
    elif not (value is None or isinstance(value, str | int)):
        message = f"{value!r} has no exact form in a document; write amounts as text"
        raise RuleViolation(message)


def sha256_of(text: str) -> str:
    """Return the SHA-256 of the UTF-8 bytes of ``text`` in lower-case hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()
