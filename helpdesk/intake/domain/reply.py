"""What the person wrote anew, and the rest: quotes, mail headers in the text, signatures (docs/mail.md rules 31, 32).

Stripping is for display only. Every line of the text is in exactly one of the two halves, in its order; where a
person wrote between or below quotes nothing is cut, and where nothing would be left everything is shown.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from mailparser_reply.constants import MAIL_LANGUAGES
from mailparser_reply.parser import EmailMessage

from helpdesk.intake.domain.forward import FORWARD_MARK
from helpdesk.outbox.domain import SEPARATOR_BEGINS, SEPARATOR_ENDS

_LINES_LIMIT = 400
_LINE_LENGTH_LIMIT = 300
_HEADER_REACH = 8
_HEADER_LINES_MINIMUM = 2
_QUOTED = re.compile(r"\s{0,8}[>|]")
_SIGNATURE = re.compile(r"(?:-- ?|__)$")
_DEVICE = re.compile(
    r"\W{0,4}(?:sent (?:from|with|via|using) (?:[^.!?]*[^.!?]|.*(?:\bmy\b|typo|excuse|https?:).*)$"
    r"|(?:someone )?from (?:my )?(?:mobile|i-?phone|i-?pad|phone|cell)\b"
    r"|get \W?(?:outlook|thunderbird|k-9|bluemail|spark)|(?:von|vom) mein\w+ .{0,60}gesende?t?|von unterwegs gesendet"
    r"|gesendet (?:von|vom|mit|über|aus) |diese nachricht wurde (?:von|mit) .{0,80}(?:gesendet|verschickt)"
    r"|outlook für (?:ios|android|mac)|holen sie sich outlook|envoyé (?:de|depuis|à partir|avec|via) "
    r"|télécharge[rz] outlook|enviado (?:desde|con|do|pelo|a partir) |obt(?:én|ener) outlook|inviato da"
    r"|sent with (?:proton|tuta)|ottieni outlook|(?:verzonden|verstuurd) (?:vanaf|met|via) |outlook voor "
    r"|wysłane? (?:ze?|za) |odesláno (?:z|ze) "
    r"|skicka(?:t|des) från |sendt (?:fra|med) |lähetetty |elküldve |küldve |отправлено (?:с|из) "
    r"|[从從]?我的.{1,30}(?:发送|傳送|发出)|[發发]自我的|.{0,20}から送信|[<(\[]{1,2}sent (?:by|from|via|with) )",
    re.IGNORECASE,
)
_DEVICE_LENGTH_LIMIT = 200
_NOTHING = re.compile(r"\s*(?:[-_*=]\s*){0,80}")
_DRAWN = re.compile(r"\s*(?:([-_*=#~+.·•])\1{1,200}|[\u1427\u200b-\u200d\u2060\u00ad]+)\s*")
"""A line that is only drawn, or holds nothing but the invisible marks of programs that count who reads."""
_COLONS = (":", "：")
_SENDER_LINE = re.compile(
    r"[>\s*]{0,6}(?:from|von|de|da|van|från|fra|od|lähettäjä|feladó|kimden|gönderen|от|від|από|发件人|寄件者|差出人"
    r"|보낸 ?사람)\*?\s?[:：]",
    re.IGNORECASE,
)
_INTRODUCTION = re.compile(r"(?![>|]).{0,200}\S@\S.{0,100}[:：]")
_HEADER_LINE = re.compile(r"[>\s*]{0,6}[^\W\d][\w -]{0,24}\*?\s?[:：]\*?\s?\S")
_BROKEN_LINES = 5
_MAY_BE_HEADER = re.compile(
    r"[:：][ \t*]*$|^[>* \t]*[^\W\d][^:：\n]{0,20}[:：]|processed by david", re.MULTILINE | re.IGNORECASE
)
"""What every header in every language has: a colon at the end of a line, or behind its first word."""
_RULE = re.compile(
    r"\s*(?:_{20,}|-{2,}\s*(?:original|forwarded|ursprüngliche|weitergeleitete|message)\b.*)", re.IGNORECASE
)
_DRAWN_WITH = frozenset("_-")
_FRAMED = re.compile(r"\s{0,8}-{2,40}\s?([^\s-].{1,250})\s?-{2,40}\s*")
"""A few words between dashes, which mail programs write above a quote in every language."""
_WROTE = re.compile(
    r"(?:kirjoitti|napsala?|napsal\(a\)|írta|yazdı|a scris|έγραψε|пише|пишет|написала?|skrev|viết|写道)\s?[:：]$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class SplitReply:
    """The two halves of a text; joined in the order of the lines they are the text again."""

    reply_text: str
    trimmed_text: str


def split_reply(text: str, *, quote_begins_at_line: int | None = None) -> SplitReply:
    """Return what was written anew, and what was not.

    ``quote_begins_at_line`` (counted from 0) is where the mail program marked the quote in HTML; it is used
    unless our own separator stands above it. Then the headers that mail programs write above a quote, in many
    languages, are looked for, in the first 400 lines; then ``-- `` and lines like "Sent from my phone".
    """
    lines = text.splitlines()
    if below := _begins_below(lines):
        return SplitReply(
            reply_text="\n".join(lines[below:]).strip("\n"), trimmed_text="\n".join(lines[:below]).strip("\n")
        )
    cut = _cut(lines, quote_begins_at_line)
    kept = _without_signature(lines[:cut])
    if not any(line.strip() for line in kept) or _answers_in_the_quote(lines[cut:]):
        return SplitReply(reply_text=text, trimmed_text="")
    return SplitReply(
        reply_text="\n".join(kept).strip("\n"),
        trimmed_text="\n".join(lines[len(kept) :]).strip("\n"),
    )


def _begins_below(lines: list[str]) -> int:
    """Return the line where the text of a mail begins that is only passed on, below its headers; else 0.

    Nobody wrote anything above it, so what was passed on is the message; who sent it stands in the other half.
    """
    first = next((index for index, line in enumerate(lines[:_LINES_LIMIT]) if line.strip()), 0)
    if not lines or not FORWARD_MARK.match(lines[first]):
        return 0
    start = _next(lines, first + 1, blank=False)
    if sum(1 for line in lines[start : start + 3] if _HEADER_LINE.match(line)) < _HEADER_LINES_MINIMUM:
        return 0
    return _next(lines, _next(lines, start, blank=True), blank=False) % len(lines)


def _next(lines: list[str], start: int, *, blank: bool) -> int:
    """Return the first line from ``start`` on that is blank, or is not; the number of lines when there is none."""
    return next((index for index in range(start, len(lines)) if (not lines[index].strip()) is blank), len(lines))


def _cut(lines: list[str], marked: int | None) -> int:
    """Return the line where the quote begins; the number of lines when there is none."""
    head = [line.strip()[:_LINE_LENGTH_LIMIT] for line in lines[:_LINES_LIMIT]]
    header = _first_header(head)
    separator = next((index for index in range(len(head)) if _is_separator(head, index)), None)
    surest = separator if separator is not None else marked
    if surest is not None and surest < len(lines):
        reached = header is not None and surest - _HEADER_REACH <= header < surest
        return _step_back(lines, header if reached and header is not None else surest)
    drawn = ((index, line) for index, line in enumerate(head) if line[:1] in _DRAWN_WITH)
    rules = (index for index, line in drawn if _RULE.match(line) or _is_framed_introduction(line))
    found = [index for index in (header, next(rules, None)) if index is not None]
    return _step_back(lines, min(found, default=_trailing_quote(lines)))


def _is_separator(head: list[str], index: int) -> bool:
    """Return whether our own line begins here; a mail program may have broken it into two."""
    if SEPARATOR_BEGINS not in head[index]:
        return False
    rest = head[index].partition(SEPARATOR_BEGINS)[2]
    return SEPARATOR_ENDS in f"{rest} {' '.join(head[index + 1 : index + 2])}"


def _step_back(lines: list[str], cut: int) -> int:
    """Return where what belongs to the quote begins above it: blank lines, drawn lines, framed words, quoted ones."""
    quoted = cut < len(lines) and _QUOTED.match(lines[cut]) is not None
    framed = cut < len(lines) and _SENDER_LINE.match(lines[cut]) is not None
    while cut and (
        _NOTHING.fullmatch(lines[cut - 1])
        or (quoted and _QUOTED.match(lines[cut - 1]))
        or (framed and _FRAMED.fullmatch(lines[cut - 1]))
    ):
        framed = framed and not lines[cut - 1].strip()
        cut -= 1
    return cut


def _is_framed_introduction(line: str) -> bool:
    """Return whether words between dashes name a time and an address, as "---- On … wrote ----" does."""
    found = _FRAMED.fullmatch(line)
    return found is not None and "@" in found[1] and any(sign.isdigit() for sign in found[1])


def _first_header(head: list[str]) -> int | None:
    """Return the line of the first reply header in any language, such as "On … wrote:" or "Von: … Gesendet: …"."""
    text = "\n".join(head)
    own = (
        index
        for index in range(len(head))
        if _is_header_block(head, index) or _introduces_quote(head, index) or _says_who_wrote(head, index)
    )
    found = [index for index in (next(own, None),) if index is not None]
    if (worth_reading := _MAY_BE_HEADER.search(text)) and (
        known := _headers().search(text, _above(text, worth_reading))
    ):
        blank = len(known[0]) - len(known[0].lstrip())
        found.append(text.count("\n", 0, known.start() + blank))
    return min(found, default=None)


def _above(text: str, found: re.Match[str]) -> int:
    """Return where the few lines above a find begin: a header may have been broken into several."""
    start = found.start()
    for _ in range(_BROKEN_LINES):
        start = text.rfind("\n", 0, max(start - 1, 0)) + 1
    return start


def _introduces_quote(head: list[str], index: int) -> bool:
    """Return whether a line with an address and a colon at its end stands right above a quoted line."""
    line = head[index]
    if not line.endswith(_COLONS) or not _INTRODUCTION.fullmatch(line):
        return False
    below = next((line for line in head[index + 1 : index + 4] if line), "")
    return _QUOTED.match(below) is not None


def _says_who_wrote(head: list[str], index: int) -> bool:
    """Return whether a time, an address and a word for "wrote" stand here; a mail program may have broken the line."""
    line = head[index]
    if not line[:1].isalnum():
        return False
    whole = line if _wrote(line) else f"{line} {' '.join(head[index + 1 : index + 2])}"
    return "@" in whole and _wrote(whole) and any(sign.isdigit() for sign in line)


def _wrote(line: str) -> bool:
    return line.endswith(_COLONS) and _WROTE.search(line) is not None


def _is_header_block(head: list[str], index: int) -> bool:
    """Return whether a sender's line stands here and at least two more header lines follow in the next five."""
    line = head[index]
    if not (":" in line or "：" in line) or not _SENDER_LINE.match(line):
        return False
    return sum(1 for line in head[index + 1 : index + 6] if _HEADER_LINE.match(line)) > 1


