"""Whether a mail reports that another one did not arrive, and what it says about that (docs/mail.md rule 28).

Asked in this order: the delivery report of RFC 3464, the header X-Failed-Recipients, then what mail servers
write in plain words. Words alone prove nothing: they count only from a mail system.
"""

import re
from dataclasses import dataclass

from helpdesk.intake.domain.address import normalise_address
from helpdesk.intake.domain.bounce_words import HARD_WORDS, REFUSED_WORDS, RETURNED_MAIL, SUBJECTS, SYSTEM_NAMES, TEXTS
from helpdesk.intake.domain.headers import Headers
from helpdesk.intake.domain.identity import message_ids

_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_REPLY_CODE = re.compile(r"(?<![\d.])([45])\d\d[ -](?=\D|\d\.\d)")
_ADDRESS = re.compile(r"[\w.+=/-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_MESSAGE_ID_FIELD = re.compile(r"^[>\s]*message-id:\s*(<[^<>\s]{1,990}>)", re.IGNORECASE | re.MULTILINE)
_FIELD = re.compile(r"^([A-Za-z-]{1,60}):[ \t]*((?:[^\n]*)(?:\n[ \t][^\n]*)*)", re.MULTILINE)
_TEXT_LIMIT = 20_000
_RECIPIENTS_LIMIT = 50
_NO_TROUBLE = frozenset({"delivered", "relayed", "expanded"})
_UNSAID = "5.0.0"
_DEAD_ADDRESS = frozenset({"5.1.1", "5.1.2", "5.1.6", "5.1.10", "5.4.1", "5.4.4"})
_SAYS_LITTLE = re.compile(r"[45]\.(?:0|3|5)\.\d+|5\.1\.0|5\.1\.3|5\.2\.1|5\.7\.1|4\.1\.1")


@dataclass(frozen=True, slots=True)
class BounceEvidence:
    """What the parser found: headers, own text, the delivery reports and the returned mail as texts."""

    headers: Headers
    sender: str
    subject: str
    text: str = ""
    delivery_reports: tuple[str, ...] = ()
    returned_mail: str = ""


@dataclass(frozen=True, slots=True)
class Bounce:
    """The verdict. ``hard`` means that the address itself is dead; ``status`` is that of RFC 3463."""

    is_bounce: bool = False
    status: str | None = None
    hard: bool | None = None
    recipients: tuple[str, ...] = ()
    original_message_id: str | None = None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Report:
    """One recipient's lines in a delivery report."""

    action: str
    status: str
    diagnostic: str
    recipient: str


def judge_bounce(evidence: BounceEvidence) -> Bounce:
    """Return whether the mail is a bounce, and whom and which mail it is about."""
    reports = _troubles(evidence.delivery_reports)
    reasons = tuple(reason for reason in (_by_report(reports), _by_header(evidence)) if reason)
    reasons = reasons or tuple(filter(None, (_by_words(evidence),)))
    if not reasons:
        return Bounce()
    status = _status(reports, evidence)
    return Bounce(
        is_bounce=True,
        status=status,
        hard=_is_hard(status, reports, evidence),
        recipients=_recipients(reports, evidence),
        original_message_id=_original_message_id(evidence),
        reasons=reasons,
    )


def _by_report(reports: tuple[_Report, ...]) -> str | None:
    return f"delivery report: {reports[0].action or reports[0].status}" if reports else None


def _by_header(evidence: BounceEvidence) -> str | None:
    return "X-Failed-Recipients" if evidence.headers.first("X-Failed-Recipients") else None


def _by_words(evidence: BounceEvidence) -> str | None:
    """Return a reason when a mail system speaks of failure; a person may write the same words."""
    if not _from_a_mail_system(evidence):
        return None
    if SUBJECTS.search(evidence.subject[:500]):
        return "a mail system reports a failure in its subject"
    if TEXTS.search(evidence.text[:_TEXT_LIMIT]):
        return "a mail system reports a failure in its text"
    return None


def _from_a_mail_system(evidence: BounceEvidence) -> bool:
    local = normalise_address(evidence.sender).partition("@")[0]
    empty_path = evidence.headers.first("Return-Path").strip() == "<>"
    return empty_path or not local or SYSTEM_NAMES.fullmatch(local) is not None


def _troubles(reports: tuple[str, ...]) -> tuple[_Report, ...]:
    """Return the recipients to whom delivery failed or is late."""
    blocks = (block for report in reports for block in re.split(r"\n\s*\n", report[:_TEXT_LIMIT]))
    found = (_report(block) for block in blocks)
    return tuple(one for one in found if one is not None and one.action not in _NO_TROUBLE)


def _report(block: str) -> _Report | None:
    fields = {name.lower(): " ".join(value.split()) for name, value in _FIELD.findall(block)}
    action, status = fields.get("action", "").lower(), fields.get("status", "")
    recipient = fields.get("final-recipient") or fields.get("original-recipient", "")
    if not (action or (status and recipient)):
        return None
    found = _STATUS.search(status)
    return _Report(
        action=action.partition(" ")[0],
        status=found[1] if found else "",
        diagnostic=fields.get("diagnostic-code", ""),
        recipient=recipient.rpartition(";")[2].strip(),
    )


def _status(reports: tuple[_Report, ...], evidence: BounceEvidence) -> str:
    """Return the most telling status: the report's own, unless it says only that something failed."""
    said = [report.status for report in reports if report.status]
    precise = [status for status in said if not status.endswith(".0.0")]
    if precise:
        return precise[0]
    explained = _explanation(reports, evidence)
    if found := _STATUS.search(explained):
        return found[1]
    if said:
        return said[0]
    if any(report.action == "delayed" for report in reports):
        return "4.0.0"
    code = _REPLY_CODE.search(explained)
    return f"{code[1]}.0.0" if code else _UNSAID


def _is_hard(status: str, reports: tuple[_Report, ...], evidence: BounceEvidence) -> bool:
    """Return whether the address is dead: by its status, or by the words where the status says little."""
    words = _explanation(reports, evidence)
    if any(report.action == "delayed" for report in reports):
        return False
    dead = HARD_WORDS.search(words) is not None
    if REFUSED_WORDS.search(words) and not (dead and status in _DEAD_ADDRESS):
        return False
    return status in _DEAD_ADDRESS or (dead and _SAYS_LITTLE.fullmatch(status) is not None)


def _explanation(reports: tuple[_Report, ...], evidence: BounceEvidence) -> str:
    """Return what the mail system says itself: its diagnosis, else its text down to the mail that it returns."""
    said = " ".join(report.diagnostic for report in reports).strip()
    return said or RETURNED_MAIL.split(evidence.text[:_TEXT_LIMIT], maxsplit=1)[0]


def _recipients(reports: tuple[_Report, ...], evidence: BounceEvidence) -> tuple[str, ...]:
    named = [report.recipient for report in reports if "@" in report.recipient]
    named = named or _ADDRESS.findall(evidence.headers.first("X-Failed-Recipients"))
    named = named or _ADDRESS.findall(evidence.text[:_TEXT_LIMIT])[:1]
    return tuple(dict.fromkeys(normalise_address(one) for one in named))[:_RECIPIENTS_LIMIT]


def _original_message_id(evidence: BounceEvidence) -> str | None:
    """Return the id of the mail that bounced: from the returned mail, else from the quoted text, else references."""
    for text in (evidence.returned_mail, evidence.text):
        if found := _MESSAGE_ID_FIELD.search(text[: 4 * _TEXT_LIMIT]):
            return next(iter(message_ids(found[1])), None)
    references = " ".join((evidence.headers.first("In-Reply-To"), evidence.headers.first("References")))
    return next(iter(message_ids(references)), None)
