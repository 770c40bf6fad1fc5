"""Texts that a spreadsheet would take for formulas: guarded where CSV goes out, plain again where it comes in."""

import re

_SIGNS = "=+\\-@\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH HYPHEN-MINUS}\N{FULLWIDTH COMMERCIAL AT}"
_STARTS = re.compile(rf"[\t\r\n]|\s*[{_SIGNS}]")
_WITHIN = rf"(?= *[{_SIGNS}][^;\t\r\n]*[(|!])"
_INSIDE = re.compile(rf"(?<=[;\t\r\n]){_WITHIN}")
_GUARDED_INSIDE = re.compile(rf"(?<=[;\t\r\n])'{_WITHIN}")


def harmless(text: str) -> str:
    """Return the text with an apostrophe before what a spreadsheet would take for a formula (OWASP, CSV injection).

    ``=1+1`` -> ``'=1+1``, ``+49 30 1234`` -> ``'+49 30 1234``; a tab or a line break at the start counts as well.
    Inside a text the same is done behind a semicolon, tab or line break, where a spreadsheet that takes the
    semicolon for the separator begins a cell, if what follows calls or refers to something: ``a;=B("x")``.
    """
    inside = _INSIDE.sub("'", text)
    return f"'{inside}" if begins_formula(inside) else inside


def begins_formula(text: str) -> bool:
    """Return whether a spreadsheet would reckon with a cell that is typed like this."""
    return _STARTS.match(text) is not None


def plain_cell(cell: str) -> str:
    """Return a cell without the spaces around it, and without the apostrophes that keep it from being a formula.

    Other systems write them as we do: ``'=1+1`` -> ``=1+1``.
    """
    text = cell.strip()
    if text.startswith("'") and _STARTS.match(text, 1):
        text = text[1:]
    return _GUARDED_INSIDE.sub("", text)
