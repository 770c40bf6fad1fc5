"""From an `Outgoing` to the bytes on the wire (RFC 5322, MIME); the same input gives the same bytes."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from email.errors import HeaderParseError
from email.header import Header
from email.headerregistry import Address as WireAddress
from email.headerregistry import AddressHeader, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage, MIMEPart
from email.policy import SMTP, EmailPolicy, Policy
from email.utils import format_datetime
from html import escape

from flask_babel import force_locale

from helpdesk.infra import rich_text
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import letter_language
from helpdesk.kernel.errors import RuleViolation
from helpdesk.outbox.domain import LOOP_HEADER, SEPARATOR_BEGINS, SEPARATOR_ENDS, Address, header_value

REFERENCES_LIMIT = 30
"""Message-IDs in References: the first, which names the thread, and the latest ones."""


@dataclass(frozen=True, slots=True)
class FileContent:
    """A file with its bytes; ``content_type`` is like ``application/pdf``.

    With ``content_id`` it is a picture that the HTML shows.
    """

    name: str
    content_type: str
    content: bytes
    content_id: str | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """All that decides the bytes of one mail. ``sent_at`` is an aware instant.

    ``auto_submitted`` is true for what no person wrote: acknowledgements, alerts, invoices.
    """

    sender: Address
    to: tuple[Address, ...]
    subject: str
    text: str
    message_id: str
    sent_at: datetime
    html: str | None = None
    cc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    auto_submitted: bool = False
    attachments: tuple[FileContent, ...] = ()


class _MessageIds(UnstructuredHeader, BaseHeader):
    """Message-IDs one a line: the library's own folding breaks long ones into encoded words."""

    max_count = 1

    def fold(self, *, policy: Policy) -> str:
        """Return the header with each id whole on a line of its own."""
        return f"{self.name}: {(policy.linesep + ' ').join(self.split())}{policy.linesep}"


class _Subject(UnstructuredHeader, BaseHeader):
    """A text: the library's own folding loses a space where an encoded word ends a line."""

    max_count = 1

    def fold(self, *, policy: Policy) -> str:
        """Return the header in encoded words that give the text back to the letter."""
        return f"{self.name}: {_encoded(str(self), self.name, policy)}{policy.linesep}"


class _People(AddressHeader, BaseHeader):  # type: ignore[misc]  # as the library itself combines them
    """Names and addresses, one a line; names are folded like subjects."""

    max_count = 1

    def fold(self, *, policy: Policy) -> str:
        """Return the header with each person on a line of their own."""
        people = f",{policy.linesep} ".join(_person(each, policy) for each in self.addresses)
        return f"{self.name}: {people}{policy.linesep}"


def _person(person: WireAddress, policy: Policy) -> str:
    if person.display_name.isascii():
        return str(person)
    return f"{_encoded(person.display_name, 'Reply-To', policy)} <{person.addr_spec}>"


def _encoded(text: str, header: str, policy: Policy) -> str:
    charset = "us-ascii" if text.isascii() else "utf-8"
    return Header(text, charset, header_name=header, maxlinelen=76).encode(linesep=policy.linesep)


def _policy() -> "EmailPolicy[EmailMessage]":
    registry = HeaderRegistry()
    registry.map_to_type("subject", _Subject)
    for name in ("references", "in-reply-to"):
        registry.map_to_type(name, _MessageIds)
    for name in ("from", "to", "cc", "reply-to"):
        registry.map_to_type(name, _People)
    return SMTP.clone(header_factory=registry, cte_type="7bit")


WIRE_POLICY = _policy()
"""How our mail is written: 7-bit, CRLF, headers that every program reads back to the letter."""


def above_the_line(text: str, *, language: str) -> str:
    """Return the letter below the line above which people are asked to answer (docs/mail.md rule 32).

    The words are those of ``language`` where letters are written in it, else English; the marks around them are the
    same in every language, and by them the line is found again in an answer.
    """
    return f"{_line(letter_language(language))}\n\n{text}"


def letter_html(body: str, *, signature: str, language: str, pictures: Collection[str] = ()) -> str:
    """Return a letter as HTML that every mail program draws: below the same line, above the signature.

    ``body`` is kept HTML (``infra.rich_text``), ``signature`` a text; ``pictures`` are the content ids of those in it.
    """
    written_in = letter_language(language)
    signed = rich_text.mailed(rich_text.html_of(signature))
    below = f'<div style="color:#57606a"><p style="margin:0">--&nbsp;</p>{signed}</div>' if signed else ""
    return (
        f'<!doctype html><html lang="{written_in.replace("_", "-")}"><head><meta charset="utf-8"></head>'
        '<body style="font-family:Arial,Helvetica,sans-serif;font-size:14px;line-height:1.5">'
        f'<p style="margin:0 0 12px;color:#57606a;font-size:12px">{escape(_line(written_in))}</p>'
        f'<div style="margin:0 0 12px">{rich_text.mailed(body, pictures=pictures)}</div>{below}</body></html>'
    )


