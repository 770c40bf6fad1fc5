"""What filters on the way said about spam: a hint for people and rules, never a verdict of ours (docs/mail.md rule 43).

Any sender can write such headers, but nobody marks their own mail as spam; so only "yes" is believed, and a filter's
"no" merely silences the bare score beside it.
"""

import re
from collections.abc import Callable

from helpdesk.intake.domain.headers import Headers

SCORE_OF_SPAM = 5.0
"""SpamAssassin's usual threshold, and Exchange's spam confidence level from which mail goes to the junk folder."""

_YES_NAMES = (
    *("X-Spam-Flag", "X-Spam", "X-Spam-Status", "X-Barracuda-Spam-Flag", "X-Barracuda-Spam-Status"),
    *("X-Bogosity", "X-DSPAM-Result", "X-Spam-Checker-Result", "X-Spam-Report-Flag"),
)
_CONFIDENCE_NAMES = ("X-MS-Exchange-Organization-SCL", "X-MS-Exchange-Antispam-SCL", "X-Exchange-SCL")
_YES = re.compile(r"\s*(?:yes|true|spam)\b", re.IGNORECASE)
_NO = re.compile(r"\s*(?:no|false|ham|innocent|whitelisted)\b", re.IGNORECASE)
_SCORE = re.compile(r"(?:score|hits)\s*=\s*(-?\d{1,4}(?:\.\d{1,6})?)", re.IGNORECASE)
_NUMBER = re.compile(r"\s*(-?\d{1,4}(?:\.\d{1,6})?)\s*(?:/.{0,40})?(?:\s.{0,200})?")
_RSPAMD = re.compile(r"\s*\w{1,40}:\s*true\b", re.IGNORECASE)
_FOREFRONT = re.compile(r"\bSFV:(?:SPM|SKB)\b|\bCAT:(?:H?PHISH|H?SPM|PHSH|HPHSH|MALW)\b|\bSCL:[5-9]\b", re.IGNORECASE)
_PROOFPOINT = re.compile(r"\brule=\w{0,40}(?<!not)spam\b", re.IGNORECASE)
_STARS = re.compile(r"([*+sx])\1{4,}", re.IGNORECASE)


def spam_hint(headers: Headers) -> str | None:
    """Return a sentence when a filter on the way took the mail for spam, such as "A filter marked it as spam …"."""
    answers = (question(headers) for question in _QUESTIONS)
    return next((answer for answer in answers if answer is not None), None)


def _says_yes(headers: Headers) -> str | None:
    """A filter's flag says yes; its score is named where the same header holds one."""
    for name in _YES_NAMES:
        value = headers.first(name)[:1000]
        if _YES.match(value):
            score = _SCORE.search(value) or _SCORE.search(headers.first("X-Spam-Status")[:1000])
            return f"A filter marked it as spam ({name}{f', score {score[1]}' if score else ''})."
    return None


def _rspamd_says_yes(headers: Headers) -> str | None:
    value = headers.first("X-Spamd-Result")[:200]
    return "A filter marked it as spam (X-Spamd-Result)." if _RSPAMD.match(value) else None


def _microsoft_is_confident(headers: Headers) -> str | None:
    """Exchange's spam confidence level is 5 or more, or its filter's verdict is spam, phishing or malware."""
    for name in _CONFIDENCE_NAMES:
        found = _NUMBER.fullmatch(headers.first(name)[:100])
        if found and float(found[1]) >= SCORE_OF_SPAM:
            return f"Microsoft's filter took it for spam ({name}: {found[1]})."
    if found := _FOREFRONT.search(headers.first("X-Forefront-Antispam-Report")[:2000]):
        return f"Microsoft's filter took it for spam (X-Forefront-Antispam-Report: {found[0]})."
    return None


def _proofpoint_says_yes(headers: Headers) -> str | None:
    value = headers.first("X-Proofpoint-Spam-Details")[:500]
    return "A filter marked it as spam (X-Proofpoint-Spam-Details)." if _PROOFPOINT.search(value) else None


def _scores_high(headers: Headers) -> str | None:
    """The bare score is high, and no filter beside it says that this is fine."""
    if any(_NO.match(headers.first(name)) for name in _YES_NAMES):
        return None
    found = _NUMBER.fullmatch(headers.first("X-Spam-Score")[:200])
    if found and float(found[1]) >= SCORE_OF_SPAM:
        return f"A filter gave it a high spam score (X-Spam-Score: {found[1]})."
    stars = headers.first("X-Spam-Level")[:200]
    return (
        f"A filter gave it a high spam level (X-Spam-Level: {stars.strip()[:20]})." if _STARS.fullmatch(stars) else None
    )


_QUESTIONS: tuple[Callable[[Headers], str | None], ...] = (
    _says_yes,
    _rspamd_says_yes,
    _microsoft_is_confident,
    _proofpoint_says_yes,
    _scores_high,
)
