"""Who writes, what the mail may belong to, and in which capacity the one may write on the other (rules 14, 16)."""

from dataclasses import dataclass
from enum import IntEnum

from helpdesk.intake.domain.address import domain_of, is_freemail
from helpdesk.intake.domain.dmarc import Dmarc


class MatchedBy(IntEnum):
    """How a candidate was found; the lower one wins (rule 14)."""

    SIGNED_ADDRESS = 1
    OWN_MESSAGE_ID = 2
    BOUNCE_ADDRESS = 3
    """The envelope sender of a mail of ours: by it a bounce finds home, and nothing else does (rule 28)."""
    FOREIGN_MESSAGE_ID = 4
    SUBJECT_TOKEN = 5

    @property
    def is_signed(self) -> bool:
        """Return whether only somebody who had mail from us could know it."""
        return self <= MatchedBy.BOUNCE_ADDRESS

    @property
    def sentence(self) -> str:
        """Return how it was found, for people."""
        return _FOUND_BY[self]


_FOUND_BY = {
    MatchedBy.SIGNED_ADDRESS: "matched by signed address",
    MatchedBy.OWN_MESSAGE_ID: "answers a message of ours",
    MatchedBy.BOUNCE_ADDRESS: "came back to the address that one message of ours was sent from",
    MatchedBy.FOREIGN_MESSAGE_ID: "belongs to the same conversation as an earlier mail",
    MatchedBy.SUBJECT_TOKEN: "the subject names the ticket",
}


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

    ``asked_outside`` are those to whom something of it was passed on (docs/desk.md rule 71).
    ``closed_too_long`` says that the ticket was closed longer ago than answers may reopen it (rule 39).
    """

    matched_by: MatchedBy
    work_item_id: int
    number: int
    client_id: int
    requester: str = ""
    participants: frozenset[str] = frozenset()
    asked_outside: frozenset[str] = frozenset()
    in_triage: bool = False
    closed_too_long: bool = False


def standing(candidate: Candidate, sender: Sender) -> str | None:
    """Return in which capacity the sender may write on the candidate, as a sentence; None when in none.

    In Triage, where mail of many clients lies, only participants may (docs/mail.md rule 16).
    """
    standings = (
        (sender.address == candidate.requester and sender.address != "", "sender is the requester"),
        (takes_part(candidate, sender), "sender is a participant"),
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


def was_asked(candidate: Candidate, sender: Sender) -> bool:
    """Return whether somebody outside answers what was passed on to them: by what only they had from us."""
    return (
        sender.address in candidate.asked_outside
        and candidate.matched_by.is_signed
        and sender.dmarc is not Dmarc.FAIL
        and standing(candidate, sender) is None
        and not sender.contact_of - {candidate.client_id}
    )


def takes_part(candidate: Candidate, sender: Sender) -> bool:
    """Return whether the sender is the requester or a participant."""
    return sender.address != "" and sender.address in {candidate.requester, *candidate.participants}
