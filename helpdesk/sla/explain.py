"""Why a ticket is due when it is: each clock with its stretches, derived anew, in words (docs/sla.md rule 22)."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from helpdesk.infra.i18n import gettext as _
from helpdesk.kernel.dates import instant_words
from helpdesk.sla import queries
from helpdesk.sla.domain.clocks import Clock
from helpdesk.sla.domain.promises import written_budget
from helpdesk.sla.render import TARGET_NAMES


@dataclass(frozen=True)
class Reason:
    """One clock: what it promises, how it stands (on_track, at_risk, overdue, paused, met, missed) and why."""

    target: str
    state: str
    budget: str
    outcome: str
    lines: list[str]


@dataclass(frozen=True)
class Explanation:
    """All clocks of a ticket, and what they are measured by."""

    policy_name: str
    calendar_name: str
    hours: str
    zone: str
    holidays: int
    reasons: list[Reason]


def explain(session: Session, item_id: int, *, now: datetime) -> Explanation | None:
    """Return why the ticket is due when it is; None where nothing is measured."""
    promises = queries.promises(session)
    found = queries.measure(session, [item_id], promises).get(item_id) if promises.any_on else None
    if found is None:
        return None
    calendar = promises.calendar_of(found.policy)
    told = {(row.target, row.started_at): row for row in queries.stored_clocks(session, [item_id])}
    reasons = []
    for clock in found.clocks:
        row = told.get((clock.target, clock.started_at))
        was_missed = row.missed if row is not None and clock.state == "stopped" else clock.is_missed(now)
        reasons.append(_reason(clock, now, calendar.zone, was_missed=was_missed))
    return Explanation(
        found.policy.name,
        found.policy.calendar.name,
        found.policy.calendar.hours,
        str(calendar.zone),
        len(calendar.holidays),
        reasons,
    )


def standing(*, state: str, due_at: datetime | None, at_risk_at: datetime | None, now: datetime) -> str:
    """Return how what is due next stands: on_track, at_risk, overdue or paused; empty where nothing is."""
    if state != "running" or due_at is None:
        return "paused" if state == "paused" else ""
    if due_at < now:
        return "overdue"
    return "at_risk" if at_risk_at is not None and at_risk_at <= now else "on_track"


def _reason(clock: Clock, now: datetime, zone: ZoneInfo, *, was_missed: bool) -> Reason:
    if clock.state == "stopped":
        state = "missed" if was_missed else "met"
    elif was_missed:
        state = "overdue"
    else:
        state = standing(state=clock.state, due_at=clock.due_at, at_risk_at=clock.at_risk_at, now=now)
    return Reason(
        str(TARGET_NAMES[clock.target]),
        state,
        written_budget(clock.budget_seconds),
        _outcome(clock, state, zone),
        _lines(clock, zone),
    )


def _outcome(clock: Clock, state: str, zone: ZoneInfo) -> str:
    due = instant_words(clock.due_at, zone) if clock.due_at is not None else ""
    if clock.stopped_at is not None:
        done = instant_words(clock.stopped_at, zone)
        if state == "missed":
            return _("Done on %(done)s.", done=done)
        return _("Done on %(done)s, in time.", done=done)
    if not due:
        left = written_budget(clock.budget_seconds - clock.used_seconds) or _("less than a minute")
        return _("%(left)s of working time are left once it goes on.", left=left)
    if state == "overdue":
        return _("It was due on %(due)s.", due=due)
    return _("Due on %(due)s.", due=due)


def _lines(clock: Clock, zone: ZoneInfo) -> list[str]:
    if not clock.stretches:
        return [_("It has not begun to run.")]
    whys = {
        "waiting": _("then it waited on the client"),
        "solved": _("then it was solved"),
        "closed": _("then it was closed"),
        "snoozed": _("then it was snoozed"),
    }
    lines = []
    for stretch in clock.stretches:
        start = instant_words(stretch.start, zone)
        if stretch.end is None:
            lines.append(_("From %(start)s on it runs.", start=start))
            continue
        used = written_budget(stretch.seconds) or _("less than a minute")
        words = _("%(start)s to %(end)s: %(used)s used", start=start, end=instant_words(stretch.end, zone), used=used)
        lines.append(f"{words}, {whys[stretch.why]}." if stretch.why else f"{words}.")
    return lines
