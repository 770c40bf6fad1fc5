"""Where a mail belongs: onto a work item, held there, into a new ticket, or nowhere (docs/mail.md rules 14 to 20).

The database is asked by the caller, who hands in what is known about the sender and every candidate in the order
of rule 14. The decision holds all its reasons as sentences for people (rule 44).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from helpdesk.intake.domain.address import domain_of, is_freemail
from helpdesk.intake.domain.dmarc import Dmarc


class MatchedBy(IntEnum):
    """How a candidate was found; the lower one wins (rule 14)."""

    SIGNED_ADDRESS = 1
    OWN_MESSAGE_ID = 2
    FOREIGN_MESSAGE_ID = 3
    SUBJECT_TOKEN = 4

    @property
    def is_signed(self) -> bool:
        """Return whether only somebody who had mail from us could know it."""
        return self <= MatchedBy.OWN_MESSAGE_ID

    @property
    def sentence(self) -> str:
        """Return how it was found, for people."""
        return _FOUND_BY[self]


_FOUND_BY = {
    MatchedBy.SIGNED_ADDRESS: "matched by signed address",
    MatchedBy.OWN_MESSAGE_ID: "answers a message of ours",
    MatchedBy.FOREIGN_MESSAGE_ID: "belongs to the same conversation as an earlier mail",
    MatchedBy.SUBJECT_TOKEN: "the subject names the ticket",
}


class Outcome(StrEnum):
    """What becomes of the mail."""

    MESSAGE = "message"
    NEW_TICKET = "new ticket"
    BOUNCE = "bounce"
    IGNORED = "ignored"


class _Verdict(StrEnum):
    ACCEPT = "accept"
    HOLD = "hold"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Sender:
    """What is known about whoever stands in From, which alone decides identity (rule 20).

    ``contact_of`` are the clients of which the address is a contact; ``domain_of`` those in whose domain table
    the whole domain of the address stands.
    """

    address: str
    person_id: int | None = None
    contact_of: frozenset[int] = frozenset()
    domain_of: frozenset[int] = frozenset()
    dmarc: Dmarc = Dmarc.NOT_CHECKED

    @property
    def is_staff(self) -> bool:
        """Return whether the address is that of a staff member."""
        return self.person_id is not None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A work item that the mail may belong to. Addresses are normalised; ``number`` is what people see.

    ``closed_too_long`` says that the ticket was closed longer ago than answers may reopen it (rule 39).
    """

    matched_by: MatchedBy
    work_item_id: int
    number: int
    client_id: int
    requester: str = ""
    participants: frozenset[str] = frozenset()
    in_triage: bool = False
    closed_too_long: bool = False


@dataclass(frozen=True, slots=True)
class Incoming:
    """The mail itself, as far as it bears on where it belongs.

    ``from_ourselves``: From is one of our own mailboxes, or the Message-ID is one of ours (rule 27).
    ``automatic_may_open``: a rule lets this sender open tickets though a machine writes (rule 24).
    """

    sender: Sender
    automatic_reasons: tuple[str, ...] = ()
    is_bounce: bool = False
    from_ourselves: bool = False
    automatic_may_open: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """Where the mail goes, and why.

    ``held`` means: on the work item, but nobody is notified until a person accepts it. A new ticket may name the
    work item that it is ``possibly_related_to``. ``unverified_sender`` asks for the banner of rule 19.
    """

    outcome: Outcome
    work_item_id: int | None = None
    matched_by: MatchedBy | None = None
    reasons: tuple[str, ...] = ()
    held: bool = False
    possibly_related_to: int | None = None
    unverified_sender: bool = False


def decide(incoming: Incoming, candidates: Iterable[Candidate]) -> Decision:
    """Return where the mail belongs.

    The first candidate, in the order of rule 14, that takes the sender, or holds the mail, decides. One that
    refuses leaves its number behind, as what a new ticket is possibly related to.
    """
    if incoming.from_ourselves:
        return Decision(Outcome.IGNORED, reasons=("sent by ourselves",))
    ordered = sorted(candidates, key=lambda one: one.matched_by)
    if incoming.is_bounce:
        return _bounce(incoming, ordered)
    refusals: list[tuple[Candidate, str]] = []
    for candidate in ordered:
        verdict, reason = _judge(candidate, incoming.sender)
        if verdict is not _Verdict.REFUSE:
            return _on_work_item(incoming, candidate, reason, held=verdict is _Verdict.HOLD)
        refusals.append((candidate, reason))
    return _unmatched(incoming, refusals)


