"""What rules and macros change of a ticket, by the services that a hand would use (docs/automation.md rules 5 and 16).

Nothing here writes a line into the conversation: who acts says all of it in one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Self

from sqlalchemy.orm import Session

from helpdesk.accounts import queries as accounts_queries
from helpdesk.accounts import service as accounts
from helpdesk.automation.domain.rules import NOBODY
from helpdesk.infra.policy import DESK, Actor
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.kernel.fields import check_fields
from helpdesk.projects import service as projects
from helpdesk.projects import snoozing, teams, types
from helpdesk.projects.models import ITEM_STATUSES, OPEN_STATUSES, PRIORITIES, WorkItem
from helpdesk.tickets import service as tickets

ME = "me"
"""The assignee of a macro who is whoever applies it."""
TEXT_LENGTH = 5000
MOST_TAGS = 10
MOST_DAYS = 365


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What is changed; what is empty stays.

    ``assignee`` is an id as text, ``nobody``, or in a macro ``me``; ``team`` an id or ``nobody``.
    """

    status: str = ""
    priority: str = ""
    assignee: str = ""
    team: str = ""
    type: str = ""
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    snooze_days: int = 0
    note: str = ""

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """Return acts as they were kept; what this version does not know is left out."""
        known = {one.name for one in fields(cls)}
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()
        }
        return cls(**{name: value for name, value in values.items() if name in known})

    def kept(self) -> dict[str, Any]:
        """Return the acts as they are kept: those that there are."""
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items() if value
        }


def change(session: Session, *, actor: Actor, now: datetime, item: WorkItem, wanted: Changes) -> list[str]:
    """Set status, priority, person and type of a ticket that is locked, and its tags; return in words what changed.

    Raises:
        HelpdeskError: something cannot be done; the caller undoes the whole.
    """
    did: list[str] = []
    how: dict[str, Any] = {"actor": actor, "now": now, "item_id": item.id}
    if wanted.status and wanted.status != item.status:
        _refuse_open_parts(session, actor, item, wanted.status)
        projects.set_status(session, **how, status=wanted.status)
        did.append(f"status {wanted.status.replace('_', ' ')}")
    if wanted.priority and wanted.priority != item.priority:
        projects.set_priority(session, **how, priority=wanted.priority)
        did.append(f"priority {wanted.priority}")
    person_id = _person(actor, wanted.assignee)
    if wanted.assignee and person_id != item.assignee_id:
        projects.assign(session, **how, assignee_id=person_id)
        did.append(f"assigned to {accounts.get_person(session, person_id).name if person_id else 'nobody'}")
    team_id = int(wanted.team) if wanted.team not in ("", NOBODY) else None
    if wanted.team and team_id != item.team_id:
        teams.set_team(session, **how, team_id=team_id)
        did.append(f"team {item.team.name if item.team else 'none'}")
    if wanted.type and wanted.type != str(item.type_id or ""):
        name = types.set_type(session, **how, type_id=int(wanted.type))
        did.append(f"type {name}")
    for tag, on in [*((one, True) for one in wanted.add_tags), *((one, False) for one in wanted.remove_tags)]:
        if projects.tag_item(session, **how, tag=tag, on=on):
            did.append(f"tag {tag} {'added' if on else 'taken off'}")
    return did


def sleep(session: Session, *, actor: Actor, now: datetime, item: WorkItem, days: int) -> str:
    """Let a ticket sleep for so many days of 24 hours, and return that in words.

    Raises:
        RuleViolation: it is not open.
    """
    snoozing.snooze(session, actor=actor, now=now, item_id=item.id, until=now + timedelta(days=days))
    return f"snoozed for {days} {'day' if days == 1 else 'days'}"


def check_changes(session: Session, changes: Changes, *, variables: Sequence[str], by_a_person: bool = False) -> None:
    """Pass where the changes can be kept; ``variables`` are those of the note, and a person may be ``me``.

    Raises:
        RuleViolation: they make no sense; the message says why, and its field where.
    """
    refusals: Sequence[tuple[bool, str, str]] = (
        (changes.status not in {"", *ITEM_STATUSES}, "status", "There is no such status."),
        (changes.priority not in {"", *PRIORITIES}, "priority", "There is no such priority."),
        (bool({*changes.add_tags} & {*changes.remove_tags}), "remove_tags", "A tag is put on or taken off, not both."),
        (not 0 <= changes.snooze_days <= MOST_DAYS, "snooze_days", f"From 1 to {MOST_DAYS} days."),
        (len(changes.note) > TEXT_LENGTH, "note", f"{TEXT_LENGTH} characters at most."),
    )
    for refused, field, message in refusals:
        if refused:
            raise RuleViolation(message, field=field)
    check_fields(changes.note, variables, at="note")
    if changes.assignee not in ("", NOBODY, *((ME,) if by_a_person else ())) and changes.assignee not in {
        str(person_id) for person_id, _name in accounts_queries.choices(session, roles=DESK)
    }:
        message = "That person does not work on tickets."
        raise RuleViolation(message, field="assignee")
    if changes.team not in ("", NOBODY) and changes.team not in {
        str(team_id) for team_id, _name in accounts_queries.team_choices(session)
    }:
        message = "There is no such team that is offered."
        raise RuleViolation(message, field="team")
    if changes.type and changes.type not in {str(type_id) for type_id, _name in types.choices(session)}:
        message = "There is no such type that is offered."
        raise RuleViolation(message, field="type")


def read_tags(text: str, *, field: str) -> tuple[str, ...]:
    """Return tags that people separated by commas, as they are kept, each once.

    Raises:
        RuleViolation: too many, or no tag.
    """
    try:
        tags = tuple(dict.fromkeys(projects.tag_of(word) for word in text.split(",") if word.strip()))
    except RuleViolation as refusal:
        raise RuleViolation(str(refusal), field=field) from refusal
    if len(tags) > MOST_TAGS:
        message = f"{MOST_TAGS} tags at most."
        raise RuleViolation(message, field=field)
    return tags


def _person(actor: Actor, assignee: str) -> int | None:
    """Return whom a ticket goes to; None for nobody."""
    if assignee == ME:
        return actor.person_id
    return int(assignee) if assignee and assignee != NOBODY else None


def _refuse_open_parts(session: Session, actor: Actor, item: WorkItem, status: str) -> None:
    """Pass unless the ticket would be done while parts of it are open (docs/desk.md rule 28)."""
    if status in OPEN_STATUSES or item.status not in OPEN_STATUSES:
        return
    parts = tickets.open_parts(session, actor=actor, item_id=item.id)
    if parts:
        message = f"Parts of #{item.number} are open: {', '.join(f'#{one.number}' for one in parts)}."
        raise Conflict(message)
