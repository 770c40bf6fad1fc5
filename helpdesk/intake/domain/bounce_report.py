"""What a delivery report says of each recipient: the form of RFC 3464, and the JSON of Amazon's notices."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_FIELD = re.compile(r"^([A-Za-z-]{1,60}):[ \t]*((?:[^\n]*)(?:\n[ \t][^\n]*)*)", re.MULTILINE)
_LENGTH_LIMIT = 20_000
_JSON_LIMIT = 400_000
_NO_TROUBLE = frozenset({"delivered", "relayed", "expanded"})
_CLASSES = {"permanent": "5.0.0", "transient": "4.0.0", "undetermined": "4.0.0"}


@dataclass(frozen=True, slots=True)
class Trouble:
    """One recipient whom a mail did not reach, or not yet: ``action`` is ``failed`` or ``delayed`` where it is said."""

    action: str
    status: str
    diagnostic: str
    recipient: str
    original_message_id: str = ""


def troubles(reports: Iterable[str]) -> tuple[Trouble, ...]:
    """Return the recipients of delivery reports to whom delivery failed or is late; those it reached are left out."""
    return tuple(one for one in _all(reports) if one.action not in _NO_TROUBLE)


def tells_of_success(reports: Iterable[str]) -> bool:
    """Return whether the reports name recipients, and the mail reached or was handed on for every one of them."""
    actions = [one.action for one in _all(reports)]
    return bool(actions) and all(action in _NO_TROUBLE for action in actions)


def _all(reports: Iterable[str]) -> list[Trouble]:
    blocks = (block for report in reports for block in re.split(r"\n\s*\n", report[:_LENGTH_LIMIT]))
    return [found for found in map(_trouble, blocks) if found is not None]


def _trouble(block: str) -> Trouble | None:
    fields = {name.lower(): " ".join(value.split()) for name, value in _FIELD.findall(block)}
    action, status = fields.get("action", "").lower(), fields.get("status", "")
    recipient = fields.get("final-recipient") or fields.get("original-recipient", "")
    if not (action or (status and recipient)):
        return None
    found = STATUS.search(status)
    return Trouble(
        action=action.partition(" ")[0],
        status=found[1] if found else "",
        diagnostic=fields.get("diagnostic-code", ""),
        recipient=recipient.rpartition(";")[2].strip(),
    )


def troubles_in_json(text: str) -> tuple[Trouble, ...]:
    """Return the recipients of a notice of Amazon SES, as it comes through SNS or by itself; none in any other text."""
    notice = _object(text)
    inner = notice.get("Message")
    if notice.get("Type") == "Notification" and isinstance(inner, str):
        notice = _object(inner)
    mail = notice.get("mail")
    if not isinstance(mail, Mapping):
        return ()
    return tuple(_troubles_of(notice, _message_id(mail)))


def _troubles_of(notice: Mapping[str, Any], message_id: str) -> Iterator[Trouble]:
    kind = str(notice.get("notificationType") or notice.get("eventType") or "").lower()
    if kind == "bounce":
        bounce = notice.get("bounce")
        for one in _recipients(bounce, "bouncedRecipients"):
            fallback = _CLASSES.get(_word(bounce, "bounceType").lower(), "5.0.0")
            yield _from_json(one, action="failed", fallback=fallback, message_id=message_id)
    elif kind == "deliverydelay":
        for one in _recipients(notice.get("deliveryDelay"), "delayedRecipients"):
            yield _from_json(one, action="delayed", fallback="4.0.0", message_id=message_id)


def _from_json(one: Mapping[str, Any], *, action: str, fallback: str, message_id: str) -> Trouble:
    found = STATUS.fullmatch(_word(one, "status"))
    return Trouble(
        action=action,
        status=found[1] if found else fallback,
        diagnostic=_word(one, "diagnosticCode")[:2000],
        recipient=_word(one, "emailAddress")[:400],
        original_message_id=message_id,
    )


def _recipients(value: object, name: str) -> list[Mapping[str, Any]]:
    listed = value.get(name) if isinstance(value, Mapping) else None
    return [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []


def _message_id(mail: Mapping[str, Any]) -> str:
    """Return the Message-ID in the headers of the mail that the notice is about."""
    common = _word(mail.get("commonHeaders"), "messageId")
    listed = (_word(one, "value") for one in _recipients(mail, "headers") if _word(one, "name").lower() == "message-id")
    return common or next(listed, "")


def _word(value: object, name: str) -> str:
    found = value.get(name) if isinstance(value, Mapping) else None
    return found if isinstance(found, str) else ""


def _object(text: str) -> Mapping[str, Any]:
    """Return the JSON object that the text begins with; an empty one where there is none."""
    plain = text.lstrip()[:_JSON_LIMIT]
    if not plain.startswith("{"):
        return {}
    try:
        found, _ = json.JSONDecoder(strict=False).raw_decode(plain)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