def _bounce(incoming: Incoming, candidates: list[Candidate]) -> Decision:
    """Return where a bounce is noted: on the item whose signed mail came back, whoever reports it (rule 28)."""
    candidate = next((one for one in candidates if one.matched_by.is_signed), None)
    if candidate is None:
        reasons = ("a bounce that belongs to no ticket", *_circumstances(incoming))
        return Decision(Outcome.BOUNCE, reasons=reasons)
    return Decision(
        Outcome.BOUNCE,
        work_item_id=candidate.work_item_id,
        matched_by=candidate.matched_by,
        reasons=(f"a message of ticket #{candidate.number} could not be delivered", *_circumstances(incoming)),
    )


def _judge(candidate: Candidate, sender: Sender) -> tuple[_Verdict, str]:
    """Return what rules 16 and 17 say about this sender on this candidate, and the sentence for it."""
    standing = _standing(candidate, sender)
    if candidate.closed_too_long:
        return _Verdict.REFUSE, f"ticket #{candidate.number} was closed long ago"
    if standing is None:
        return _unknown(candidate, sender)
    if candidate.matched_by is MatchedBy.SUBJECT_TOKEN and not _takes_part(candidate, sender):
        return _Verdict.REFUSE, f"{standing}, but the subject alone counts from participants only"
    checked = sender.dmarc not in (Dmarc.NOT_CHECKED, Dmarc.PASS)
    if checked and not candidate.matched_by.is_signed:
        return _Verdict.HOLD, f"{standing}, but the sender could not be verified (DMARC {sender.dmarc})"
    return _Verdict.ACCEPT, standing


def _unknown(candidate: Candidate, sender: Sender) -> tuple[_Verdict, str]:
    """Return what becomes of somebody whom the ticket does not know: never across clients."""
    if sender.contact_of and candidate.client_id not in sender.contact_of:
        return _Verdict.REFUSE, f"the sender belongs to another client than ticket #{candidate.number}"
    if candidate.matched_by.is_signed:
        return _Verdict.HOLD, f"the sender is unknown on ticket #{candidate.number}"
    return _Verdict.REFUSE, f"the sender is unknown on ticket #{candidate.number}"


def _standing(candidate: Candidate, sender: Sender) -> str | None:
    """Return in which capacity the sender may write on the candidate, as a sentence; None when in none."""
    standings = (
        (sender.address == candidate.requester, "sender is the requester"),
        (sender.address in candidate.participants, "sender is a participant"),
        (sender.is_staff and not candidate.in_triage, "sender is a staff member"),
        (_is_contact(candidate, sender), "sender is a contact of the client"),
        (_counts_by_domain(candidate, sender), "the sender's domain belongs to the client alone"),
    )
    return next((sentence for holds, sentence in standings if holds), None)


def _is_contact(candidate: Candidate, sender: Sender) -> bool:
    return candidate.client_id in sender.contact_of and not candidate.in_triage


def _counts_by_domain(candidate: Candidate, sender: Sender) -> bool:
    alone = sender.domain_of == {candidate.client_id} and not is_freemail(domain_of(sender.address))
    new = not sender.contact_of and not candidate.in_triage
    return alone and new and sender.dmarc is not Dmarc.FAIL


def _takes_part(candidate: Candidate, sender: Sender) -> bool:
    return sender.address == candidate.requester or sender.address in candidate.participants


def _on_work_item(incoming: Incoming, candidate: Candidate, standing: str, *, held: bool) -> Decision:
    return Decision(
        Outcome.MESSAGE,
        work_item_id=candidate.work_item_id,
        matched_by=candidate.matched_by,
        reasons=(candidate.matched_by.sentence, standing, *_circumstances(incoming)),
        held=held,
        unverified_sender=incoming.sender.dmarc is Dmarc.FAIL,
    )


def _unmatched(incoming: Incoming, refusals: list[tuple[Candidate, str]]) -> Decision:
    reasons = (*(sentence for _, sentence in refusals), *_circumstances(incoming))
    if incoming.automatic_reasons and not incoming.automatic_may_open:
        return Decision(Outcome.IGNORED, reasons=("automatic mail that belongs to no ticket", *reasons))
    return Decision(
        Outcome.NEW_TICKET,
        reasons=reasons or ("belongs to no earlier conversation",),
        possibly_related_to=refusals[0][0].work_item_id if refusals else None,
        unverified_sender=incoming.sender.dmarc is Dmarc.FAIL,
    )


def _circumstances(incoming: Incoming) -> tuple[str, ...]:
    dmarc = incoming.sender.dmarc
    verified = () if dmarc is Dmarc.NOT_CHECKED else (f"DMARC {dmarc}",)
    return (*(f"automatic: {reason}" for reason in incoming.automatic_reasons), *verified)
