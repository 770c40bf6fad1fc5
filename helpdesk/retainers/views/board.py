"""The board of all retainers."""

from datetime import datetime

from flask import render_template
from sqlalchemy.orm import Session

from helpdesk.infra import clock
from helpdesk.infra.db import read_session
from helpdesk.infra.export.columns import Sheet
from helpdesk.infra.export.views import exported
from helpdesk.infra.policy import RETAINERS, current_actor, policy
from helpdesk.kernel.periods import Month
from helpdesk.retainers import alerts, exports, queries, render
from helpdesk.retainers.views.blueprint import bp, contract_day, month_asked_for, stepper


def _sheet(session: Session) -> Sheet[render.BoardRow]:
    now = clock.now()
    month = month_asked_for(now)
    return exports.board_sheet(_board_rows(session, month, now), month)


@bp.get("/retainers")
@policy(RETAINERS)
@exported(_sheet)
def board() -> str:
    """Show every agreement in force in a month, most urgent first."""
    now = clock.now()
    month = month_asked_for(now)
    return render_template(
        "retainers/board.html",
        month=stepper("retainers.board", month, now),
        rows=_board_rows(read_session(), month, now),
        can_add=True,
    )


def _board_rows(session: Session, month: Month, now: datetime) -> list[render.BoardRow]:
    """Return the agreements in force in a month whose money is the actor's, most urgent first."""
    agreements = queries.visible_agreements(session, actor=current_actor())
    shelf = queries.shelf_of(
        session,
        client_ids={each.client_id for each in agreements},
        with_rates=False,
        month=month,
        through=month,
        now=now,
    )
    told = alerts.told(session, [agreement.id for agreement in agreements])
    rows = []
    for agreement in agreements:
        view = shelf.month_view(agreement, month=month, now=now)
        if view is not None:
            before = [period for at, period in sorted(shelf.closed.get(agreement.id, {}).items()) if at < month]
            heard = told.get((agreement.id, view.span.first), ())
            rows.append(render.board_row(view, as_of=contract_day(agreement, now), before=before, told=heard))
    return sorted(rows, key=lambda row: (-row.used_percent, row.client_name.casefold()))
