"""What a colleague's forward is made of: their own lines, and the mail of somebody else (docs/mail.md rule 36)."""

from dataclasses import dataclass

from helpdesk.intake.domain.forward import FORWARD_MARK, judge_forward
from helpdesk.outbox.domain import Address


@dataclass(frozen=True, slots=True)
class PassedOn:
    """The mail that was passed on: who wrote it and what, the colleague's ``own_words``, and the rest of the lines."""

    sender: Address
    text: str
    own_words: str
    rest: str


def passed_on(subject: str, text: str, attached: tuple[str, Address] | None) -> PassedOn | None:
    """Return the mail that stands inside: the attached one, of which name and sender are given, else the one quoted.

    None where there is none, or nobody can tell who wrote it.
    """
    if attached is not None:
        name, sender = attached
        return PassedOn(sender, f"The mail that was passed on is attached: {name}", text.strip(), "")
    forward = judge_forward(subject, text)
    if not forward.is_forward or forward.sender is None:
        return None
    begin = _begin(text, forward.sender.address)
    inner = forward.text or ""
    return PassedOn(
        sender=forward.sender,
        text=inner,
        own_words=text[:begin].strip(),
        rest=(text[:begin] + text[begin:].replace(inner, "", 1)).strip("\n"),
    )


def _begin(text: str, address: str) -> int:
    """Return where the forward begins: at its mark, or at the line that names who wrote."""
    mark = FORWARD_MARK.search(text)
    if mark is not None:
        return mark.start()
    return text.rfind("\n", 0, max(0, text.find(address))) + 1
