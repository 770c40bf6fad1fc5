"""Late time that nobody pays for: written off with a reason, and taken back (docs/billing.md rule 12).

A charge of its own kind holds all billable seconds of the entry: no month draws them, and no invoice bills them.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from helpdesk.infra.models import AuditRow
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.kernel.periods import Month, local_month
from helpdesk.projects.models import Project, WorkItem
from helpdesk.retainers import queries
from helpdesk.retainers.books import Bookkeeping
from helpdesk.retainers.models import Agreement
from helpdesk.retainers.worked import Worked
from helpdesk.timekeeping import charging, claims
from helpdesk.timekeeping.charging import ChargeRange
from helpdesk.timekeeping.claims import Claimant
from helpdesk.timekeeping.models import TimeEntry
from helpdesk.timekeeping.queries.entries import entries_by_id
from helpdesk.timekeeping.service import history

HOLDER = "write_off"
ACT, UNDONE = "written_off", "write_off_undone"


def _name(_entry_id: int, _nothing: object) -> str:
    return "a write-off on the page of its retainer"


def _objection(_session: Session, _entry: TimeEntry, _entry_id: int) -> str:
    return "It was written off; take that back on the page of its retainer first."


charging.name_holders(HOLDER, _name)
claims.register(HOLDER, Claimant(objection=_objection))


@dataclass(frozen=True)
class WrittenOff:
    """An entry that was written off, why, and by whom."""

    entry: TimeEntry
    reason: str
    by: str


def late_in(book: Bookkeeping, month: Month) -> list[Worked]:
    """Return the approved time that came late and counts in ``month``, which is open, in the order of the work."""
    late = [book.rows[each.uuid] for each in book.books.entries if each.settle_in == month]
    return [row for row in late if row.status == "approved" and row.billable == "billable" and row.billable_seconds]


def write_off(
    session: Session, *, actor: Actor, now: datetime, agreement_id: int, entry_ids: Collection[int], reason: str
) -> None:
    """Write off late time of an agreement; its history says why.

    Raises:
        NotFound: no such agreement, or not for this actor.
        RuleViolation: no reason, no entry, or one that is no late time of this agreement (any more); nothing is
            written off then.
    """
    agreement = queries.get_agreement(session, actor=actor, agreement_id=agreement_id)
    queries.lock_agreement(session, agreement_id)
    if not entry_ids or not reason.strip():
        message = "Choose the time that is written off, and say why."
        raise RuleViolation(message)
    closed = queries.closed_periods(session, agreement_ids=[agreement_id]).get(agreement_id, {})
    month = max(closed).next if closed else Month.of(agreement.starts_on)
    late = {row.id for row in late_in(queries.books_of(session, agreement, through=month), month)}
    if not set(entry_ids) <= late:
        message = f"Some of this is no late time of {agreement.name} any more; nothing was written off. Look again."
        raise RuleViolation(message)
    for entry in entries_by_id(session, set(entry_ids)):
        whole = ChargeRange(entry.id, 0, entry.billable_seconds or 0, 0, "written_off")
        before = history.facts_of(entry)
        charging.hold(session, now=now, holder=(HOLDER, entry.id), ranges=[whole], state="fixed")
        more = {"agreement": agreement_id, "month": str(month)}
        history.record(session, actor=actor, now=now, action=ACT, entry=entry, before=before, reason=reason, **more)


def take_back(session: Session, *, actor: Actor, now: datetime, agreement_id: int, entry_id: int) -> TimeEntry:
    """Let an entry count again that was written off, in the next open month; return it.

    Raises:
        NotFound: no such agreement, or not for this actor, or nothing of this entry is written off.
    """
    agreement = queries.get_agreement(session, actor=actor, agreement_id=agreement_id)
    queries.lock_agreement(session, agreement_id)
    found = [each.entry for each in of_agreement(session, agreement) if each.entry.id == entry_id]
    if not found:
        message = "Nothing of this entry is written off any more."
        raise NotFound(message)
    before = history.facts_of(found[0])
    charging.release(session, now=now, holder=(HOLDER, entry_id))
    history.record(session, actor=actor, now=now, action=UNDONE, entry=found[0], before=before)
    return found[0]


def of_agreement(session: Session, agreement: Agreement, *, month: Month | None = None) -> list[WrittenOff]:
    """Return what is written off of an agreement, in the order of the work.

    With ``month`` only what was worked in it, or would have counted in it.
    """
    query = (
        select(TimeEntry)
        .join(TimeEntry.work_item)
        .join(WorkItem.project)
        .where(Project.client_id == agreement.client_id, charging.is_written_off())
        .options(joinedload(TimeEntry.work_item), joinedload(TimeEntry.person))
        .order_by(TimeEntry.started_at, TimeEntry.uuid)
    )
    entries = session.scalars(query).all()
    acts = _acts(session, [entry.id for entry in entries])
    zone = ZoneInfo(agreement.time_zone)
    found = []
    for entry in entries:
        act = acts[entry.id]
        months = {str(local_month(entry.started_at, zone)), act.data["month"]}
        if act.data["agreement"] == agreement.id and (month is None or str(month) in months):
            found.append(WrittenOff(entry, act.data["reason"], act.actor_name))
    return found


def _acts(session: Session, entry_ids: Collection[int]) -> dict[int, AuditRow]:
    """Return by entry the last row of its history that tells of a write-off."""
    if not entry_ids:
        return {}
    query = select(AuditRow).where(
        AuditRow.object_kind == history.KIND, AuditRow.object_id.in_(entry_ids), AuditRow.action == ACT
    )
    return {row.object_id or 0: row for row in session.scalars(query.order_by(AuditRow.id))}
