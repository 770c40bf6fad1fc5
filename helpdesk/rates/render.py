"""The values that the pages of rates show: which row is in force, what comes after it, and what never counts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import Any

from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import lazy_gettext as _l
from helpdesk.infra.policy import APPROVERS, Actor
from helpdesk.infra.web import day_filter
from helpdesk.rates.domain import LEVELS
from helpdesk.rates.queries import RateLine, RoundingLine
from helpdesk.rates.timeline import Placed, place_all

NOTHING = "\N{EN DASH}"
LEVEL_NAMES = {
    ("project", "person"): _l("Project and person"),
    ("project", "work_type"): _l("Project and work type"),
    ("project",): _l("Project"),
    ("client", "person"): _l("Client and person"),
    ("client", "work_type"): _l("Client and work type"),
    ("client",): _l("Client"),
    ("person", "work_type"): _l("Person and work type"),
    ("work_type",): _l("Work type"),
    ("person",): _l("Person"),
    (): _l("Company"),
}

MODE_NAMES = {
    "up": _l("Up to the step"),
    "nearest": _l("To the nearest step"),
    "down": _l("Down to the step"),
    "none": _l("Not at all"),
}
SCOPE_NAMES = {"entry": _l("each entry"), "day": _l("each person's day"), "ticket": _l("each ticket's month")}


@dataclass(frozen=True)
class RateRow:
    """One rate as a row. ``state`` is planned, in_force or ended; ``until`` is its last day, None where none is known.

    ``unused`` says why it never counts, empty where it does.
    """

    id: int
    level: tuple[str, ...]
    who: str
    amount_minor: int
    currency: str
    effective_on: date
    until: date | None
    state: str
    ends_itself: bool
    unused: str


@dataclass(frozen=True)
class LevelRows:
    """The rates of one level of rule 5; ``place`` counts from 1, the first that is looked for."""

    place: int
    label: str
    rates: list[RateRow]


def rate_rows(lines: Iterable[RateLine], *, currencies: set[str], today: date) -> list[RateRow]:
    """Return the rows of rates that come by scope; those of one scope newest first."""
    return [_row(placed, currencies) for placed in place_all(lines, scope=attrgetter("scope"), today=today)]


def by_level(rows: Iterable[RateRow]) -> list[LevelRows]:
    """Return the rows under the names of their levels, in the order in which these are looked for."""
    return [
        LevelRows(LEVELS.index(level) + 1, level_name(level), list(own))
        for level, own in groupby(rows, key=attrgetter("level"))
    ]


def level_name(level: tuple[str, ...]) -> str:
    """Return what people call a level."""
    return str(LEVEL_NAMES[level])


def may_change(line: RateLine, actor: Actor) -> bool:
    """Whether the actor sets rates of this kind: general ones are for managers."""
    return line.client_name is not None or actor.is_one_of(APPROVERS)


def scope_of(line: RateLine) -> dict[str, Any]:
    """Return what fills in the form for the rate that follows this one."""
    ids = {"client": line.client_id, "project": line.project_id, "person": line.person_id}
    return {**ids, "work_type": line.work_type_id, "currency": line.currency}


def why_unused(currencies: set[str], currency: str, client_name: str = "") -> str:
    """Return why a rate in ``currency`` never counts where only ``currencies`` are billed (rule 6), or nothing."""
    if not currencies or currency in currencies:
        return ""
    if client_name:
        billed = ", ".join(sorted(currencies))
        return _("Never counts: %(client)s is billed in %(currency)s.", client=client_name, currency=billed)
    return _("Never counts: no client is billed in %(currency)s.", currency=currency)


def day_of(text: str) -> date:
    """Return the day of an address, ``2026-03-01``.

    Raises:
        ValueError: it is none.
    """
    return date.fromisoformat(text)


def rounding_columns() -> list[str]:
    """Return the heads of the columns of rounding policies, after that which says for whom."""
    return [_("Rounding"), _("At least"), _("Once for"), _("From"), _("Until")]


def rounding_rows(lines: Iterable[RoundingLine], *, today: date) -> list[dict[str, Any]]:
    """Return the rows of rounding policies that come by client, newest first: .state .cells, the first for whom."""
    return [_rounding_row(placed) for placed in place_all(lines, scope=attrgetter("client_id"), today=today)]


def _rounding_row(placed: Placed[RoundingLine]) -> dict[str, Any]:
    line = placed.row
    step = _("%(minutes)s min", minutes=line.step_minutes)
    grace = _("%(seconds)s s of grace", seconds=line.grace_seconds) if line.grace_seconds else ""
    mode = str(MODE_NAMES[line.mode]) if line.mode == "none" else f"{MODE_NAMES[line.mode]}, {step}"
    least = _("%(minutes)s min", minutes=line.minimum_minutes) if line.minimum_minutes else NOTHING
    return {
        "state": placed.state.value,
        "cells": [
            line.client_name or _("All others"),
            f"{mode}, {grace}" if grace else mode,
            least,
            str(SCOPE_NAMES[line.scope]),
            day_filter(line.effective_on),
            day_filter(placed.until) if placed.until else NOTHING,
        ],
    }


def _row(placed: Placed[RateLine], currencies: set[str]) -> RateRow:
    line = placed.row
    return RateRow(
        id=line.id,
        level=line.level,
        who=_who(line),
        amount_minor=line.amount_minor,
        currency=line.currency,
        effective_on=line.effective_on,
        until=placed.until,
        state=placed.state.value,
        ends_itself=line.ends_on is not None,
        unused=why_unused(
            {line.client_currency} if line.client_currency else currencies, line.currency, line.client_name or ""
        ),
    )


def _who(line: RateLine) -> str:
    names = (line.client_name, line.project_name, line.person_name, line.work_type_name)
    return ", ".join(name for name in names if name) or _("Everything without a rate of its own")
