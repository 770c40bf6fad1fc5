"""From a letter as data to the bytes of a mail, the way Gmail, Outlook and Apple Mail write them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from html import escape
from typing import Literal
from zoneinfo import ZoneInfo

from babel.dates import format_datetime as say_when

from helpdesk.outbox.render import WIRE_POLICY

Expect = Literal["ticket", "reply", "ignored"]
Style = Literal["gmail", "outlook", "apple"]


@dataclass(frozen=True, kw_only=True)
class SampleMail:
    """One mail of the story and what must become of it.

    ``client`` is the client's domain, None for strangers. ``reply_to`` is the key of the mail that it answers.
    ``write`` makes the bytes from the support address and the moment at which the story is told.
    """

    key: str
    sender: str
    expect: Expect
    client: str | None
    reply_to: str | None = None
    write: Callable[[str, datetime], bytes] = field(repr=False)

    def raw(self, support_address: str, *, now: datetime) -> bytes:
        """Return the mail as it comes over the wire: CRLF, and the same bytes for the same arguments."""
        return self.write(support_address, now)


@dataclass(frozen=True, kw_only=True)
class Sender:
    """A person who writes, and where their clock stands."""

    name: str
    address: str
    zone: str

    @property
    def header(self) -> str:
        """Return name and address for a header field, encoded where it must be."""
        return formataddr((self.name, self.address))

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>"


@dataclass(frozen=True, kw_only=True)
class File:
    """An attachment, or with ``content_id`` an image inside the HTML."""

    name: str
    type: str
    content: bytes
    content_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Letter:
    """What somebody wrote, and how their mail program packs it.

    ``html`` None lets the program make its HTML from the text, "" sends text alone. ``encoding`` is the transfer
    encoding of the texts.
    """

    key: str
    sender: Sender
    subject: str
    text: str
    minutes_ago: int
    language: str
    html: str | None = ""
    has_text: bool = True
    charset: str = "utf-8"
    encoding: str = "quoted-printable"
    cc: tuple[Sender, ...] = ()
    files: tuple[File, ...] = ()
    answers: "Letter | None" = None
    style: Style = "gmail"
    headers: tuple[tuple[str, str], ...] = ()
    answers_id: str | None = None

    @property
    def message_id(self) -> str:
        """Return the Message-ID, made of key and domain."""
        return f"<{self.key}.2026@{self.domain}>"

    @property
    def domain(self) -> str:
        """Return the domain of the sender."""
        return self.sender.address.partition("@")[2]

    def sent_at(self, now: datetime) -> datetime:
        """Return when it was written, by the sender's clock."""
        moment = now - timedelta(minutes=self.minutes_ago)
        return moment.astimezone(ZoneInfo(self.sender.zone)).replace(microsecond=0)


def sample(letter: Letter, *, expect: Expect, client: str | None) -> SampleMail:
    """Return the letter as a mail of the story."""
    return SampleMail(
        key=letter.key,
        sender=letter.sender.address,
        expect=expect,
        client=client,
        reply_to=letter.answers.key if letter.answers else None,
        write=lambda support_address, now: compose(letter, support_address, now),
    )


def compose(letter: Letter, support_address: str, now: datetime) -> bytes:
    """Return the mail of a letter."""
    message = EmailMessage(policy=WIRE_POLICY)
    message["Date"] = format_datetime(letter.sent_at(now))
    message["From"] = letter.sender.header
    message["To"] = support_address
    if letter.cc:
        message["Cc"] = ", ".join(person.header for person in letter.cc)
    message["Message-ID"] = letter.message_id
    if answered := letter.answers.message_id if letter.answers else letter.answers_id:
        message["In-Reply-To"] = answered
        message["References"] = answered
    message["Subject"] = letter.subject
    for name, value in letter.headers:
        message[name] = value
    _fill(message, letter, support_address, now)
    # The library's own boundaries are random, and a mail that comes twice must be the same mail.
    for number, part in enumerate(message.walk()):
        if part.is_multipart():
            part.set_boundary(f"=_{letter.key}_{number}")
    return message.as_bytes()


def _fill(message: EmailMessage, letter: Letter, support_address: str, now: datetime) -> None:
    text, html = letter.text.strip("\n"), letter.html
    if html is None:
        html = _paragraphs(text)
    if letter.answers is not None:
        quote = _Quote(letter.answers, support_address, letter.answers.sent_at(now), letter.language)
        text, html = QUOTERS[letter.style](text, html, quote)
    if letter.has_text:
        message.set_content(text + "\n", charset=letter.charset, cte=letter.encoding)
    if html and letter.has_text:
        message.add_alternative(html, subtype="html", charset=letter.charset, cte=letter.encoding)
    elif html:
        message.set_content(html, subtype="html", charset=letter.charset, cte=letter.encoding)
    for file in letter.files:
        _add(message, file)


