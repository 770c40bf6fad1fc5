"""The single keys of the pages: what each does, and which other one somebody presses (docs/desk.md rules 52 and 53)."""

from collections.abc import Mapping

from sqlalchemy import update
from sqlalchemy.orm import Session

from helpdesk.accounts.models import Person
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import RuleViolation

KEYS = ("?", "/", "#", "[", "]", *"abcefghjklmnprstuvwxyz")
RESERVED = frozenset("' ")
"""Browsers look for words of the page with the one, and turn its pages with the other."""


def words() -> dict[str, str]:
    """Return what each key does, wherever it does something."""
    return {
        "?": _("Show the keys of the page"),
        "g": _("Go to a section; its second key follows"),
        "j": _("Next row"),
        "k": _("Previous row"),
        "x": _("Pick the row; dismiss what is proposed"),
        "a": _("Assign; approve or accept"),
        "t": _("Set the status"),
        "p": _("Set the priority; pause the timer"),
        "y": _("Set the type"),
        "l": _("Tag; copy last week"),
        "h": _("Snooze"),
        "#": _("Mark as spam"),
        "r": _("Reply; reject"),
        "n": _("Internal note; connect a mailbox"),
        "v": _("Apply a macro"),
        "w": _("Follow, or not any more"),
        "s": _("Start or stop the timer"),
        "m": _("Note and billing of the timer"),
        "z": _("Undo the last act; zoom"),
        "u": _("Undo a move"),
        "c": _("New, of what the page lists"),
        "e": _("Edit"),
        "f": _("Narrow the view"),
        "b": _("Notifications"),
        "/": _("Search or filter the list"),
        "[": _("Back by one: day, week or month"),
        "]": _("On by one: day, week or month"),
    }


def chosen(typed: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the keys that differ from ours, and for each key that cannot be so why not."""
    wanted = {key: typed.get(key, key).strip().lower() or key for key in KEYS}
    meanings = words()
    refused: dict[str, str] = {}
    for key, pressed in wanted.items():
        others = [meanings[other] for other in KEYS if other != key and wanted[other] == pressed]
        if len(pressed) != 1 or not pressed.isprintable() or typed.get(key, key) in RESERVED or pressed in RESERVED:
            refused[key] = _("One letter, digit or sign that the browser does not need itself.")
        elif others and pressed != key:
            refused[key] = _("That key does something else already: %(what)s.", what="; ".join(others))
    return {key: pressed for key, pressed in wanted.items() if pressed != key}, refused


def choose(session: Session, *, actor: Actor, typed: Mapping[str, str], on: bool) -> None:
    """Keep which keys the actor presses, and whether single keys are on.

    Raises:
        RuleViolation: a key is none, or two acts have the same.
    """
    own, refused = chosen(typed)
    if refused:
        raise RuleViolation(" ".join(refused.values()))
    session.execute(update(Person).where(Person.id == actor.person_id).values(keys=own, single_keys=on))


def reset(session: Session, *, actor: Actor) -> None:
    """Let the actor have our keys again, switched on."""
    session.execute(update(Person).where(Person.id == actor.person_id).values(keys={}, single_keys=True))
