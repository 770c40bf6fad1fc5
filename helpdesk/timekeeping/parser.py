"""A batch of timer events as a device sends it: JSON in, events and refusals out (docs/architecture.md "The timer")."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from helpdesk.infra.forms import has_control_characters
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.periods import require_utc
from helpdesk.timekeeping.domain.timer import FACTS, NewEvent, Outcome

MOST_EVENTS = 500
DEVICE_LENGTH = 100
FIELDS = {"uuid", "kind", "at", "number", "entry", "until", *FACTS}
MOST_NUMBER = 2**31 - 1

_UUID = re.compile(r"[A-Za-z0-9_-]{8,64}")


def read_batch(payload: object) -> tuple[list[NewEvent], list[Outcome]]:
    """Return the events of ``{"device": …, "events": […]}`` and a refusal for each that cannot be read.

    Raises:
        RuleViolation: it is no such object, or has more than 500 events: nothing of it is read.
    """
    if not isinstance(payload, dict) or not isinstance(payload.get("events"), list):
        message = 'Send an object with a list of "events".'
        raise RuleViolation(message)
    if unknown := set(payload) - {"device", "events"}:
        message = f"There is no field {', '.join(sorted(unknown))}."
        raise RuleViolation(message)
    if len(payload["events"]) > MOST_EVENTS:
        message = f"Send at most {MOST_EVENTS} events at once."
        raise RuleViolation(message)
    device = _text(payload, "device", DEVICE_LENGTH) or "device"
    events, refusals = [], []
    for each in payload["events"]:
        try:
            events.append(_event(each, device))
        except RuleViolation as refusal:
            uuid = each.get("uuid") if isinstance(each, dict) else None
            refusals.append(Outcome(uuid if isinstance(uuid, str) else "", "refused", str(refusal)))
    return events, refusals


def _event(sent: object, device: str) -> NewEvent:
    if not isinstance(sent, dict):
        message = "An event is an object."
        raise RuleViolation(message)
    if unknown := set(sent) - FIELDS:
        message = f"An event has no field {', '.join(sorted(map(str, unknown)))}."
        raise RuleViolation(message)
    uuid, entry = _uuid(sent, "uuid"), _uuid(sent, "entry")
    said_at = _instant(sent, "at")
    if uuid is None or said_at is None:
        message = 'An event has a "uuid" and an instant "at".'
        raise RuleViolation(message)
    return NewEvent(
        uuid=uuid,
        kind=_text(sent, "kind", DEVICE_LENGTH),
        said_at=said_at,
        number=_whole(sent, "number"),
        entry=entry,
        facts=_facts(sent),
        until=_instant(sent, "until"),
        device=device,
    )


def _facts(sent: Mapping[str, Any]) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    if "note" in sent:
        facts["note"] = _text(sent, "note", None, lines=True)
    if "work_type_id" in sent:
        facts["work_type_id"] = _whole(sent, "work_type_id")
    if "billable" in sent:
        facts["billable"] = _text(sent, "billable", DEVICE_LENGTH)
    return facts


def _text(sent: Mapping[str, Any], name: str, most: int | None, *, lines: bool = False) -> str:
    value = sent.get(name, "")
    if not isinstance(value, str) or has_control_characters(value, lines=lines) or (most and len(value) > most):
        message = f'"{name}" is no such text.'
        raise RuleViolation(message)
    return value.strip()


def _uuid(sent: Mapping[str, Any], name: str) -> str | None:
    value = sent.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        message = f'"{name}" is no uuid.'
        raise RuleViolation(message)
    return value


def _whole(sent: Mapping[str, Any], name: str) -> int | None:
    value = sent.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= MOST_NUMBER:
        message = f'"{name}" is no number of ours.'
        raise RuleViolation(message)
    return value


def _instant(sent: Mapping[str, Any], name: str) -> datetime | None:
    value = sent.get(name)
    if value is None:
        return None
    try:
        return require_utc(datetime.fromisoformat(value))
    except (OverflowError, TypeError, ValueError):
        message = f'"{name}" is no instant; write it as 2026-11-26T10:00:00.123Z.'
        raise RuleViolation(message) from None
