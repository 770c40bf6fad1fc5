"""Where one can go, in one table: the rail of every page and the palette are made of it."""

from dataclasses import dataclass

from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.links import url_for


@dataclass(frozen=True)
class Place:
    """A section: how it is called, its icon, the keys that lead there, its address."""

    key: str
    label: str
    icon: str
    keys: str
    url: str


def places(*, close_month: str) -> dict[str, Place]:
    """Return all sections by their key, in the order of the rail; ``close_month`` is where month-end begins."""
    return {
        place.key: place
        for place in (
            Place("desk", _("Desk"), "inbox", "g d", url_for("desk.queue")),
            Place("time", _("Time"), "clock-hour-4", "g t", url_for("timekeeping.week")),
            Place("expenses", _("Expenses"), "receipt", "g x", url_for("expenses.index")),
            Place("approvals", _("Approvals"), "checkbox", "g a", url_for("timekeeping.approvals")),
            Place("projects", _("Projects"), "layout-kanban", "g p", url_for("projects.index")),
            Place("retainers", _("Retainers"), "gauge", "g r", url_for("retainers.board")),
            Place("invoices", _("Invoices"), "file-invoice", "g i", url_for("invoicing.index")),
            Place("close", _("Month-end"), "calendar-check", "g m", url_for("invoicing.close", month=close_month)),
            Place("clients", _("Clients"), "building", "g c", url_for("clients.index")),
            Place("rates", _("Rates"), "coin", "g e", url_for("rates.index")),
            Place("inbound", _("Inbound log"), "mail", "g l", url_for("intake.log")),
            Place("settings", _("Settings"), "settings", "g s", url_for("company.settings")),
        )
    }
