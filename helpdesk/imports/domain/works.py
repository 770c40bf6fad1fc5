"""What a service has to do for a line, in names as the file has them; and the words of other systems. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from helpdesk.kernel.errors import RuleViolation
from helpdesk.timekeeping.domain.worked import Worked


@dataclass(frozen=True, slots=True)
class ClientWork:
    """A client and what the file says of it; ``domain`` is a mail domain to add, "" for none."""

    name: str
    facts: dict[str, Any]
    domain: str = ""


@dataclass(frozen=True, slots=True)
class ContactWork:
    """A person at a client ("" for none yet); what is empty is left as it is."""

    email: str
    name: str
    phone: str
    language: str
    client: str


@dataclass(frozen=True, slots=True)
class ProjectWork:
    """A project of a client and what the file sets of it."""

    client: str
    name: str
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class TaskWork:
    """A task of a project; ``status`` "" and None are what the file does not say."""

    client: str
    project: str
    title: str
    status: str
    assignee_id: int | None
    starts_on: date | None
    due_on: date | None
    estimate_seconds: int | None


@dataclass(frozen=True, slots=True)
class TimeWork:
    """What somebody worked; ``work_type`` "" is none, ``billable`` "" is what the work type says."""

    person_id: int
    client: str
    project: str
    task: str
    work_type: str
    day: date
    worked: Worked
    note: str
    billable: str


_BILLINGS = {
    "hourly": "hourly|by the hour|time and materials|time & materials|t&m|billable|stundenbasis|nach aufwand",
    "retainer": "retainer|kontingent",
    "fixed_fee": "fixed fee|fixed_fee|fixed price|fixed|flat|festpreis|pauschal|pauschale",
    "internal": "internal|non-billable|non billable|not billable|intern",
}
_PROJECT_STATUSES = {
    "active": "active|open|in progress|aktiv|offen|laufend",
    "paused": "paused|on hold|pausiert|ruhend",
    "done": "done|archived|closed|completed|finished|inactive|abgeschlossen|archiviert|fertig|erledigt|inaktiv",
}
_TASK_STATUSES = {
    "new": "new|neu",
    "open": "open|active|to do|todo|offen|aktiv",
    "in_progress": "in progress|in_progress|doing|started|in arbeit|in bearbeitung",
    "waiting": "waiting|blocked|on hold|wartend|wartet",
    "solved": "solved|done|completed|resolved|finished|erledigt|fertig|gelöst",
    "closed": "closed|archived|geschlossen|abgeschlossen",
}


def billing_of(word: str) -> str:
    """Return our word for how a project is billed.

    Raises:
        RuleViolation: it is none that we know.
    """
    return _ours(word, _BILLINGS, "billing")


def project_status_of(word: str) -> str:
    """Return our word for the status of a project.

    Raises:
        RuleViolation: it is none that we know.
    """
    return _ours(word, _PROJECT_STATUSES, "status")


def task_status_of(word: str) -> str:
    """Return our word for the status of a task.

    Raises:
        RuleViolation: it is none that we know.
    """
    return _ours(word, _TASK_STATUSES, "status")


def _ours(word: str, words: Mapping[str, str], field: str) -> str:
    wanted = word.strip().casefold()
    found = next((ours for ours, theirs in words.items() if wanted in theirs.split("|")), None)
    if found is None:
        message = f"{word!r} is none of {', '.join(ours.replace('_', ' ') for ours in words)}"
        raise RuleViolation(message, field=field)
    return found
