"""Whether a machine wrote the mail: small questions, each with its reason (docs/mail.md rule 23, RFC 3834)."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from helpdesk.intake.domain.address import normalise_address
from helpdesk.intake.domain.bounce_words import SYSTEM_NAMES
from helpdesk.intake.domain.headers import Headers
from helpdesk.outbox.domain import LOOP_HEADER

_REPORT = re.compile(r"^\s*multipart/report\b.*?report-type\s*=\s*\"?([a-z-]+)", re.IGNORECASE | re.DOTALL)
_ADDRESS = re.compile(r"<([^<>]*)>\s*$")
_ANSWERING_HEADERS = (
    *("X-Autoreply", "X-Autorespond", "X-Auto-Reply", "X-Autoresponder", "X-Mail-Autoreply", "X-AutoReply-From"),
    "X-FC-MachineGenerated",
)
_VACATION_ID = re.compile(
    r"<[^<>@\s]{0,200}(?:-vac|[-._](?:vacation|autoreply|auto-reply))@|<vacation[-._]", re.IGNORECASE
)
_LENGTH_LIMIT = 2000


@dataclass(frozen=True, slots=True)
class Automatic:
    """Every reason for which a mail counts as automatic; none means that a person wrote it."""

    reasons: tuple[str, ...] = ()

    @property
    def is_automatic(self) -> bool:
        """Return whether there is any reason."""
        return bool(self.reasons)


def judge_automatic(headers: Headers) -> Automatic:
    """Return all reasons that hold. A missing Return-Path is none; subject and body are never asked."""
    answers = (question(headers) for question in QUESTIONS)
    return Automatic(tuple(answer for answer in answers if answer is not None))


def auto_submitted(headers: Headers) -> str | None:
    """Auto-Submitted says anything but no (RFC 3834 section 5)."""
    for value in headers.all("Auto-Submitted"):
        word = _first_word(value)
        if word and word != "no":
            return f"Auto-Submitted: {word}"
    return None


def asks_for_no_automatic_answer(headers: Headers) -> str | None:
    """X-Auto-Response-Suppress names something to suppress."""
    value = headers.first("X-Auto-Response-Suppress").strip()
    return None if value.lower() in ("", "none") else f"X-Auto-Response-Suppress: {value[:60]}"


def answers_by_itself(headers: Headers) -> str | None:
    """One of the headers that older out-of-office programs write."""
    for name in _ANSWERING_HEADERS:
        value = headers.first(name).strip()
        if value and value.lower() not in ("no", "false"):
            return name
    return "X-POST-MessageClass" if "autoresponder" in headers.first("X-POST-MessageClass").lower() else None


def is_named_as_a_vacation_note(headers: Headers) -> str | None:
    """The Message-ID of an answer that a vacation program made, as iCloud's does; nothing else there says so."""
    answers = headers.first("In-Reply-To") or headers.first("References")
    found = _VACATION_ID.search(headers.first("Message-ID")[:_LENGTH_LIMIT])
    return "vacation note (Message-ID)" if answers and found else None


def has_bulk_precedence(headers: Headers) -> str | None:
    """Precedence is bulk, junk, list or auto_reply."""
    for value in (*headers.all("Precedence"), *headers.all("Preference")):
        word = _first_word(value)
        if word in ("bulk", "junk", "list", "auto_reply", "auto-reply"):
            return f"Precedence: {word}"
    return None


def comes_from_a_list(headers: Headers) -> str | None:
    """Any List-* header (RFC 2369, RFC 2919)."""
    names = headers.starting_with("List-")
    return f"mailing list or newsletter ({names[0]})" if names else None


def is_a_report(headers: Headers) -> str | None:
    """A delivery or disposition report by its type (RFC 6522)."""
    found = _REPORT.match(headers.first("Content-Type")[:_LENGTH_LIMIT])
    if found is None:
        return None
    kinds = {"delivery-status": "delivery report", "disposition-notification": "reading receipt"}
    return kinds.get(found[1].lower(), f"report ({found[1].lower()})")


def has_empty_return_path(headers: Headers) -> str | None:
    """Return-Path is literally ``<>``: the sender wants no answer (RFC 5321 section 4.5.5)."""
    values = headers.all("Return-Path")
    return "empty return path" if any(value.strip() == "<>" for value in values[:1]) else None


def comes_from_a_mail_system(headers: Headers) -> str | None:
    """The sender or the envelope sender is postmaster, or a name that only mail systems have."""
    for name in ("From", "Return-Path"):
        value = headers.first(name)[-_LENGTH_LIMIT:]
        found = _ADDRESS.search(value)
        local = normalise_address(found[1] if found else value).partition("@")[0]
        if local == "postmaster" or SYSTEM_NAMES.fullmatch(local):
            return f"sent by {local}"
    return None


def carries_our_loop_header(headers: Headers) -> str | None:
    """A Helpdesk, this one or another, sent it by itself."""
    return "sent automatically by a Helpdesk" if headers.first(LOOP_HEADER) else None


QUESTIONS: tuple[Callable[[Headers], str | None], ...] = (
    auto_submitted,
    asks_for_no_automatic_answer,
    answers_by_itself,
    is_named_as_a_vacation_note,
    has_bulk_precedence,
    comes_from_a_list,
    is_a_report,
    has_empty_return_path,
    comes_from_a_mail_system,
    carries_our_loop_header,
)


def _first_word(value: str) -> str:
    return re.split(r"[\s;(]", value.strip().lower(), maxsplit=1)[0]
