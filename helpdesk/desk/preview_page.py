"""What the page of one file shows, which strangers may have written (docs/desk.md rules 63 to 67)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from helpdesk.desk import file_kinds
from helpdesk.desk.calendar_words import EventLine, event_line
from helpdesk.infra.files import BlobStore
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import Actor
from helpdesk.intake.parser.charset import decode
from helpdesk.intake.process import attached
from helpdesk.intake.process.apart import Unreadable
from helpdesk.kernel.errors import NotFound
from helpdesk.tickets import queries as tickets
from helpdesk.tickets.models import Attachment, Message
from helpdesk.tickets.render import can_be_drawn

TEXT_BYTES = 200_000
READ_BYTES = 32 * 1024 * 1024
"""A mail is as large as the largest that we take."""
CALENDAR_BYTES = 1024 * 1024
PDF_MARK, PDF_HEAD_BYTES = b"%PDF-", 1024
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Text:
    """The beginning of a text; ``charset`` is the one that had to be guessed, or empty."""

    text: str
    is_cut: bool
    charset: str


@dataclass(frozen=True)
class Neighbours:
    """The files that its message has beside it; ``position`` counts from one."""

    position: int
    count: int
    before: Attachment | None
    after: Attachment | None


@dataclass(frozen=True)
class PreviewValues:
    """The context of desk/preview.html; ``trouble`` says why a file of a kind that is shown is not."""

    file: Attachment
    message: Message
    kind: str
    kind_words: str
    beside: Neighbours
    trouble: str = ""
    text: Text | None = None
    mail: "MailFile | None" = None
    events: Sequence[EventLine] = ()
    events_left: int = 0


@dataclass(frozen=True)
class InnerFile:
    """A file of a mail that is a file; one that is a mail says that, too."""

    name: str
    size_bytes: int
    mail: "MailFile | None"


@dataclass(frozen=True)
class MailFile:
    """A mail that is a file; ``within`` leads to it: positions joined by dots, empty for the file itself."""

    within: str
    sender: str
    to: str
    cc: str
    sent_at: datetime | None
    subject: str
    text: str
    is_cut: bool
    has_html: bool
    blocked_pictures: int
    is_unreadable: bool
    files: list[InnerFile]


def values(session: Session, store: BlobStore, *, actor: Actor, attachment_id: int) -> PreviewValues:
    """Return what the page of a file shows to the actor.

    Raises:
        NotFound: no such file, or not for this actor.
    """
    file = tickets.get_attachment(session, actor=actor, attachment_id=attachment_id)
    message = tickets.get_message(session, actor=actor, message_id=file.message_id)
    kind = file_kinds.kind_of(file.name, file.content_type)
    shown: dict[str, Any] = {"kind": kind}
    try:
        shown |= _read(store, file, kind)
    except Unreadable as trouble:
        shown |= {"trouble": _("This file cannot be shown: %(why)s.", why=trouble)}
    except NotFound as gone:
        shown |= {"trouble": str(gone)}
    return PreviewValues(file, message, kind_words=_kind_words(kind, file), beside=_beside(file, message), **shown)


def pdf(session: Session, store: BlobStore, *, actor: Actor, attachment_id: int) -> bytes:
    """Return a file that says of itself that it is a PDF, for the viewer of a browser.

    Raises:
        NotFound: no such file, or not for this actor; it is none.
    """
    file = tickets.get_attachment(session, actor=actor, attachment_id=attachment_id)
    content = store.get(file.blob_sha256)
    if file_kinds.kind_of(file.name, file.content_type) != file_kinds.PDF or not _is_pdf(content):
        message = "This file is not shown; save it instead."
        raise NotFound(message)
    return content


def mail_body(
    session: Session, store: BlobStore, *, actor: Actor, attachment_id: int, within: Sequence[int]
) -> dict[str, Any]:
    """Return title, text, HTML and pictures of a mail that is a file, or of one inside it.

    Raises:
        NotFound: no such file, or not for this actor; there is no such mail.
        Unreadable: not within its limits.
    """
    file = tickets.get_attachment(session, actor=actor, attachment_id=attachment_id)
    found = None
    if file_kinds.kind_of(file.name, file.content_type) == file_kinds.MAIL and file.size_bytes <= READ_BYTES:
        found = attached.body_within(store.get(file.blob_sha256), within)
    if found is None:
        message = "There is no such mail."
        raise NotFound(message)
    return found


def text_of(start: bytes, *, is_cut: bool) -> Text | None:
    """Return the text of a file's beginning with what nobody sees named; None where it is no text.

    What is cut ends with a whole line where it has lines, so that no letter is halved.
    """
    if start[:2] in _WIDE_MARKS:
        text, guessed = start[: len(start) // 2 * 2].decode("utf-16", "replace"), ""
    else:
        whole = start[: start.rfind(b"\n") + 1] or start if is_cut else start
        if b"\x00" in whole:
            return None
        decoded = decode(whole, None)
        text, guessed = decoded.text.lstrip("\ufeff"), decoded.guessed or ""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return Text(file_kinds.seen(lines), is_cut, "" if guessed in ("utf-8", "ascii") else guessed)


def _read(store: BlobStore, file: Attachment, kind: str) -> dict[str, Any]:
    if kind == file_kinds.TEXT:
        text = text_of(store.start_of(file.blob_sha256, size_bytes=TEXT_BYTES), is_cut=file.size_bytes > TEXT_BYTES)
        return {"text": text} if text else {"kind": file_kinds.OTHER}
    if kind == file_kinds.PICTURE and not can_be_drawn(store.get(file.blob_sha256)):
        return {"trouble": _("This picture is broken, or far too large.")}
    if kind == file_kinds.PDF and not _is_pdf(store.start_of(file.blob_sha256, size_bytes=PDF_HEAD_BYTES)):
        return {"trouble": _("This file calls itself a PDF and is none.")}
    if kind in (file_kinds.MAIL, file_kinds.CALENDAR):
        if file.size_bytes > (READ_BYTES if kind == file_kinds.MAIL else CALENDAR_BYTES):
            return {"trouble": _("This file is too large to be shown.")}
        content = store.get(file.blob_sha256)
        return {"mail": _mail(attached.mail_within(content), "")} if kind == file_kinds.MAIL else _calendar(content)
    return {}


def _is_pdf(start: bytes) -> bool:
    return PDF_MARK in start[:PDF_HEAD_BYTES]


def _calendar(content: bytes) -> dict[str, Any]:
    found = attached.calendar_within(content)
    events = [event_line(event) for event in found["events"]]
    if not events:
        return {"trouble": _("There is no event in this calendar.")}
    return {"events": events, "events_left": found["count"] - len(events)}


def _mail(found: dict[str, Any], within: str) -> MailFile:
    return MailFile(
        within=within,
        sender=found["sender"],
        to=", ".join(found["to"]),
        cc=", ".join(found["cc"]),
        sent_at=datetime.fromisoformat(found["sent_at"]) if found["sent_at"] else None,
        subject=found["subject"],
        text=found["text"],
        is_cut=found["is_cut"],
        has_html=found["has_html"],
        blocked_pictures=found["blocked_pictures"],
        is_unreadable=found["is_unreadable"],
        files=[_inner(one, within) for one in found["files"]],
    )


def _inner(found: dict[str, Any], within: str) -> InnerFile:
    path = f"{within}.{found['position']}".lstrip(".")
    return InnerFile(found["name"], found["size_bytes"], _mail(found["mail"], path) if found["mail"] else None)


def _beside(file: Attachment, message: Message) -> Neighbours:
    files = [one for one in message.attachments if one.id == file.id or not (one.inline or one.folded)]
    at = next(place for place, one in enumerate(files) if one.id == file.id)
    return Neighbours(at + 1, len(files), files[at - 1] if at else None, files[at + 1] if at + 1 < len(files) else None)


def _kind_words(kind: str, file: Attachment) -> str:
    words = {
        file_kinds.PICTURE: _("Picture"),
        file_kinds.PDF: _("PDF"),
        file_kinds.TEXT: _("Text"),
        file_kinds.MAIL: _("Mail"),
        file_kinds.CALENDAR: _("Calendar"),
    }
    return words.get(kind) or file.content_type or _("File")
