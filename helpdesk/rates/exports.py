"""Rates, rounding, kinds of work and costs as tables."""

from datetime import date

from sqlalchemy.orm import Session

from helpdesk.infra.export.columns import Column, Sheet, amount, day, number, text, yes
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import Actor
from helpdesk.rates import queries, render
from helpdesk.rates.models import WorkType
from helpdesk.rates.queries import CostLine, RoundingLine
from helpdesk.rates.render import RateRow
from helpdesk.rates.timeline import Placed, place_all


def rates_sheet(session: Session, *, actor: Actor, today: date, shows_ended: bool) -> Sheet[RateRow]:
    """Return the rates that the actor may see, in the order in which they apply."""
    states = _state_names()
    rows = render.rate_rows(
        queries.lines(session, actor=actor), currencies=queries.client_currencies(session), today=today
    )
    columns: list[Column[RateRow]] = [
        text(_("Level"), lambda row: render.level_name(row.level)),
        text(_("For"), lambda row: row.who),
        amount(_("An hour"), lambda row: (row.amount_minor, row.currency)),
        text(_("Currency"), lambda row: row.currency),
        day(_("From"), lambda row: row.effective_on),
        day(_("Until"), lambda row: row.until),
        text(_("State"), lambda row: states[row.state]),
        text(_("Remark"), lambda row: row.unused),
    ]
    return Sheet("rates", columns, [row for row in rows if shows_ended or row.state != "ended"])


def rounding_sheet(session: Session, *, actor: Actor, today: date) -> Sheet[Placed[RoundingLine]]:
    """Return the rounding policies that the actor may see, the default first, each newest first."""
    lines = queries.rounding_lines(session, actor=actor)
    states = _state_names()
    columns: list[Column[Placed[RoundingLine]]] = [
        text(_("For"), lambda placed: placed.row.client_name or _("All others")),
        text(_("Rounding"), lambda placed: str(render.MODE_NAMES[placed.row.mode])),
        number(_("Step (min)"), lambda placed: placed.row.step_minutes),
        number(_("At least (min)"), lambda placed: placed.row.minimum_minutes),
        number(_("Grace (s)"), lambda placed: placed.row.grace_seconds),
        text(_("Once for"), lambda placed: str(render.SCOPE_NAMES[placed.row.scope])),
        day(_("From"), lambda placed: placed.row.effective_on),
        day(_("Until"), lambda placed: placed.until),
        text(_("State"), lambda placed: states[placed.state.value]),
    ]
    return Sheet("rounding", columns, place_all(lines, scope=lambda line: line.client_id, today=today))


def costs_sheet(session: Session, *, today: date) -> Sheet[Placed[CostLine]]:
    """Return what people cost, by name, newest first. Only for those who may see costs (rule 7)."""
    states = _state_names()
    columns: list[Column[Placed[CostLine]]] = [
        text(_("Person"), lambda placed: placed.row.person_name),
        amount(_("An hour"), lambda placed: (placed.row.amount_minor, placed.row.currency)),
        text(_("Currency"), lambda placed: placed.row.currency),
        day(_("From"), lambda placed: placed.row.effective_on),
        day(_("Until"), lambda placed: placed.until),
        text(_("State"), lambda placed: states[placed.state.value]),
    ]
    rows = place_all(queries.cost_lines(session), scope=lambda line: line.person_id, today=today)
    return Sheet("costs", columns, rows)


def work_types_sheet(session: Session) -> Sheet[WorkType]:
    """Return the kinds of work, those of the archive last."""
    columns: list[Column[WorkType]] = [
        text(_("Name"), lambda each: each.name),
        text(_("Billing"), lambda each: _("Billable") if each.billable else _("Not billable")),
        yes(_("New time begins with it"), lambda each: each.is_default),
        yes(_("Archived"), lambda each: each.archived_at),
    ]
    rows = [*queries.work_types(session), *queries.work_types(session, archived=True)]
    return Sheet("work types", columns, rows)


def _state_names() -> dict[str, str]:
    return {"planned": _("Planned"), "in_force": _("In force"), "ended": _("Ended")}
