"""Whether a mail passes on another one, and whose (docs/mail.md rule 36; what follows from it is decided elsewhere)."""

import re
from dataclasses import dataclass

from helpdesk.intake.domain.subject import is_forward
from helpdesk.outbox.domain import Address

FORWARD_MARK = re.compile(
    r"^[ \t>]{0,4}(?:-{2,}\s*(?:forwarded message|weitergeleitete nachricht|message transféré|mensaje reenviado"
    r"|messaggio inoltrato|doorgestuurd bericht|original message|ursprüngliche nachricht)\s*-{2,}"
    r"|begin forwarded message:|anfang der weitergeleiteten (?:nachricht|e-mail):"
    r"|début du message (?:transféré|réexpédié)\s?:)"
    r"[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_FROM = re.compile(
    r"^[ \t>*]{0,6}(?:from|von|de|da|van|från|fra|od)\*?[ \t]?:\*?[ \t]*([^\n]{1,400})$", re.IGNORECASE | re.MULTILINE
)
_SUBJECT = re.compile(
    r"^[ \t>*]{0,6}(?:subject|betreff|objet|asunto|oggetto|onderwerp|ämne|emne|temat)\*?[ \t]?:\*?[ \t]*"
    r"([^\n]{1,400})$",
    re.IGNORECASE | re.MULTILINE,
)
_ADDRESS = re.compile(r"[\w.+=/'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_REACH = 1500


@dataclass(frozen=True, slots=True)
class Forward:
    """The mail inside: its sender, subject and text, as far as they can be read."""

    is_forward: bool = False
    sender: Address | None = None
    subject: str | None = None
    text: str | None = None


def judge_forward(subject: str, text: str) -> Forward:
    """Return the mail that was passed on inside the text: a forward's mark, then the header lines below it.

    A mark such as "Original Message" stands above quoted answers too, so it needs a subject that says forwarded;
    "Forwarded message" needs none.
    """
    mark = FORWARD_MARK.search(text)
    start = mark.end() if mark else 0
    if mark is None or not (is_forward(subject) or re.search("origin|ursprüng", mark[0], re.IGNORECASE) is None):
        if not is_forward(subject):
            return Forward()
        first = _FROM.search(text)
        if first is None:
            return Forward(is_forward=True)
        start = first.start()
    return _read(text[start:])


def _read(inner: str) -> Forward:
    sender, subject = _FROM.search(inner[:_REACH]), _SUBJECT.search(inner[:_REACH])
    _, _, body = inner.lstrip("\n").partition("\n\n")
    return Forward(
        is_forward=True,
        sender=_address(sender[1]) if sender else None,
        subject=subject[1].strip(" *\r") if subject else None,
        text=body.strip("\n") or None,
    )


def _address(value: str) -> Address | None:
    found = _ADDRESS.search(value)
    if found is None:
        return None
    return Address(name=value[: found.start()].strip(" \t*<[\"'("), address=found[0])
