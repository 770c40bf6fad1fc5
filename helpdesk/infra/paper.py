"""Sheets of paper: which size a reader's printer holds, and how a style sheet asks for it."""

A4, LETTER = "A4", "Letter"
PAPERS = (A4, LETTER)
LETTER_COUNTRIES = frozenset({"US", "CA", "MX", "CL", "CO", "VE", "PH", "GT", "SV", "CR", "PA", "DO", "NI", "PR"})


def paper_of(country: str) -> str:
    """Return the sheet of a country (ISO 3166-1 alpha-2): ``Letter`` in most of America, else ``A4``."""
    return LETTER if country.upper() in LETTER_COUNTRIES else A4


def page_css(paper: str) -> str:
    """Return the rule that gives a document its sheet, to be put behind its style sheet."""
    return f"@page {{ size: {paper if paper in PAPERS else A4}; }}\n"