@lru_cache(maxsize=1)
def _headers() -> re.Pattern[str]:
    pattern: re.Pattern[str] = EmailMessage(text="", languages=list(MAIL_LANGUAGES)).HEADER_REGEX
    return pattern


def _trailing_quote(lines: list[str]) -> int:
    """Return where the run of quoted and blank lines at the very end begins."""
    end = len(lines)
    while end and (not lines[end - 1].strip() or _QUOTED.match(lines[end - 1])):
        end -= 1
    return end if any(_QUOTED.match(line) for line in lines[end:]) else len(lines)


def _without_signature(kept: list[str]) -> list[str]:
    """Return the lines above ``-- ``, or above the line that a telephone adds at the end."""
    end = next((index for index, line in enumerate(kept) if _SIGNATURE.match(line)), len(kept))
    while end and _ends_idly(kept[end - 1]):
        end -= 1
    return kept[:end]


def _ends_idly(line: str) -> bool:
    """Return whether a line at the very end says nothing: blank, drawn, or a telephone's."""
    if not line.strip() or _DRAWN.fullmatch(line):
        return True
    return len(line) <= _DEVICE_LENGTH_LIMIT and _DEVICE.match(line) is not None


def _answers_in_the_quote(rest: list[str]) -> bool:
    """Return whether somebody wrote between or below the quoted lines, in the style that marks them with >."""
    quoted = [index for index, line in enumerate(rest) if _QUOTED.match(line)]
    if not quoted or any(line.strip() for line in rest[_HEADER_REACH : quoted[0]]):
        return False
    after = rest[quoted[0] :]
    end = next((index for index, line in enumerate(after) if _SIGNATURE.match(line)), len(after))
    return any(line.strip() and not _QUOTED.match(line) for line in after[:end])