def letter_text(text: str, html: str, *, language: str) -> str:
    """Return the text of a letter; where pictures stand between its words, they are named in its language."""
    if not rich_text.pictures_in(html):
        return text
    with force_locale(letter_language(language)):
        word = _("picture")
    return rich_text.text_of(html, picture=word)


def _line(written_in: str) -> str:
    with force_locale(written_in):
        words = _("Please write above this line")
    return f"{SEPARATOR_BEGINS} {words} {SEPARATOR_ENDS}"


def render(outgoing: Outgoing) -> bytes:
    """Return the mail as bytes with CRLF line ends, 7-bit throughout.

    Automatic mail carries the headers of docs/mail.md rule 25.

    Raises:
        RuleViolation: a header value holds a line break, an address is none, or nobody is addressed.
    """
    message = EmailMessage(policy=WIRE_POLICY)
    _write_addresses(message, outgoing)
    message["Subject"] = header_value(outgoing.subject, name="subject")
    message["Date"] = format_datetime(outgoing.sent_at)
    message["Message-ID"] = header_value(outgoing.message_id, name="Message-ID")
    _write_thread(message, outgoing)
    if outgoing.auto_submitted:
        message["Auto-Submitted"] = "auto-replied" if outgoing.in_reply_to else "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
        message[LOOP_HEADER] = "1"
    _write_body(message, outgoing)
    _fix_boundaries(message, outgoing.message_id)
    return message.as_bytes()


def _write_addresses(message: EmailMessage, outgoing: Outgoing) -> None:
    if not outgoing.to and not outgoing.cc:
        nobody = "The mail has no recipient."
        raise RuleViolation(nobody)
    message["From"] = _wire(outgoing.sender)
    for name, people in (("To", outgoing.to), ("Cc", outgoing.cc), ("Reply-To", outgoing.reply_to)):
        if people:
            message[name] = tuple(_wire(person) for person in people)


def _wire(person: Address) -> WireAddress:
    """Return the address as the wire wants it; a domain of other scripts goes in its ASCII form."""
    name = header_value(person.name, name="name").strip()
    local, _, domain = header_value(person.address, name="address").strip().rpartition("@")
    try:
        local.encode("ascii")
        return WireAddress(display_name=name, addr_spec=f"{local}@{domain.encode('idna').decode()}")
    except (HeaderParseError, IndexError, UnicodeError, ValueError) as error:
        message = f"“{person.address}” is no address that mail can be sent to."
        raise RuleViolation(message) from error


def _write_thread(message: EmailMessage, outgoing: Outgoing) -> None:
    """Name the thread; a foreign id that is not ASCII, which no header of ours could carry, is left out."""
    if outgoing.in_reply_to and outgoing.in_reply_to.isascii():
        message["In-Reply-To"] = header_value(outgoing.in_reply_to, name="In-Reply-To")
    known = (header_value(reference, name="References") for reference in outgoing.references)
    references = [reference for reference in known if reference.isascii()]
    if len(references) > REFERENCES_LIMIT:
        references = [references[0], *references[-(REFERENCES_LIMIT - 1) :]]
    if references:
        message["References"] = " ".join(references)


def _write_body(message: EmailMessage, outgoing: Outgoing) -> None:
    """Write text and HTML, the pictures of the HTML beside it (multipart/related, RFC 2387), the files behind all."""
    message.set_content(_encodable(outgoing.text))
    is_shown = outgoing.html is not None
    if outgoing.html is not None:
        message.add_alternative(_encodable(outgoing.html), subtype="html")
        _write_pictures(message, [file for file in outgoing.attachments if file.content_id])
    for file in outgoing.attachments:
        if not (file.content_id and is_shown):
            name, maintype, subtype = _described(file)
            message.add_attachment(file.content, maintype=maintype, subtype=subtype, filename=name)


def _write_pictures(message: EmailMessage, pictures: Collection[FileContent]) -> None:
    letter = message.get_body(("html",))
    if letter is None:
        return
    for file in pictures:
        name, maintype, subtype = _described(file)
        content_id = f"<{header_value(file.content_id or '', name='Content-ID')}>"
        letter.add_related(
            file.content, maintype=maintype, subtype=subtype, cid=content_id, filename=name, disposition="inline"
        )


def _described(file: FileContent) -> tuple[str, str, str]:
    name = header_value(file.name, name="file name")
    maintype, _, subtype = header_value(file.content_type, name="file type").partition("/")
    if maintype in ("message", "multipart") or not subtype:
        # A stored mail is sent as a file: the library would want it parsed, and parsing changes bytes.
        return name, "application", "octet-stream"
    return name, maintype, subtype


def _encodable(text: str) -> str:
    """Return the text with a question mark for each lone surrogate."""
    return text.encode("utf-8", "replace").decode()


def _fix_boundaries(message: EmailMessage, seed: str) -> None:
    """Give every multipart a boundary made from the Message-ID, so that a repeat has the same bytes."""
    for index, part in enumerate(message.walk()):
        if isinstance(part, MIMEPart) and part.is_multipart():
            part.set_boundary("=_" + hashlib.sha256(f"{seed}{index}".encode()).hexdigest()[:32])
