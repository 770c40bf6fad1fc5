"""Where answers to a mail go: to its sender, or to where it asks for them (docs/mail.md rule 20)."""

from dataclasses import dataclass

REFUSED = "Reply-To not used:"


@dataclass(frozen=True, slots=True)
class ReplyTo:
    """What a mail asks, and what is known of it; ``address`` is the first one of Reply-To, normalised."""

    address: str
    sender: str
    is_unverified: bool = False
    is_held: bool = False
    is_ours: bool = False
    is_of_another_client: bool = False


@dataclass(frozen=True, slots=True)
class Answers:
    """Where answers go, empty for the sender, and the sentence for it; both empty where nothing was asked."""

    reply_to: str = ""
    reasons: tuple[str, ...] = ()


def where_answers_go(asked: ReplyTo) -> Answers:
    """Return where answers go: an address that could lead them astray is named, and not used."""
    if asked.address in ("", asked.sender):
        return Answers()
    refusals = (
        (asked.is_ours, "is one of our own addresses"),
        (asked.is_of_another_client, "belongs to a contact of another client"),
        (asked.is_unverified, "comes from a sender who is not proven"),
        (asked.is_held, "comes with a mail that is held"),
    )
    why = next((words for holds, words in refusals if holds), None)
    if why is not None:
        return Answers(reasons=(f"{REFUSED} {asked.address} {why}; answers go to {asked.sender}",))
    return Answers(asked.address, (f"answers go to {asked.address}, as Reply-To asks",))
