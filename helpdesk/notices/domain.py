"""Of what people are told and by which way, as long as they choose nothing else (docs/notifications.md rule 8)."""

from datetime import timedelta

KINDS = ("assigned", "team", "mentioned", "reply", "at_risk", "rejected", "retainer", "new_ticket")
CHANNELS = ("app", "mail", "push")
OFF = frozenset({"new_ticket"})
"""What nobody is told who has not asked for it."""

NOT_BY_MAIL = frozenset({"team"})
"""What nobody is mailed who has not asked for that: all of a team are told."""

BUNDLED = timedelta(minutes=2)
READ_KEPT, UNREAD_KEPT = timedelta(days=30), timedelta(days=90)
MOST_KEPT = 1000
"""Notices of one person."""
EXCERPT = 200


def is_on_by_default(kind: str, channel: str) -> bool:
    """Return whether somebody who chose nothing is told of a kind by a way."""
    return kind not in OFF and not (channel == "mail" and kind in NOT_BY_MAIL)


def excerpt_of(text: str) -> str:
    """Return the first words of a text on one line."""
    line = " ".join(text[: EXCERPT * 4].split())
    return line if len(line) <= EXCERPT else line[: EXCERPT - 1].rstrip() + "…"
