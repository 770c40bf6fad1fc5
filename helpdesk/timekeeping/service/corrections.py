"""Corrections of time that closed periods have drawn: an append-only reversal, and a replacement (rule 2)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy.orm import Session

from helpdesk.infra.policy import APPROVERS, Actor
from helpdesk.kernel.errors import Conflict, NotFound, RuleViolation
from helpdesk.timekeeping import charging, claims, limits
from helpdesk.timekeeping.claims import Claim
from helpdesk.timekeeping.models import TimeEntry, TimeReversal
from helpdesk.timekeeping.queries import entries as queries
from helpdesk.timekeeping.service import history
from helpdesk.timekeeping.service.locks import refuse_locked_entry


def reverse_entry(session: Session, *, actor: Actor, now: datetime, entry_id: int, reason: str) -> TimeReversal:
    """Take an entry that closed periods have drawn out of the books for good, and return its reversal.

    The drawn seconds go back as a grant of the next open period; the entry's row stays as it was approved.

    Raises:
        NotFound: no such entry, or somebody else's.
        Conflict: nothing has drawn it, it is reversed already, or a draft or an issued invoice holds seconds of it.
        RuleViolation: no reason was given.
    """
    claims.lock_books(session, queries.client_of(queries.get(session, actor=actor, entry_id=entry_id)).id)
    found = queries.entries_by_id(session, [entry_id], lock=True)
    if not found:
        message = "There is no such time entry."
        raise NotFound(message)
    [entry] = found
    held_by = claims.claims_of(session, entry)
    if not held_by:
        message = "Nothing has drawn this time yet; change it, or delete it."
        raise Conflict(message)
    refuse_claims(held_by, actor=actor)
    refuse_locked_entry(session, actor=actor, entry=entry, reason=reason)
    return _reverse(session, actor=actor, now=now, entry=entry, reason=reason, held_by=held_by)


def replace(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    entry: TimeEntry,
    facts: dict[str, Any],
    reason: str,
    held_by: Sequence[Claim],
) -> TimeEntry:
    """Reverse a locked entry and return what stands in its place: the same with ``facts``, submitted by the actor.

    It stands in the entry's chain, so that work that was resumed is still rounded once. Approved, it is late time of
    its closed month and goes to the next open one (rule 12).

    Raises:
        Conflict: as :func:`refuse_claims`.
        RuleViolation: no reason was given, or the project takes no more billable time than there was.
    """
    refuse_claims(held_by, actor=actor)
    was: dict[str, Any] = {
        "started_at": entry.started_at,
        "ended_at": entry.ended_at,
        "duration_only": entry.duration_only,
    }
    replacement = TimeEntry(
        uuid=str(uuid4()),
        work_item=entry.work_item,
        person_id=entry.person_id,
        source="typed",
        status="submitted",
        submitted_at=now,
        resumes_id=entry.id,
        created_at=now,
        created_by_id=actor.person_id,
        edited_at=now,
        **{**was, **facts},
    )
    session.add(replacement)
    session.flush()
    _reverse(session, actor=actor, now=now, entry=entry, reason=reason, held_by=held_by, replacement=replacement)
    _refuse_over_limit(session, entry, replacement)
    history.record(
        session,
        actor=actor,
        now=now,
        action="replaced",
        entry=replacement,
        before=history.facts_of(entry) | {"status": "submitted", "billable_seconds": None, "rate_minor": None},
        reason=reason,
        instead_of=entry.id,
    )
    return replacement


def refuse_claims(held_by: Sequence[Claim], *, actor: Actor) -> None:
    """Refuse what no reversal can answer (rule 2).

    Raises:
        Conflict: a draft holds seconds, which is named; a holder objects; or the actor corrects no closed periods.
    """
    drafts = [claim.name for claim in held_by if claim.is_draft]
    if drafts:
        message = f"This time is in {', '.join(drafts)}. Drop that draft first; the time is free then."
        raise Conflict(message)
    objections = [claim.objection for claim in held_by if claim.objection]
    if objections:
        raise Conflict(" ".join(objections))
    if not actor.is_one_of(APPROVERS):
        names = ", ".join(claim.name for claim in held_by)
        message = f"This time is in {names}. A manager or an administrator can correct it, with a reason."
        raise Conflict(message)


def _refuse_over_limit(session: Session, entry: TimeEntry, replacement: TimeEntry) -> None:
    """Let a replacement bill more than what it replaces only where the project takes that."""
    seconds = queries.worked_of(replacement).seconds if replacement.billable == "billable" else 0
    if seconds > (entry.billable_seconds or 0):
        project = replacement.work_item.project
        limits.refuse_over_limit(session, project, added_seconds=seconds, but_not=[replacement.id])


def _reverse(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    entry: TimeEntry,
    reason: str,
    held_by: Sequence[Claim],
    replacement: TimeEntry | None = None,
) -> TimeReversal:
    if not reason.strip():
        message = "A closed period has drawn this time. Say why it changes; the reason stays in the books."
        raise RuleViolation(message)
    reversal = TimeReversal(
        time_entry_id=entry.id,
        replacement_id=replacement.id if replacement else None,
        seconds=entry.billable_seconds or 0,
        reason=reason.strip(),
        reversed_at=now,
        reversed_by_id=actor.person_id,
    )
    session.add(reversal)
    charging.let_go(session, now=now, entry=entry)
    entry.status = "reversed"
    session.flush()
    history.record(
        session,
        actor=actor,
        now=now,
        action="reversed",
        entry=entry,
        reason=reason,
        seconds=reversal.seconds,
        out_of=[claim.name for claim in held_by],
        replacement=reversal.replacement_id,
    )
    return reversal
