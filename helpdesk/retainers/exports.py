"""The board of retainers as a table."""

from collections.abc import Iterable

from helpdesk.infra.export.columns import Column, Sheet, hours, number, text
from helpdesk.infra.i18n import gettext as _
from helpdesk.kernel.periods import Month
from helpdesk.retainers.render import BoardRow


def board_sheet(rows: Iterable[BoardRow], month: Month) -> Sheet[BoardRow]:
    """Return the agreements of the board in a month, in its order."""
    columns: list[Column[BoardRow]] = [
        text(_("Client"), lambda row: row.client_name),
        text(_("Month"), lambda _row: str(month)),
        text(_("Plan"), lambda row: row.plan),
        hours(_("Allowance"), lambda row: row.allowance_seconds),
        text(_("Of it"), lambda row: row.allowance_note),
        hours(_("Used"), lambda row: row.used_seconds),
        hours(_("Pending"), lambda row: row.pending_seconds),
        hours(_("Left"), lambda row: row.left_seconds),
        number(_("Used (%)"), lambda row: row.used_percent),
        text(_("Forecast"), lambda row: row.forecast),
        text(_("Alert"), lambda row: f"{row.alert.text} {row.alert.note}".strip() if row.alert else ""),
        text(_("Told"), lambda row: row.told),
    ]
    return Sheet(f"retainers {month}", columns, rows)