def _add(message: EmailMessage, file: File) -> None:
    kind, _, subtype = file.type.partition("/")
    if file.content_id is None:
        message.add_attachment(file.content, maintype=kind, subtype=subtype, filename=file.name)
        return
    html = message.get_body(preferencelist=("html",))
    if html is None:
        detail = f"{file.name} needs an HTML part to stand in"
        raise ValueError(detail)
    html.add_related(
        file.content,
        maintype=kind,
        subtype=subtype,
        cid=f"<{file.content_id}>",
        filename=file.name,
        disposition="inline",
    )


@dataclass(frozen=True)
class _Quote:
    """The mail that is answered, as seen by the one who answers."""

    letter: Letter
    support_address: str
    sent_at: datetime
    language: str

    @property
    def text(self) -> str:
        return self.letter.text.strip("\n")

    @property
    def marked(self) -> str:
        return "\n".join(f"> {line}".rstrip() for line in self.text.splitlines())

    def say(self, pattern: str) -> str:
        return say_when(self.sent_at, pattern, tzinfo=self.sent_at.tzinfo, locale=self.language)


GMAIL_LINES = {
    "de": ("EEE, d. MMM yyyy 'um' HH:mm", "Am {when} Uhr schrieb {who}:"),
    "en": ("EEE, d MMM yyyy 'at' HH:mm", "On {when}, {who} wrote:"),
    "es": ("EEE, d MMM yyyy 'a las' H:mm", "El {when}, {who} escribió:"),
    "fr": ("EEE d MMM yyyy 'à' HH:mm", "Le {when}, {who} a écrit :"),
    "pt": ("EEEE, d/MM/yyyy 'à(s)' HH:mm", "{who} escreveu ({when}):"),
}
APPLE_LINES = {
    "de": ("dd.MM.yyyy 'um' HH:mm", "Am {when} schrieb {who}:"),
    "en": ("d MMM yyyy, 'at' HH:mm", "On {when}, {who} wrote:"),
    "es": ("d MMM yyyy, 'a las' H:mm", "El {when}, {who} escribió:"),
    "fr": ("d MMM yyyy 'à' HH:mm", "Le {when}, {who} a écrit :"),
}
OUTLOOK_WORDS = {
    "de": ("Von", "Gesendet", "An", "Betreff", "EEEE, d. MMMM yyyy HH:mm"),
    "en": ("From", "Sent", "To", "Subject", "dd MMMM yyyy HH:mm"),
}


def _gmail(text: str, html: str, quote: _Quote) -> tuple[str, str]:
    pattern, line = GMAIL_LINES[quote.language]
    said = line.format(when=quote.say(pattern), who=quote.letter.sender)
    block = (
        f'<div dir="ltr">{html}</div><br><div class="gmail_quote gmail_quote_container">'
        f'<div dir="ltr" class="gmail_attr">{escape(said)}<br></div><blockquote class="gmail_quote" '
        'style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex">'
        f"{_paragraphs(quote.text)}</blockquote></div>\n"
    )
    return f"{text}\n\n{said}\n\n{quote.marked}", block


def _apple(text: str, html: str, quote: _Quote) -> tuple[str, str]:
    pattern, line = APPLE_LINES[quote.language]
    said = line.format(when=quote.say(pattern), who=quote.letter.sender)
    block = (
        '<html><body style="overflow-wrap: break-word; -webkit-nbsp-mode: space;">'
        f'{html}<div><br><blockquote type="cite"><div>{escape(said)}</div><br class="Apple-interchange-newline">'
        f"<div>{_paragraphs(quote.text)}</div></blockquote></div><br></body></html>\n"
    )
    return f"{text}\n\n> {said}\n>\n{quote.marked}", block


def _outlook(text: str, html: str, quote: _Quote) -> tuple[str, str]:
    *words, pattern = OUTLOOK_WORDS[quote.language]
    values = (str(quote.letter.sender), quote.say(pattern), quote.support_address, quote.letter.subject)
    lines = list(zip(words, values, strict=True))
    head = "<br>".join(f"<b>{word}:</b> {escape(value)}" for word, value in lines)
    block = (
        f'<html><body lang="{quote.language}"><div class="WordSection1">{html}<div><div style="border:none;'
        'border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal">'
        f'{head}</p></div></div><p class="MsoNormal">&nbsp;</p>{_paragraphs(quote.text)}</div></body></html>\n'
    )
    written = "\n".join(f"{word}: {value}" for word, value in lines)
    return f"{text}\n\n{written}\n\n{quote.text}", block


QUOTERS: dict[Style, Callable[[str, str, _Quote], tuple[str, str]]] = {
    "gmail": _gmail,
    "outlook": _outlook,
    "apple": _apple,
}


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{'<br>'.join(escape(one).splitlines())}</p>" for one in text.split("\n\n"))
