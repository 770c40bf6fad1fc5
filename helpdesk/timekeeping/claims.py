"""What counts on an entry as it is, and whether a reversal can answer it (docs/billing.md rule 2).

Charges are known here; the closed periods and invoices behind them are slices above, which say with `register` what
else they have posted of an entry, and what keeps them from giving it back. Once a credit note releases the charge of
a billed range there is no claim of that invoice any more, and the entry is corrected as any other.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.infra.holders import Holder
from helpdesk.timekeeping import charging
from helpdesk.timekeeping.models import Charge, TimeEntry


def _nothing(_session: Session, _id: int) -> Sequence[int]:
    return ()


@dataclass(frozen=True, slots=True)
class Claimant:
    """How one kind of holder answers for its claims.

    ``objection`` says why a holder's fixed seconds of an entry cannot be reversed, in a sentence; empty: they can.
    ``postings`` are the holders of this kind that name an entry without a charge. ``lock`` keeps the books of a client
    from being closed meanwhile. ``remembers`` says whether the books named an entry once, though it counts no more.
    """

    objection: Callable[[Session, TimeEntry, int], str]
    postings: Callable[[Session, int], Sequence[int]] = _nothing
    lock: Callable[[Session, int], object] = _nothing
    remembers: Callable[[Session, int], object] = _nothing


@dataclass(frozen=True, slots=True)
class Claim:
    """One holder that counts on an entry: its name, whether it is only a draft, what speaks against a reversal."""

    name: str
    is_draft: bool
    objection: str


_claimants: dict[str, Claimant] = {}


def register(kind: str, claimant: Claimant) -> None:
    """Tell how holders of ``kind`` answer for their claims."""
    _claimants[kind] = claimant


def lock_books(session: Session, client_id: int) -> None:
    """Keep what stands in the books of a client from being closed or reopened until the transaction ends.

    Whoever changes charged time asks for this before the entry: the close locks in the same order.
    """
    for claimant in _claimants.values():
        claimant.lock(session, client_id)


def claims_of(session: Session, entry: TimeEntry) -> list[Claim]:
    """Return everything that counts on the entry; nothing where it can go back to draft."""
    query = select(Charge.holder_kind, Charge.holder_id, Charge.state)
    charges = session.execute(query.where(Charge.time_entry_id == entry.id, Charge.released_at.is_(None)))
    held = {(kind, holder_id): state == "held" for kind, holder_id, state in charges}
    for kind, claimant in _claimants.items():
        for holder_id in claimant.postings(session, entry.id):
            held.setdefault((kind, holder_id), False)
    return [_claim(session, entry, holder, is_draft=is_draft) for holder, is_draft in held.items()]


def is_remembered(session: Session, entry_id: int) -> bool:
    """Whether books that keep everything name the entry, if only in rows that were reversed: its row stays then."""
    return any(claimant.remembers(session, entry_id) for claimant in _claimants.values())


def _claim(session: Session, entry: TimeEntry, holder: Holder, *, is_draft: bool) -> Claim:
    name = charging.name_of(session, holder)
    claimant = _claimants.get(holder[0])
    if claimant is None:
        return Claim(name, is_draft, f"It is in {name}, which gives nothing back.")
    return Claim(name, is_draft, "" if is_draft else claimant.objection(session, entry, holder[1]))
