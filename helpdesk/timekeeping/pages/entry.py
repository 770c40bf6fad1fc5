"""What the page of one time entry shows: its facts, what may be done with it, and its history."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.models import AuditRow
from helpdesk.infra.policy import APPROVERS, LOCKED_TIME, Actor
from helpdesk.infra.web import amount_filter, day_filter
from helpdesk.kernel.durations import format_hm
from helpdesk.kernel.periods import zone_named
from helpdesk.rates import queries as rates
from helpdesk.timekeeping import charging, claims, render, service
from helpdesk.timekeeping.models import TimeEntry
from helpdesk.timekeeping.queries import entries as queries
from helpdesk.timekeeping.queries.lines import of_entry

SHOWN = ("started_at", "ended_at", "note", "billable", "work_type_id", "status", "billable_seconds", "rate_minor")


@dataclass(frozen=True)
class Changed:
    """One fact that an act changed, in words; empty where there was nothing."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class HistoryLine:
    """One act on an entry: when, who, what, why."""

    at: datetime
    who: str
    what: str
    why: str
    changes: list[Changed]


def entry_page(session: Session, *, actor: Actor, entry: TimeEntry, now: datetime) -> dict[str, Any]:
    """Return what the template needs besides the form.

    ``objection`` says why nobody can change the entry; else ``held_by`` names the closed periods that a change takes
    it out of, by a reversal. ``asks_why`` where a change needs a reason.
    """
    line, approves = render.line(of_entry(entry), now=now, may_edit=True), actor.is_one_of(APPROVERS)
    held_by = [] if entry.status == "reversed" else claims.claims_of(session, entry)
    locked = service.lock_dates(session, queries.client_of(entry))
    is_locked, is_approved = locked.covers(line.day), entry.status in charging.APPROVED
    return {
        "entry": asdict(line),
        "held_by": ", ".join(claim.name for claim in held_by),
        "objection": _objection(held_by, approves=approves),
        "locked": locked.words() if is_locked else "",
        "may_change_locked": actor.is_one_of(LOCKED_TIME),
        "asks_why": is_approved or is_locked,
        "reopens": approves and is_approved and not held_by,
        "deletable": not held_by and entry.status not in {"reversed", "locked"},
        "reversal": queries.reversal_of(session, entry.id),
        "history": _history(session, entry),
    }


def _objection(held_by: list[claims.Claim], *, approves: bool) -> str:
    drafts = [claim.name for claim in held_by if claim.is_draft]
    if drafts:
        return _("It is in %(names)s. Drop that draft to change it.", names=", ".join(drafts))
    said = " ".join(claim.objection for claim in held_by if claim.objection)
    if said or not held_by or approves:
        return said
    names = ", ".join(claim.name for claim in held_by)
    return _("It is in %(names)s. A manager or an administrator can correct it.", names=names)


def _history(session: Session, entry: TimeEntry) -> list[HistoryLine]:
    rows = queries.history(session, entry.id)
    words = _Words(session, entry)
    lines = [_line(row, words) for row in rows]
    if not any(row.action in {"added", "added_for_another", "replaced"} for row in rows):
        what = _("started the timer") if entry.source == "timer" else _("wrote it")
        lines.insert(0, HistoryLine(entry.created_at, entry.person.name, what, "", []))
    return lines[::-1]


def _line(row: AuditRow, words: "_Words") -> HistoryLine:
    before, after = row.data.get("before") or {}, row.data.get("after") or {}
    return HistoryLine(
        at=row.at,
        who=row.actor_name,
        what=words.act(row),
        why=str(row.data.get("reason") or ""),
        changes=[
            Changed(words.label(name), words.value(name, before.get(name)), words.value(name, after[name]))
            for name in SHOWN
            if name in after
        ],
    )


class _Words:
    """How the facts of one entry are said: times on the clock of its contract."""

    def __init__(self, session: Session, entry: TimeEntry) -> None:
        client = queries.client_of(entry)
        self.zone: ZoneInfo = zone_named(client.time_zone)
        self.currency = entry.rate_currency or client.currency
        self.work_types = rates.work_type_names(session)

    def act(self, row: AuditRow) -> str:
        """Return what somebody did, so that it follows their name."""
        said = {
            "added": _("wrote it"),
            "added_for_another": _("wrote it on behalf"),
            "edited": _("changed it"),
            "submitted": _("submitted it"),
            "approved": _("approved it"),
            "rejected": _("rejected it"),
            "reopened": _("reopened it"),
            "reversed": _("reversed it"),
            "rounded": _("rounded it with its day or ticket"),
            "moved": _("moved its ticket to another project"),
            "put on another item": _("put it on another ticket"),
            "priced": _("gave it a price"),
            "written_off": _("wrote it off"),
            "write_off_undone": _("took back that it was written off"),
            "replaced": _("wrote it in place of the reversed entry"),
        }.get(row.action, row.action.replace("_", " "))
        if row.action == "approved" and row.data.get("billable_seconds") is not None:
            return _("approved it, billing %(time)s", time=format_hm(row.data["billable_seconds"]))
        if "locked_through" in row.data:
            return _("%(act)s, though time up to %(day)s is locked", act=said, day=row.data["locked_through"])
        return said

    def label(self, name: str) -> str:
        """Return what a fact is called."""
        return {
            "started_at": _("Start"),
            "ended_at": _("End"),
            "note": _("Note"),
            "billable": _("Billing"),
            "work_type_id": _("Work type"),
            "status": _("Status"),
            "billable_seconds": _("Bills"),
            "rate_minor": _("Rate"),
            "work_item": _("Ticket or task"),
        }[name]

    def value(self, name: str, value: Any) -> str:  # noqa: ANN401 - whatever the audit trail kept
        """Return a fact as people read it."""
        if value is None or value == "":
            return ""
        if name in {"started_at", "ended_at"}:
            local = datetime.fromisoformat(value).astimezone(self.zone)
            return f"{day_filter(local.date(), 'd MMM')} {local:%H:%M}"
        if name == "billable_seconds":
            return format_hm(value)
        if name == "rate_minor":
            return amount_filter(value, self.currency)
        if name == "work_type_id":
            return self.work_types.get(value, "")
        return (
            str(value).replace("_", " ")
            if name in {"billable", "status"}
            else f"#{value}"
            if name == "work_item"
            else str(value)
        )
