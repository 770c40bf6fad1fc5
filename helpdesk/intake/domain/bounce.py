"""Whether a mail reports that another one did not arrive, and what it says about that (docs/mail.md rule 28).

Asked in this order: the delivery report of RFC 3464 or its like in JSON, the header X-Failed-Recipients, then what
mail servers and programs for mailing lists write in plain words. Words alone prove nothing: they count only from a
mail system.
"""

import re
from dataclasses import dataclass

from helpdesk.intake.domain.address import domain_of, normalise_address
from helpdesk.intake.domain.bounce_class import explanation, is_hard, status_of
from helpdesk.intake.domain.bounce_report import Trouble, tells_of_success, troubles, troubles_in_json
from helpdesk.intake.domain.bounce_words import (
    DOUBTFUL_NAMES,
    FORMULA,
    LIST_MANAGERS,
    LIST_REFUSALS,
    SUBJECTS,
    SYSTEM_NAMES,
    TEXTS,
)
from helpdesk.intake.domain.headers import Headers
from helpdesk.intake.domain.identity import message_ids
from helpdesk.intake.domain.subject import has_prefix

_ADDRESS = re.compile(r"[\w.+=/-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_FAILED_ADDRESS = re.compile(rf"[ \t]*(?:[-*•]{{1,3}}[ \t]+)?<?({_ADDRESS.pattern})>?[ \t]*([:(\[]|$| on )(.*)")
_VERP = re.compile(r"[^@\s+=-]{1,40}[+-](?:[^@\s]{0,60}[+-])?([^@\s=+]{1,64})=([\w-]{1,63}(?:\.[\w-]{1,63}){1,8})@")
_MESSAGE_ID_FIELD = re.compile(r"^[>\s]*message-id:\s*(<[^<>\s]{1,990}>)", re.IGNORECASE | re.MULTILINE)
_REPORT_TYPE = re.compile(r"multipart/report\b", re.IGNORECASE)
_CODE = re.compile(r"(?<![\d.])[45](?:\.\d{1,3}\.\d{1,3}|\d\d[ -])")
_TEXT_LIMIT = 20_000
_FIRST_LINES = 1_000
_RECIPIENTS_LIMIT = 50
_AMAZON = ("amazonaws.com", "amazonses.com")


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


def judge_bounce(evidence: BounceEvidence) -> Bounce:
    """Return whether the mail is a bounce, and whom and which mail it is about."""
    reported = _reported(evidence)
    reasons = tuple(reason for reason in (_by_report(reported), _by_header(evidence)) if reason)
    reasons = reasons or tuple(filter(None, (_by_words(evidence) or _by_a_list(evidence),)))
    if not reasons:
        return Bounce()
    said = explanation(reported, evidence.text[:_TEXT_LIMIT])
    status = status_of(reported, evidence.subject, said)
    return Bounce(
        is_bounce=True,
        status=status,
        hard=is_hard(status, reported, evidence.subject, said),
        recipients=_recipients(reported, evidence),
        original_message_id=_original_message_id(reported, evidence),
        reasons=reasons,
    )


def _reported(evidence: BounceEvidence) -> tuple[Trouble, ...]:
    """Return what reports say; a report that a person passes on among other files is not theirs."""
    is_report = _REPORT_TYPE.match(evidence.headers.first("Content-Type")) is not None
    if evidence.delivery_reports and (is_report or _is_certain(evidence) or _is_doubtful(evidence)):
        return troubles(evidence.delivery_reports)
    if evidence.headers.first("X-Amz-Sns-Message-Id") or domain_of(evidence.sender).endswith(_AMAZON):
        return troubles_in_json(evidence.text)
    return ()


def _by_report(reported: tuple[Trouble, ...]) -> str | None:
    return f"delivery report: {reported[0].action or reported[0].status}" if reported else None


def _by_header(evidence: BounceEvidence) -> str | None:
    return "X-Failed-Recipients" if evidence.headers.first("X-Failed-Recipients") else None


def _by_words(evidence: BounceEvidence) -> str | None:
    """Return a reason when a mail system speaks of failure; a person may write the same words."""
    subject, text = evidence.subject[:500], evidence.text[:_TEXT_LIMIT]
    if tells_of_success(evidence.delivery_reports):
        return None
    if not (_is_certain(evidence) or (_is_doubtful(evidence) and _speaks_like_one(evidence))):
        return None
    if SUBJECTS.search(subject):
        return "a mail system reports a failure in its subject"
    if TEXTS.search(text):
        return "a mail system reports a failure in its text"
    return None


def _is_certain(evidence: BounceEvidence) -> bool:
    return SYSTEM_NAMES.fullmatch(_local(evidence.sender)) is not None


def _is_doubtful(evidence: BounceEvidence) -> bool:
    """Return whether the sender may be a mail system: by its name, by having none, or by wanting no answer."""
    path = evidence.headers.first("Return-Path").strip()
    return (
        not _local(evidence.sender)
        or DOUBTFUL_NAMES.fullmatch(_local(evidence.sender)) is not None
        or path == "<>"
        or SYSTEM_NAMES.fullmatch(_local(path)) is not None
    )


def _speaks_like_one(evidence: BounceEvidence) -> bool:
    """Return whether a doubtful sender is a mail system: by a subject's formula, or by early words with a proof."""
    if has_prefix(evidence.subject):
        return False
    begins = FORMULA.match(evidence.subject[:500]) is not None
    early = TEXTS.search(evidence.text[:_FIRST_LINES]) is not None
    proof = _CODE.search(evidence.text[:_TEXT_LIMIT]) is not None
    if _answers_for_a_person(evidence):
        return early and proof
    named = _ADDRESS.search(evidence.text[:_TEXT_LIMIT]) is not None
    return (begins and (early or proof or named or bool(evidence.returned_mail))) or (early and (proof or named))


def _answers_for_a_person(evidence: BounceEvidence) -> bool:
    """Return whether this looks like an out-of-office note: it says that it answers, and names a person as sender."""
    answers = evidence.headers.first("Auto-Submitted").strip().lower().startswith("auto-replied")
    return answers and bool(_local(evidence.sender)) and DOUBTFUL_NAMES.fullmatch(_local(evidence.sender)) is None


def _by_a_list(evidence: BounceEvidence) -> str | None:
    """Return a reason when the program of a mailing list refuses to pass a mail on."""
    headers = evidence.headers
    is_list = headers.starting_with("List-") or headers.starting_with("X-List-") or headers.starting_with("X-ML-")
    if not (is_list or headers.first("Mailing-List")) or not LIST_MANAGERS.fullmatch(_local(evidence.sender)):
        return None
    if has_prefix(evidence.subject) or not LIST_REFUSALS.search(f"{evidence.subject}\n{evidence.text[:_FIRST_LINES]}"):
        return None
    return "a mailing list refuses the mail"


def _recipients(reported: tuple[Trouble, ...], evidence: BounceEvidence) -> tuple[str, ...]:
    """Return whom the mail did not reach: by report, header, VERP address, or the first ones in the words."""
    own_text = explanation((), evidence.text[:_TEXT_LIMIT])
    ours = {normalise_address(one) for one in _ADDRESS.findall(evidence.headers.first("To")[:_TEXT_LIMIT])}
    named = [trouble.recipient for trouble in reported if "@" in trouble.recipient]
    named = named or _ADDRESS.findall(evidence.headers.first("X-Failed-Recipients"))
    named = named or _verp_recipients(evidence.headers)
    named = named or _first_listed(own_text, ours)
    named = named or [one for one in _ADDRESS.findall(own_text) if normalise_address(one) not in ours][:1]
    return tuple(dict.fromkeys(normalise_address(one) for one in named))[:_RECIPIENTS_LIMIT]


def _first_listed(text: str, ours: set[str]) -> list[str]:
    """Return the first address at the beginning of a line, with those that share its fate; never one of ``ours``.

    They share it when each stands alone on its line, right below the other: whatever is said is said of them all.
    """
    listed: list[str] = []
    for line in text.splitlines():
        found = _FAILED_ADDRESS.match(line)
        if found is None or normalise_address(found[1]) in ours:
            if listed and line.strip():
                break
            continue
        alone = found[2] in ("", ":") and not found[3].strip()
        if listed and not alone:
            break
        listed.append(found[1])
        if not alone:
            break
    return listed


def _verp_recipients(headers: Headers) -> list[str]:
    """Return the address in a VERP recipient: ``bounces+bob=acme.example@ours`` is about ``bob@acme.example``."""
    names = ("To", "Delivered-To", "X-Original-To", "Envelope-To")
    found = (_VERP.search(value) for name in names for value in headers.all(name))
    return [f"{one[1]}@{one[2]}" for one in found if one is not None][:1]


def _original_message_id(reported: tuple[Trouble, ...], evidence: BounceEvidence) -> str | None:
    """Return the id of the mail that bounced: from the report, the returned mail, the quoted text, or references."""
    for text in (evidence.returned_mail, evidence.text):
        if found := _MESSAGE_ID_FIELD.search(text[: 4 * _TEXT_LIMIT]):
            return next(iter(message_ids(found[1])), None)
    said = " ".join(trouble.original_message_id for trouble in reported)
    references = " ".join((said, evidence.headers.first("In-Reply-To"), evidence.headers.first("References")))
    return next(iter(message_ids(references)), None)


def _local(address: str) -> str:
    return normalise_address(address).partition("@")[0]
