"""How an invoice looks: what a template may say of it, and what it is issued with. Pure."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.fields import check_fields

ACCENT = "#2152cc"
PAPERS = ("", "A4", "Letter")
LANGUAGES = ("", "en", "de", "es", "fr", "pt")
LINE_COLUMNS = ("position", "detail", "quantity", "price", "tax")
"""What the table of lines may have beside text and amount; ``detail``: days and people, below the text."""
AS_EVER = ("detail", "quantity", "price")
COLUMNS = ("day", "person", "work_type", "note", "worked", "billed", "rate")
"""Of each piece of work behind a line; without any, only the lines themselves are printed."""
FIELDS = ("client", "company", "number", "issued", "due", "total", "month", "order")
"""What the texts above, below and of the terms may name in two braces."""
LEAST_CONTRAST = 3.0
_COLOUR = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How an invoice looks. Empty means as before: the company's logo and terms, the client's language and sheet.

    Raises:
        RuleViolation: a colour that is none or hardly seen on paper, an unknown sheet, language, column or field.
    """

    accent: str = ACCENT
    logo_sha256: str = ""
    paper: str = ""
    language: str = ""
    above: str = ""
    below: str = ""
    terms: str = ""
    grouping_label: str = ""
    line_columns: tuple[str, ...] = AS_EVER
    columns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_accent(self.accent)
        for at in ("above", "below", "terms"):
            check_fields(getattr(self, at), FIELDS, at=at)
        for at, value, known in (("paper", self.paper, PAPERS), ("language", self.language, LANGUAGES)):
            if value not in known:
                message = f"{value!r} is not offered here."
                raise RuleViolation(message, field=at)
        for at, columns, offered in (
            ("line_columns", self.line_columns, LINE_COLUMNS),
            ("columns", self.columns, COLUMNS),
        ):
            if unknown := [each for each in columns if each not in offered]:
                message = f"{unknown[0]!r} is no column here; there are {', '.join(offered)}."
                raise RuleViolation(message, field=at)

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """Return a layout as a row or a document keeps it; what is not named there is as before."""
        known = {each.name for each in fields(cls)}
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in stored.items() if name in known
        }
        return cls(**values)

    def as_json(self) -> dict[str, Any]:
        """Return the layout as a row or a document keeps it."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    def shown_columns(self, *, is_mixed: bool) -> frozenset[str]:
        """Return what the table of lines has beside text and amount; lines whose tax ``is_mixed`` always say theirs."""
        return frozenset(self.line_columns) | ({"tax"} if is_mixed else frozenset())


def check_accent(colour: str) -> str:
    """Return a colour as ``#2152cc`` that can be read on white paper.

    Raises:
        RuleViolation: it is no such colour, or its contrast with white is below 3 to 1 (WCAG 2.2, 1.4.11).
    """
    if not _COLOUR.fullmatch(colour):
        message = f"{colour!r} is no colour; write one such as {ACCENT}."
        raise RuleViolation(message, field="accent")
    if contrast_with_white(colour) < LEAST_CONTRAST:
        message = f"{colour} is hardly seen on white paper; choose a darker one."
        raise RuleViolation(message, field="accent")
    return colour


def contrast_with_white(colour: str) -> float:
    """Return the contrast of a colour with white, from 1 to 21 (WCAG 2.2): black 21, white 1."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)  # noqa: PLR2004 - sRGB
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)
