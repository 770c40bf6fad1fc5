"""Words for tickets and tasks that several pages share, in the reader's language."""

from helpdesk.infra.i18n import gettext as _


def status_names() -> dict[str, str]:
    """Return the statuses of a work item."""
    return {
        "new": _("New"),
        "open": _("Open"),
        "in_progress": _("In progress"),
        "waiting": _("Waiting"),
        "solved": _("Solved"),
        "closed": _("Closed"),
    }


def priority_names() -> dict[str, str]:
    """Return the priorities of a work item."""
    return {"low": _("Low"), "normal": _("Normal"), "high": _("High"), "urgent": _("Urgent")}
