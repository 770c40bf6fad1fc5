"""Who holds which seconds of an entry: hold, fix, release (docs/billing.md rule 17, invariant 3).

A holder is an opaque kind and id, such as ``("invoice", 7)``. Slices above say how people call their holders
with :func:`name_holders`.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import pairwise

from sqlalchemy import ColumnElement, Select, exists, select, update
from sqlalchemy.orm import Session

from helpdesk.infra.ahead import Question, models_of
from helpdesk.infra.holders import Held, Holder, Ids, Names
from helpdesk.kernel.errors import Conflict, NotFound, RuleViolation
from helpdesk.timekeeping.models import WRITTEN_OFF, Charge, TimeEntry

APPROVED = ("approved", "locked")

_names = Names()
name_holders = _names.tell


@dataclass(frozen=True, slots=True)
class ChargeRange:
    """A half-open range of an entry's billable seconds to be charged, what it burns, and as what.

    ``kind`` is covered, overage, hourly or written_off.
    """

    time_entry_id: int
    from_second: int
    to_second: int
    burn_seconds: int
    kind: str


def hold(
    session: Session, *, now: datetime, holder: Holder, ranges: Sequence[ChargeRange], state: str = "held"
) -> list[Charge]:
    """Charge ``ranges`` to ``holder`` and return the rows; their entries are locked from now on.

    The entries are locked before anything is summed, so that of two that reach for the same seconds one is refused.

    Raises:
        Conflict: a range is held already, named with its holder, or its entry is not approved.
        RuleViolation: a range is empty, lies outside the entry's billable seconds, or overlaps another of the call.
        NotFound: an entry does not exist.
    """
    return hold_each(session, now=now, held=[(holder, ranges)], state=state)


def hold_each(
    session: Session, *, now: datetime, held: Sequence[tuple[Holder, Sequence[ChargeRange]]], state: str = "held"
) -> list[Charge]:
    """Charge the ranges of many holders at once, as `hold` does for one: all of them, or none.

    Raises:
        Conflict, RuleViolation, NotFound: as `hold`; a range that two of the holders want is refused too.
    """
    ranges = [wanted for _, many in held for wanted in many]
    entries = _lock(session, {wanted.time_entry_id for wanted in ranges})
    _refuse_impossible(ranges, entries)
    live: dict[int, list[Charge]] = defaultdict(list)
    for charge in _live_charges(session, entries):
        live[charge.time_entry_id].append(charge)
    for wanted in ranges:
        for charge in live[wanted.time_entry_id]:
            if _overlap(wanted, charge):
                raise Conflict(_taken(session, entries[wanted.time_entry_id], charge))
    charges = [_charge(wanted, now=now, holder=holder, state=state) for holder, many in held for wanted in many]
    session.add_all(charges)
    for entry in entries.values():
        entry.status = "locked"
    session.flush()
    return charges


def fix_each(session: Session, *, kind: str, ids: Sequence[int]) -> None:
    """Make what holders of a kind hold final: their document was issued."""
    session.execute(
        update(Charge)
        .where(Charge.holder_kind == kind, Charge.holder_id.in_(ids), Charge.state == "held")
        .values(state="fixed"),
        execution_options={"synchronize_session": "fetch"},
    )


def release(session: Session, *, now: datetime, holder: Holder) -> None:
    """Let go of all that ``holder`` holds or has fixed; entries that nobody holds any more are merely approved."""
    _release(session, now, *_of(holder))


def release_some(session: Session, *, now: datetime, charge_ids: Sequence[int]) -> None:
    """Let go of single charges, whoever holds them; entries that nobody holds any more are merely approved."""
    _release(session, now, Charge.id.in_(charge_ids))


def _release(session: Session, now: datetime, *which: ColumnElement[bool]) -> None:
    ids = set(session.scalars(select(Charge.time_entry_id).where(*which, Charge.released_at.is_(None))))
    entries = _lock(session, ids)
    session.execute(
        update(Charge).where(*which, Charge.released_at.is_(None)).values(state="released", released_at=now),
        execution_options={"synchronize_session": "fetch"},
    )
    still_held = {charge.time_entry_id for charge in _live_charges(session, entries)}
    for entry in entries.values():
        if entry.id not in still_held:
            entry.status = "approved"
    session.flush()


def live_ranges(session: Session, entry_ids: Iterable[int]) -> dict[int, list[tuple[int, int]]]:
    """Return the ranges of seconds that are held or fixed, in order, for every entry asked for (empty: none)."""
    found: dict[int, list[tuple[int, int]]] = {entry_id: [] for entry_id in entry_ids}
    for charge in _live_charges(session, found):
        found[charge.time_entry_id].append((charge.from_second, charge.to_second))
    return found


def is_charged() -> ColumnElement[bool]:
    """Return the condition that an entry of the surrounding query has a live charge."""
    return exists().where(Charge.time_entry_id == TimeEntry.id, Charge.released_at.is_(None))


def is_written_off() -> ColumnElement[bool]:
    """Return the condition that an entry of the surrounding query was written off, as the few that are all of them."""
    return TimeEntry.id.in_(select(Charge.time_entry_id).where(WRITTEN_OFF))


def holders_of_each(session: Session, entry_ids: Ids) -> dict[int, list[str]]:
    """Return what holds seconds of each of the entries that are charged, as people call it, each once."""
    charges = _live_charges(session, entry_ids)
    names = _names.of(session, map(_holder, charges), held=partial(_held, entry_ids))
    found: dict[int, dict[str, None]] = defaultdict(dict)
    for charge in charges:
        found[charge.time_entry_id][names[_holder(charge)]] = None
    return {entry_id: list(each) for entry_id, each in found.items()}


def holders_asked(entry_ids: Ids) -> tuple[Question, ...]:
    """Return the questions of `holders_of_each`, to be asked together with others."""
    return (_live(entry_ids), *_names.questions(partial(_held, entry_ids)))


def let_go(session: Session, *, now: datetime, entry: TimeEntry) -> None:
    """Release every live charge of an entry that is reversed; what its holders say of it is for them to correct."""
    session.execute(
        update(Charge)
        .where(Charge.time_entry_id == entry.id, Charge.released_at.is_(None))
        .values(state="released", released_at=now),
        execution_options={"synchronize_session": "fetch"},
    )


def name_of(session: Session, holder: Holder) -> str:
    """Return how people call a holder: ``invoice INV-2026-0007``."""
    return names_of(session, [holder])[holder]


def names_of(session: Session, holders: Iterable[Holder], *, held: Held | None = None) -> dict[Holder, str]:
    """Return how people call each holder, by one question a kind; ``held`` finds their ids where it was asked ahead."""
    return _names.of(session, holders, held=held)


def names_asked(held: Held) -> tuple[Question, ...]:
    """Return the questions of `names_of`, to be asked together with others."""
    return _names.questions(held)


def _of(holder: Holder) -> tuple[ColumnElement[bool], ...]:
    return Charge.holder_kind == holder[0], Charge.holder_id == holder[1]


def _lock(session: Session, ids: Iterable[int]) -> dict[int, TimeEntry]:
    """Return the entries, locked in the order of their ids so that two lockers never wait for each other."""
    wanted = sorted(ids)
    query = select(TimeEntry).where(TimeEntry.id.in_(wanted)).order_by(TimeEntry.id)
    rows = session.scalars(query.with_for_update(), execution_options={"populate_existing": True})
    found = {entry.id: entry for entry in rows}
    if len(found) < len(wanted):
        message = "An entry that was to be charged does not exist any more."
        raise NotFound(message)
    return found


def _live_charges(session: Session, entry_ids: Ids) -> list[Charge]:
    is_none = not isinstance(entry_ids, Select) and not entry_ids
    return [] if is_none else models_of(session, _live(entry_ids))


def _live(entry_ids: Ids) -> Select[Charge]:
    query = select(Charge).where(Charge.time_entry_id.in_(entry_ids), Charge.released_at.is_(None))
    return query.order_by(Charge.time_entry_id, Charge.from_second)


def _held(entry_ids: Ids, kind: str) -> Select[int]:
    """Return the query of the holders of one kind that have seconds of entries."""
    of_kind = select(Charge.holder_id).where(Charge.holder_kind == kind, Charge.released_at.is_(None))
    return of_kind.where(Charge.time_entry_id.in_(entry_ids))


def _refuse_impossible(ranges: Sequence[ChargeRange], entries: dict[int, TimeEntry]) -> None:
    for wanted in ranges:
        entry = entries[wanted.time_entry_id]
        if entry.status not in APPROVED:
            message = f"Entry {entry.id} is {entry.status}; only approved time is charged."
            raise Conflict(message)
        if not 0 <= wanted.from_second < wanted.to_second <= (entry.billable_seconds or 0):
            message = (
                f"Seconds {wanted.from_second} to {wanted.to_second} are no part of entry {entry.id}, "
                f"which bills {entry.billable_seconds or 0}."
            )
            raise RuleViolation(message)
    in_order = sorted(ranges, key=lambda wanted: (wanted.time_entry_id, wanted.from_second))
    for before, after in pairwise(in_order):
        if before.time_entry_id == after.time_entry_id and after.from_second < before.to_second:
            message = f"Seconds of entry {after.time_entry_id} stand twice in one charge."
            raise RuleViolation(message)


def _overlap(wanted: ChargeRange, charge: Charge) -> bool:
    return wanted.from_second < charge.to_second and charge.from_second < wanted.to_second


def _taken(session: Session, entry: TimeEntry, charge: Charge) -> str:
    return f"Time on #{entry.work_item.number} is already in {_name(session, charge)}; nothing is charged twice."


def _name(session: Session, charge: Charge) -> str:
    return name_of(session, _holder(charge))


def _holder(charge: Charge) -> Holder:
    return charge.holder_kind, charge.holder_id


def _charge(wanted: ChargeRange, *, now: datetime, holder: Holder, state: str) -> Charge:
    return Charge(
        time_entry_id=wanted.time_entry_id,
        from_second=wanted.from_second,
        to_second=wanted.to_second,
        burn_seconds=wanted.burn_seconds,
        kind=wanted.kind,
        holder_kind=holder[0],
        holder_id=holder[1],
        state=state,
        created_at=now,
    )
