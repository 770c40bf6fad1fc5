"""Words of service levels."""

from helpdesk.infra.i18n import lazy_gettext as _l

TARGET_NAMES = {
    "first_answer": _l("First answer"),
    "next_answer": _l("Next answer"),
    "resolution": _l("Solution"),
}
_TOLD = {
    ("first_answer", "met"): "first answer in time",
    ("first_answer", "missed"): "first answer overdue",
    ("next_answer", "met"): "answer in time",
    ("next_answer", "missed"): "answer overdue",
    ("resolution", "met"): "solved in time",
    ("resolution", "missed"): "solution overdue",
}


def told_line(target: str, told: str) -> str:
    """Return the line of a ticket's history that says how a target went; in English, like all of them."""
    return _TOLD[target, told]
