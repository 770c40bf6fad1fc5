"""What a mail brings to a conversation, and how a subject names its ticket: pure values."""

import hashlib
import mimetypes
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import NAMESPACE_OID, uuid5

from helpdesk.clients.domain import is_freemail, suffixes_of
from helpdesk.kernel.errors import RuleViolation

PLACE_OF_A_PICTURE = re.compile(r'\s?src="cid:[0-9a-f]{32}@elsewhere\.html"')
"""What stands in sanitised HTML where a remote picture was taken out (docs/mail.md rule 33)."""

PICTURES = {"image/png": "PNG", "image/jpeg": "JPEG", "image/gif": "GIF", "image/webp": "WEBP"}
"""What is shown as a picture: its type, and how Pillow calls that."""

TICKET_FIELDS = (
    "requester.name",
    "requester.first_name",
    "requester.email",
    "ticket.number",
    "ticket.subject",
    "client.name",
    "project.name",
    "company.name",
)
"""What each text that is filled in for a ticket can ask for."""
CANNED_FIELDS = (*TICKET_FIELDS, "me.name", "me.first_name")
"""What a canned reply can ask for (docs/answering.md rule 6)."""
MOST_FILES = 20
MEGABYTE = 1024 * 1024
MOST_FILE_BYTES = 15 * MEGABYTE
NAMED_FILES = 3  # of those that do not go along
"""Of all files of one answer together; on its way a mail grows by a third, and many servers take 25 MB."""
_TITLES = frozenset(
    {"dr.", "dr", "prof.", "prof", "mr.", "mr", "mrs.", "mrs", "ms.", "ms", "herr", "frau", "dipl.-ing."}
)


@dataclass(frozen=True, slots=True)
class NewAttachment:
    """A file that is stored already; ``name`` is for display only."""

    name: str
    content_type: str
    blob_sha256: str
    size_bytes: int
    inline: bool = False
    content_id: str | None = None


@dataclass(frozen=True, slots=True)
class IncomingMail:
    """A mail as the conversation keeps it; ``received_at`` is when our mail server had it.

    ``html`` is sanitised. ``reply_text`` and ``trimmed_text`` divide ``text`` (docs/mail.md rule 31). ``references``
    are all Message-IDs that belong to the same conversation, its own first (rule 14 c). ``reasons`` explain every
    decision in sentences (rule 44). ``recipients`` are ``{"name": …, "address": …}``. ``reply_to`` is where answers go
    if not to the sender (rule 20).
    """

    subject: str
    text: str
    html: str | None
    reply_text: str
    trimmed_text: str
    message_id: str
    received_at: datetime
    references: tuple[str, ...] = ()
    recipients: tuple[dict[str, str], ...] = ()
    blocked_images: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    attachments: tuple[NewAttachment, ...] = ()
    automatic: bool = False
    held: bool = False
    unverified: bool = False
    reply_to: str = ""


def is_forward(kind: str, outgoing_message_id: int | None) -> bool:
    """Return whether a message was passed on to somebody outside: an internal note that a mail went out with."""
    return kind == "note" and outgoing_message_id is not None


def picture_type(name: str, content_type: str) -> str:
    """Return the type of a picture; that which the ending of its name tells, where nothing else tells it."""
    said = content_type.lower().partition(";")[0].strip()
    is_unsaid = said in ("", "application/octet-stream")
    return mimetypes.guess_type(name, strict=False)[0] or said if is_unsaid else said


def place_of_picture(url: str) -> str:
    """Return the content id under which a remote picture is shown in its mail, should somebody ask for it."""
    return f"{hashlib.sha256(url.encode('utf-8', 'replace')).hexdigest()[:32]}@elsewhere.html"


def new_outside(recipients: Iterable[str], *, domains: Collection[str], addresses: Collection[str]) -> list[str]:
    """Return those of ``recipients`` at whose domain nobody of this conversation is known yet (docs/mail.md rule 38).

    Known are the ``domains`` of the client and what lies in them, the ``addresses`` to whom we wrote or who asked, and
    everybody at their domains, unless anybody can have an address there. All in lower case.
    """
    known = {address.rpartition("@")[2] for address in addresses}
    theirs = {domain for domain in known if not is_freemail(domain)} | set(domains)
    return [
        address
        for address in dict.fromkeys(recipients)
        if address not in addresses and theirs.isdisjoint(suffixes_of(address.rpartition("@")[2]))
    ]


def subject_of(number: int, title: str) -> str:
    """Return the subject of our mails about a ticket: ``[#1234] Printer prints blank labels``."""
    return f"[#{number}] {' '.join(title.split())}".rstrip()


def first_name(name: str) -> str:
    """Return the first word of somebody's name; of an address that stands for a name, all of it.

    ``Dr. Ida Kühn`` is Ida: titles are passed over. ``Kühn, Ida`` is Ida too.
    """
    last, comma, given = name.partition(",")
    words = [word for word in (given if comma and given.strip() else last).split() if word.casefold() not in _TITLES]
    return words[0] if words else name.strip()


def typed_people(text: str) -> list[tuple[str, str]]:
    """Return (name, address) of everybody in a typed line, once each: ``Bob <bob@acme.example>, ida@kuehn.example``.

    Commas, semicolons and line breaks part them. What is no address is returned as it stands, for who checks addresses.
    """
    found: dict[str, tuple[str, str]] = {}
    for part in filter(None, (each.strip() for each in re.split(r"[,;\n]", text))):
        name, angle, address = part.removesuffix(">").rpartition("<")
        pair = (name.strip(' "') if angle else "", address.strip())
        found.setdefault(pair[1].lower(), pair)
    return list(found.values())


