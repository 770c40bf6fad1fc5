"""The door of the parser: the bytes of a mail in, a `ParsedMail` out, whatever the bytes are."""

import re
from dataclasses import replace
from datetime import datetime
from email.message import Message

from mailparser.dates import parse_mail_date

from helpdesk.intake.domain.automatic import judge_automatic
from helpdesk.intake.domain.bounce import BounceEvidence, judge_bounce
from helpdesk.intake.domain.forward import judge_forward
from helpdesk.intake.domain.identity import content_hash, message_ids, normalise_message_id
from helpdesk.intake.domain.limits import exceeded, readable_head
from helpdesk.intake.domain.reply import split_reply
from helpdesk.intake.domain.spam_hint import spam_hint
from helpdesk.intake.parser.body import Body, read_body
from helpdesk.intake.parser.enclosed import MAIL_TYPE, first_enclosed
from helpdesk.intake.parser.file_name import name_for, numbered
from helpdesk.intake.parser.header_text import body_charset, first_value, raw_by_name, read_addresses, read_headers
from helpdesk.intake.parser.parsed import ParsedAttachment, ParsedMail
from helpdesk.intake.parser.parts import Parts, collect
from helpdesk.intake.parser.tree import defects_of, read_tree
from helpdesk.outbox.domain import Address
from helpdesk.tickets.domain import PICTURES, picture_type

_SENDERS = ("from", "sender", "reply-to", "return-path")
"""Where the sender is looked for: a mail without a readable From is rare, and From decides where there is one."""
_ADDRESS_IN_NAME = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_DELIVERED_TO = ("delivered-to", "x-original-to", "envelope-to")


def parse(raw: bytes) -> ParsedMail:
    """Return what can be read of the mail; what cannot is named in ``warnings``. Never raises on a mail.

    A mail beyond the limits of docs/mail.md rule 13, or one whose body no parser survives, is read by its headers
    alone and carries itself as its attachment (rule 10).
    """
    broken = exceeded(raw)
    notes = tuple(f"limit exceeded: {one}" for one in broken)
    if any(one.fatal for one in broken):
        return parse_headers(raw, notes)
    try:
        message = read_tree(raw)
        return _assemble(raw, message, collect(message), (*notes, *defects_of(message)))
    except MemoryError:
        raise  # the process that reads mail ends, and whoever asked says why (rule 9)
    except Exception as error:  # noqa: BLE001 - the mail quarantine: no mail may stop the next one (rule 9)
        return parse_headers(raw, (*notes, f"the body could not be read ({type(error).__name__})"))


def parse_headers(raw: bytes, notes: tuple[str, ...] = ()) -> ParsedMail:
    """Return the mail with its headers, an empty body and itself as an attachment (rule 10)."""
    message = read_tree(readable_head(raw))
    itself = ParsedAttachment("message.eml", MAIL_TYPE, raw)
    return replace(
        _assemble(raw, message, Parts(attachments=[itself]), notes),
        body_unreadable=True,
        enclosed=None,
    )


def _assemble(raw: bytes, message: Message, parts: Parts, notes: tuple[str, ...]) -> ParsedMail:
    raw_values, charset = raw_by_name(message), body_charset(message)
    headers = read_headers(message, charset)
    body = read_body(parts.segments)

    def addresses(name: str) -> tuple[Address, ...]:
        return read_addresses(raw_values.get(name, ()), charset)

    senders = next(filter(None, map(addresses, _SENDERS)), ())
    subject = headers.first("Subject")
    reply = split_reply(body.text, quote_begins_at_line=body.quote_begins_at_line)
    sender = senders[0] if senders else Address("", "")
    files = _attachments(parts, body)
    evidence = BounceEvidence(
        headers=headers,
        sender=sender.address,
        subject=subject,
        text=body.text,
        delivery_reports=tuple(parts.delivery_reports),
        returned_mail=parts.returned_mail,
    )
    return ParsedMail(
        content_hash=content_hash(raw),
        headers=headers,
        message_id=normalise_message_id(headers.first("Message-ID")),
        in_reply_to=message_ids(headers.first("In-Reply-To")),
        references=message_ids(" ".join(headers.all("References"))),
        sent_at=_sent_at(message),
        sender=sender,
        reply_to=addresses("reply-to"),
        to=addresses("to"),
        cc=addresses("cc"),
        delivered_to=tuple(person.address for name in _DELIVERED_TO for person in addresses(name)),
        subject=subject,
        text=body.text,
        html=body.html,
        blocked_images=body.blocked_images,
        reply_text=reply.reply_text,
        trimmed_text=reply.trimmed_text,
        attachments=files,
        automatic=judge_automatic(headers),
        bounce=judge_bounce(evidence),
        forward=judge_forward(subject, body.text),
        body_unreadable=False,
        warnings=tuple(dict.fromkeys((*notes, *_disguise(sender), *parts.warnings, *body.warnings))),
        spam_hint=spam_hint(headers),
        enclosed=first_enclosed((file.name, file.content) for file in files if file.content_type == MAIL_TYPE),
    )


def _disguise(sender: Address) -> tuple[str, ...]:
    """Return a warning when the sender's name shows an address that is not the sender's."""
    shown = _ADDRESS_IN_NAME.search(sender.name)
    if shown is None or shown[0].lower() == sender.address.lower():
        return ()
    return (f"the sender's name shows the address {shown[0]}, but the mail is from {sender.address}",)


def _sent_at(message: Message) -> datetime | None:
    """Return the instant in the topmost Date header, in UTC; None when there is none that can be read."""
    value = parse_mail_date(first_value(message, "Date")).value
    return value if isinstance(value, datetime) else None


def _attachments(parts: Parts, body: Body) -> tuple[ParsedAttachment, ...]:
    """Return the files with names that are unique, and inline where the HTML shows them (rule 34).

    What the HTML refers to but nothing shows here, such as an SVG, is a file.
    """
    within = [
        ParsedAttachment(name_for(one.content_type), one.content_type, one.content, content_id=one.content_id)
        for one in body.pictures
    ]
    files = (*parts.attachments, *within)
    names = numbered([file.name for file in files])
    return tuple(
        replace(
            file,
            name=name,
            is_inline=file.content_id in body.content_ids and picture_type(name, file.content_type) in PICTURES,
        )
        for file, name in zip(files, names, strict=True)
    )
