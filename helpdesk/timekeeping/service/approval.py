"""From draft to approved, and back (docs/billing.md rules 2 and 4)."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.infra.policy import Actor
from helpdesk.kernel.durations import format_hm
from helpdesk.kernel.errors import Conflict, Denied, NotFound, RuleViolation
from helpdesk.kernel.money import Money
from helpdesk.rates.domain import RateMissing
from helpdesk.timekeeping import caps, limits
from helpdesk.timekeeping.domain.worked import DAY_SECONDS, Preview, Week
from helpdesk.timekeeping.models import TimeEntry
from helpdesk.timekeeping.queries import entries as queries
from helpdesk.timekeeping.queries import rights, waiting
from helpdesk.timekeeping.queries.rights import require_approver
from helpdesk.timekeeping.queries.submitted import Filters
from helpdesk.timekeeping.service import history, notices, pricing
from helpdesk.timekeeping.service.entries import refuse_charged, to_draft
from helpdesk.timekeeping.service.locks import refuse_locked_entry


def submit(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    entry_ids: Iterable[int] = (),
    week: Week | None = None,
    person_id: int | None = None,
    reason: str = "",
) -> list[TimeEntry]:
    """Submit the drafts among ``entry_ids``, and those of a person's ``week``, and return what was submitted.

    A running timer stays a draft, and so does an entry that asks its person something (rule 1). ``person_id`` is
    the actor's own by default; managers submit for others. ``reason`` says why, where days are locked.

    Raises:
        NotFound: an entry does not exist or is somebody else's.
        RuleViolation: a timer ran longer than a day, as nobody bills a forgotten one unasked; or a day is locked.
    """
    ids = list(entry_ids)
    if week is not None and (owner_id := person_id or actor.person_id):
        ids += [entry.id for entry in queries.week(session, person_id=owner_id, week=week)]
    drafts = [entry for entry in _locked(session, actor, ids) if is_ready(entry)]
    for entry in drafts:
        _refuse_forgotten(entry)
        locked = refuse_locked_entry(session, actor=actor, entry=entry, reason=reason)
        entry.status, entry.submitted_at = "submitted", now
        history.record(session, actor=actor, now=now, action="submitted", entry=entry, reason=reason, **locked)
    session.flush()
    return drafts


def is_ready(entry: TimeEntry) -> bool:
    """Whether an entry can be submitted: a draft that does not run and asks nothing."""
    return entry.status == "draft" and entry.ended_at is not None and not entry.asks


def preview(session: Session, entries: list[TimeEntry]) -> dict[int, Preview]:
    """Return what approving ``entries`` now would make of each of them; nothing is written.

    The number of queries does not depend on how many entries or clients the list has.
    """
    prices = pricing.PriceList(session)
    prices.foresee(entries)
    seconds = pricing.round_entries(session, entries, prices)
    return {entry.id: _preview(entry, seconds[entry.id], prices) for entry in entries}


def approve(session: Session, *, actor: Actor, now: datetime, entry_ids: Iterable[int]) -> list[TimeEntry]:
    """Approve submitted entries, freeze what they bill and at which rate, and return them; all or none.

    Who approves is the company's setting: managers, and with them those who run the project or look after the client.

    Raises:
        Denied: the actor does not approve, or one of the entries is the actor's own (unless the company allows that).
        NotFound: an entry does not exist.
        Conflict: an entry is not submitted, for somebody was faster.
        RuleViolation: a project or an agreement takes no more billable time.
    """
    reach, ids = require_approver(session, actor), set(entry_ids)
    caps.lock(session, ids)
    entries = _locked(session, actor, ids)
    for entry in entries:
        if entry.status != "submitted":
            message = (
                f"{_name(entry)} is {entry.status}, not waiting for approval. Nothing was approved; reload the list."
            )
            raise Conflict(message)
        if not reach.approves(entry):
            message = f"{_name(entry)} is your own: somebody else approves it. Nothing was approved."
            raise Denied(message)
    for entry in entries:
        entry.status, entry.approved_at, entry.approved_by_id = "approved", now, actor.person_id
        entry.edited_at = None
    pricing.freeze(session, entries)
    limits.refuse_entries(session, entries)
    session.flush()
    for entry in entries:
        history.record(
            session,
            actor=actor,
            now=now,
            action="approved",
            entry=entry,
            billable_seconds=entry.billable_seconds,
            rate_minor=entry.rate_minor,
            rate_reason=entry.rate_reason,
        )
    return entries


def approve_plain(session: Session, *, actor: Actor, now: datetime, filters: Filters) -> list[TimeEntry]:
    """Approve everything of the filters that stands out in no way, the oldest first, and return it.

    One act looks at 500 entries at most; the rest waits for the next.

    Raises:
        Denied: the actor does not approve.
    """
    reach = require_approver(session, actor)
    return approve(session, actor=actor, now=now, entry_ids=waiting.plain_ids(session, reach=reach, filters=filters))


def reject(
    session: Session, *, actor: Actor, now: datetime, entry_ids: Iterable[int], reason: str
) -> Sequence[TimeEntry]:
    """Give submitted entries back with a reason, and return them; all or none. Each person gets one mail.

    Raises:
        Denied: the actor does not approve.
        NotFound: there is no such entry.
        Conflict: an entry is not submitted.
        RuleViolation: no reason was given.
    """
    require_approver(session, actor)
    entries, said = _locked(session, actor, entry_ids), _said(reason)
    for entry in entries:
        if entry.status != "submitted":
            message = f"{_name(entry)} is {entry.status}, not waiting for approval."
            raise Conflict(message)
    told = [(entry, entry.submitted_at) for entry in entries]
    for entry in entries:
        to_draft(entry)
        entry.status, entry.rejected_because, entry.edited_at = "rejected", said, None
        history.record(session, actor=actor, now=now, action="rejected", entry=entry, reason=said)
    session.flush()
    notices.tell_rejected(session, actor=actor, now=now, told=told, reason=said)
    return entries


def reopen(
    session: Session, *, actor: Actor, now: datetime, entry_id: int, reason: str, to: str = "draft"
) -> TimeEntry:
    """Take an approval back with a reason and return the entry: a draft again, or submitted where ``to`` says so.

    Raises:
        Denied: the actor does not approve.
        NotFound: there is no such entry.
        Conflict: the entry is not approved, or seconds of it are charged; the holder is named.
        RuleViolation: no reason was given, or its day is locked.
    """
    require_approver(session, actor)
    [entry] = _locked(session, actor, [entry_id])
    refuse_charged(session, entry)
    if entry.status != "approved":
        message = f"{_name(entry)} is {entry.status}; only approved time is reopened."
        raise Conflict(message)
    said = _said(reason)
    locked = refuse_locked_entry(session, actor=actor, entry=entry, reason=reason)
    before = history.facts_of(entry)
    to_draft(entry)
    entry.rejected_because = said
    if to == "submitted":
        entry.status, entry.submitted_at = "submitted", now
    session.flush()
    history.record(session, actor=actor, now=now, action="reopened", entry=entry, before=before, reason=said, **locked)
    return entry


def _preview(entry: TimeEntry, seconds: int, prices: pricing.PriceList) -> Preview:
    currency = queries.client_of(entry).currency
    if entry.billable in pricing.NOT_BILLED:
        return Preview(0, 0, currency, pricing.NOT_BILLED[entry.billable], "")
    found = prices.preview(entry)
    if isinstance(found, RateMissing):
        return Preview(seconds, None, currency, found.reason, "no rate found")
    rate_minor = Money.rounded(found.amount, found.currency).minor
    return Preview(seconds, pricing.value_minor(seconds, rate_minor, currency), currency, found.reason, "")


def _locked(session: Session, actor: Actor, entry_ids: Iterable[int]) -> list[TimeEntry]:
    wanted, reach = set(entry_ids), rights.reach_of(session, actor)
    entries = queries.entries_by_id(session, wanted, lock=True)
    visible = [entry for entry in entries if entry.person_id == actor.person_id or reach.covers(entry)]
    if len(visible) < len(wanted):
        message = "There is no such time entry."
        raise NotFound(message)
    return visible


def _refuse_forgotten(entry: TimeEntry) -> None:
    seconds = queries.worked_of(entry).seconds
    if seconds > DAY_SECONDS:
        message = f"The timer on #{entry.work_item.number} ran for {format_hm(seconds)}. Say first how long you worked."
        raise RuleViolation(message)


def _said(reason: str) -> str:
    if not reason.strip():
        message = "Say why; the person reads it."
        raise RuleViolation(message)
    return reason.strip()


def _name(entry: TimeEntry) -> str:
    return f"{format_hm(queries.worked_of(entry).seconds)} of {entry.person.name} on #{entry.work_item.number}"