def entry_uuid(message_id: int) -> str:
    """Return the uuid of the time entry that goes with a message, by which the two find each other."""
    return str(uuid5(NAMESPACE_OID, f"helpdesk message {message_id}"))


def travel_uuid(message_id: int) -> str:
    """Return the uuid of the time entry of the way to a visit and back."""
    return str(uuid5(NAMESPACE_OID, f"helpdesk travel {message_id}"))


SAID_OF_LINKS = {
    "related": "is related to",
    "part": "is part of",
    "whole": "has as a part",
    "duplicate": "is the same as",
    "original": "is asked again in",
}
"""What one ticket or task can be to another, and how a history says it (docs/desk.md rule 26)."""


@dataclass(frozen=True, slots=True)
class Side:
    """A ticket or task as a merge looks at it.

    ``client_id`` is None where it is of our own company, Triage included. ``requester_of`` is the client whose contact
    the requester is, None where nobody knows. ``merged_into`` is a number.
    """

    number: int
    is_ticket: bool
    is_spam: bool
    merged_into: int | None
    client_id: int | None
    requester_id: int | None
    requester_name: str
    requester_of: int | None


def why_not_merged(ticket: Side, into: Side) -> str:
    """Return why ``ticket`` cannot be merged into the other, as a sentence; empty where it can (docs/desk.md rule 20).

    What a client wrote stays with that client. From our own company, Triage above all, it goes to the client of whom
    the requester is a contact; to any, where the requester is of none yet.
    """
    if ticket.number == into.number:
        return "A ticket is not merged into itself."
    return next(filter(None, (_unfit(one) for one in (ticket, into))), "") or _why_apart(ticket, into)


def _unfit(one: Side) -> str:
    if not one.is_ticket:
        return f"#{one.number} is a task; only tickets are merged."
    if one.merged_into is not None:
        return f"#{one.number} was merged into #{one.merged_into} already."
    return f"#{one.number} is marked as spam." if one.is_spam else ""


def _why_apart(ticket: Side, into: Side) -> str:
    if ticket.client_id is not None:
        is_theirs = ticket.client_id == into.client_id
        return (
            "" if is_theirs else f"#{into.number} is not of the same client; the conversations of clients stay apart."
        )
    if into.client_id is not None:
        is_theirs = ticket.requester_of in (None, into.client_id)
        return (
            "" if is_theirs else f"{ticket.requester_name} is a contact of another client than that of #{into.number}."
        )
    of_one_client = ticket.requester_of is not None and ticket.requester_of == into.requester_of
    if ticket.requester_id == into.requester_id or of_one_client:
        return ""
    return (
        f"Nobody knows whether {ticket.requester_name} and {into.requester_name} belong together. "
        "Move one of the two tickets to its client first."
    )


MANY, EMPTY, LARGE = "many", "empty", "large"
"""Why files do not go along."""


class FilesDoNotFit(RuleViolation):
    """Files cannot go along with one answer: ``why`` is one of the three (docs/answering.md rule 14)."""

    def __init__(self, why: str, message: str) -> None:
        super().__init__(message, field="files")
        self.why = why


def check_files(sizes: Iterable[int]) -> None:
    """Let pass the sizes in bytes of files that can go along with one answer.

    Raises:
        FilesDoNotFit: too many, too large together, or an empty one.
    """
    every = list(sizes)
    if len(every) > MOST_FILES:
        raise FilesDoNotFit(MANY, f"{MOST_FILES} files go along at most.")
    if 0 in every:
        raise FilesDoNotFit(EMPTY, "The file is empty.")
    if sum(every) > MOST_FILE_BYTES:
        raise FilesDoNotFit(LARGE, f"The files have {in_megabytes(sum(every))}; at most {most_megabytes()} go along.")


@dataclass(frozen=True, slots=True)
class Misfit:
    """A file that does not go along, with the reason."""

    name: str
    size_bytes: int
    why: RuleViolation


def words_of_misfits(misfits: Iterable[Misfit]) -> list[str]:
    """Return why files do not go along: those for one reason in one sentence, one that is too large with its size.

    ``["big.iso: 16.2 MB; at most 15 MB.", "20 files go along at most. Left out: 20.txt, 21.txt, 22.txt and 2 more."]``
    """
    names: dict[str, list[str]] = {}
    for one in misfits:
        why = one.why.why if isinstance(one.why, FilesDoNotFit) else ""
        if why == LARGE and one.size_bytes > MOST_FILE_BYTES:
            words = f"{{}}: {in_megabytes(one.size_bytes)}; at most {most_megabytes()}."
        elif why == LARGE:
            words = f"At most {most_megabytes()} go along together. Left out: {{}}."
        elif why == MANY:
            words = f"{one.why} Left out: {{}}."
        else:
            words = "{}: " + str(one.why)
        names.setdefault(words, []).append(one.name)
    return [words.replace("{}", _listed(each), 1) for words, each in names.items()]


def _listed(names: list[str]) -> str:
    rest = len(names) - NAMED_FILES
    return ", ".join(names[:NAMED_FILES]) + (f" and {rest} more" if rest > 0 else "")


def in_megabytes(size_bytes: int) -> str:
    """Return a size as people read it: 16.2 MB. It is rounded up, so that what is too large reads so."""
    return f"{-(-size_bytes * 10 // MEGABYTE) / 10:.1f} MB"


def most_megabytes() -> str:
    """Return how much goes along with one answer: 15 MB."""
    return f"{MOST_FILE_BYTES / MEGABYTE:.0f} MB"
