"""Where a mail belongs: onto a work item, held there, into a new ticket, or nowhere (docs/mail.md rules 14 to 20).

The database is asked by the caller, who hands in what is known about the sender and every candidate in the order
of rule 14. The decision holds all its reasons as sentences for people (rule 44).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from helpdesk.intake.domain.dmarc import Dmarc
from helpdesk.intake.domain.standing import Candidate, MatchedBy, Sender, standing, takes_part, was_asked

PASSED_ON = "the sender answers what was passed on to them"


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
    ``from_outside``: somebody answers to whom something was passed on.
    """

    outcome: Outcome
    work_item_id: int | None = None
    matched_by: MatchedBy | None = None
    reasons: tuple[str, ...] = ()
    held: bool = False
    from_outside: bool = False
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
    capacity = standing(candidate, sender)
    if candidate.closed_too_long:
        return _Verdict.REFUSE, f"ticket #{candidate.number} was closed long ago"
    if capacity is None:
        return _unknown(candidate, sender)
    if candidate.matched_by is MatchedBy.SUBJECT_TOKEN and not takes_part(candidate, sender):
        return _Verdict.REFUSE, f"{capacity}, but the subject alone counts from participants only"
    checked = sender.dmarc not in (Dmarc.NOT_CHECKED, Dmarc.PASS)
    if checked and not candidate.matched_by.is_signed:
        return _Verdict.HOLD, f"{capacity}, but the sender could not be verified (DMARC {sender.dmarc})"
    return _Verdict.ACCEPT, capacity


def _unknown(candidate: Candidate, sender: Sender) -> tuple[_Verdict, str]:
    """Return what becomes of somebody whom the ticket does not know: never across clients."""
    if sender.contact_of and candidate.client_id not in sender.contact_of:
        return _Verdict.REFUSE, f"the sender belongs to another client than ticket #{candidate.number}"
    if was_asked(candidate, sender):
        return _Verdict.ACCEPT, PASSED_ON
    if candidate.matched_by.is_signed:
        return _Verdict.HOLD, f"the sender is unknown on ticket #{candidate.number}"
    return _Verdict.REFUSE, f"the sender is unknown on ticket #{candidate.number}"


def _on_work_item(incoming: Incoming, candidate: Candidate, reason: str, *, held: bool) -> Decision:
    return Decision(
        Outcome.MESSAGE,
        work_item_id=candidate.work_item_id,
        matched_by=candidate.matched_by,
        reasons=(candidate.matched_by.sentence, reason, *_circumstances(incoming)),
        held=held,
        from_outside=reason == PASSED_ON,
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
