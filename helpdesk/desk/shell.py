"""What the frame around every page shows: sections, counts, the running timer."""


def context() -> dict[str, object]:
    """Return the variables that ``layout.html`` reads."""
    return {}
