"""Rules and shared macros as a file, with names in place of ids, and such a file read (docs/automation.md rule 24)."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from helpdesk.automation import queries
from helpdesk.automation.domain.rules import NOBODY, Condition, Field, condition
from helpdesk.automation.naming import names
from helpdesk.automation.service import macros, rules
from helpdesk.automation.service.acts import Acts
from helpdesk.automation.service.changing import ME, Changes, read_tags
from helpdesk.automation.service.macros import MacroActs, MacroSettings
from helpdesk.automation.service.rules import MOST_CONDITIONS, RuleSettings
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import HelpdeskError, RuleViolation
from helpdesk.projects.models import ITEM_STATUSES, PRIORITIES
from helpdesk.rates import queries as rates

MOST_BYTES = 1_000_000
LONGEST_PLACE = 120
KIND = "Helpdesk rules and macros"
GONE = "(gone)"
WORK_TYPE = "work_type"
WORDS = {"status": ITEM_STATUSES, "priority": PRIORITIES, "assignee": (NOBODY, ME), "team": (NOBODY,)}
"""What stands for itself in a file."""
OF_RULE = {"name": str, "trigger": str, "amount": int, "unit": str, "any_condition": bool, "stops": bool}
NO_TEXT = re.compile("[\x00\ud800-\udfff]")
"""NUL, and half of a character: no database keeps the one, and no page shows the other."""
C = TypeVar("C", bound=Changes)
Known = dict[str, dict[str, str]]
"""For what is named: id and name, by the name of the act or the field of a condition."""


class Unfit(RuleViolation):
    """A file of which nothing is taken; ``faults`` are what is wrong with it, each with where."""

    def __init__(self, faults: Iterable[str]) -> None:
        """Keep what is wrong."""
        self.faults = tuple(faults)
        super().__init__(" ".join(self.faults))


@dataclass(frozen=True, slots=True)
class Brought:
    """How many came in."""

    rules: int
    macros: int


def written(session: Session, *, actor: Actor) -> str:
    """Return all rules and the shared macros as a file, in their order."""
    known = _known(session)
    told = {
        "kind": KIND,
        "rules": [
            {
                **{key: getattr(one, key) for key in OF_RULE},
                "conditions": [
                    {**each, "value": _name(known, each["field"], each["value"])} for each in one.conditions
                ],
                "acts": _named(known, one.acts),
            }
            for one in queries.rules(session)
        ],
        "macros": [
            {"name": one.name, "acts": _named(known, one.acts)}
            for one in macros.macros(session, actor=actor)
            if one.person_id is None
        ],
    }
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"


def bring_in(session: Session, *, actor: Actor, now: datetime, raw: bytes) -> Brought:
    """Add all rules and macros of a file, behind those that there are: rules switched off, macros shared.

    Raises:
        Unfit: something is wrong with the file; the caller undoes the whole.
    """
    told, known, faults = _told(raw), _known(session), list[str]()
    taken = {one.name.lower() for one in queries.rules(session)}
    counts = {"rules": 0, "macros": 0}
    for what in counts:
        for number, given in enumerate(told[what], start=1):
            at = _place(what, number, given)
            try:
                with session.begin_nested():
                    if what == "rules":
                        _add_rule(session, actor, now, known, given, taken)
                    else:
                        _add_macro(session, actor, now, known, given)
                    counts[what] += 1
            except HelpdeskError as refusal:
                faults.append(f"{at}: {refusal}")
    if faults:
        raise Unfit(faults)
    return Brought(**counts)


def _told(raw: bytes) -> dict[str, list[Any]]:
    if len(raw) > MOST_BYTES:
        raise Unfit(["The file is larger than 1 MB."])
    try:
        told = json.loads(raw.decode())
    except UnicodeDecodeError:
        raise Unfit(["The file is not text in UTF-8."]) from None
    except json.JSONDecodeError as wrong:
        raise Unfit([f"The file is no JSON: line {wrong.lineno}, column {wrong.colno}: {wrong.msg}."]) from None
    except (ValueError, RecursionError):
        raise Unfit(["The file is no JSON that can be read."]) from None
    _refuse_no_text(told)
    if not isinstance(told, dict) or told.get("kind") != KIND:
        raise Unfit([f"The file does not say that it holds “{KIND}”: it is something else."])
    found = {what: told.get(what, []) for what in ("rules", "macros")}
    strange = sorted(set(told) - {"kind", *found})
    faults = [f"“{what}” is to be a list." for what, value in found.items() if not isinstance(value, list)]
    faults += [f"Nobody knows what “{one}” is." for one in strange]
    faults += [
        f"The file holds {len(found[what])} {what}; {most} at most."
        for what, most in (("rules", rules.MOST_RULES), ("macros", macros.MOST))
        if isinstance(found[what], list) and len(found[what]) > most
    ]
    if not faults and not any(found.values()):
        faults.append("The file holds neither rules nor macros.")
    if faults:
        raise Unfit(faults)
    return found


def _refuse_no_text(told: object) -> None:
    """Pass where every name and text of a file can be kept and shown.

    Raises:
        Unfit: one holds NUL, or half of a character; where that is tells the path to it, by names in order.
    """
    waiting = [("", told)]
    while waiting:
        at, value = waiting.pop()
        if isinstance(value, str) and NO_TEXT.search(value):
            raise Unfit([f"The file holds a character that is no text{f', in {at}' if at else ''}."])
        if isinstance(value, dict):
            waiting += [(f"{at} › {name}".removeprefix(" › ")[:LONGEST_PLACE], each) for name, each in value.items()]
            waiting += [(at, name) for name in value]  # they are looked at before they are named
        elif isinstance(value, list):
            waiting += [(f"{at} {number}"[:LONGEST_PLACE], each) for number, each in enumerate(value, start=1)]


def _place(what: str, number: int, given: object) -> str:
    name = given.get("name") if isinstance(given, dict) else None
    kind = "Rule" if what == "rules" else "Macro"
    return f"{kind} {number} ({name[:80]})" if isinstance(name, str) and name else f"{kind} {number}"


def _add_rule(session: Session, actor: Actor, now: datetime, known: Known, given: object, taken: set[str]) -> None:
    told = _object(given, {**OF_RULE, "conditions": list, "acts": dict})
    conditions = told.pop("conditions", [])
    if len(conditions) > MOST_CONDITIONS:
        message = f"There are {len(conditions)} conditions; {MOST_CONDITIONS} at most."
        raise RuleViolation(message)
    settings = RuleSettings(
        **{"name": "", "trigger": "", **told, "acts": _acts(Acts, known, told.get("acts", {}))},
        conditions=tuple(_condition(known, one) for one in conditions),
    )
    name = " ".join(settings.name.split()).lower()
    if name in taken:
        message = "There is a rule of that name already."
        raise RuleViolation(message)
    rules.add_rule(session, actor=actor, now=now, settings=settings)
    taken.add(name)


def _add_macro(session: Session, actor: Actor, now: datetime, known: Known, given: object) -> None:
    told = _object(given, {"name": str, "acts": dict})
    acts = _acts(MacroActs, known, told.get("acts", {}))
    settings = MacroSettings(name=told.get("name", ""), acts=acts, shared=True)
    macros.add_macro(session, actor=actor, now=now, settings=settings)


def _object(given: Any, kinds: Mapping[str, type]) -> dict[str, Any]:  # noqa: ANN401 - anything may stand in a file
    """Return what is given, where it has known names alone, each of its kind.

    Raises:
        RuleViolation: it has not.
    """
    if not isinstance(given, dict):
        message = "It is to be an object, between braces."
        raise RuleViolation(message)
    words = {
        str: "text",
        int: "a whole number",
        bool: "true or false",
        list: "a list",
        tuple: "a list",
        dict: "an object",
    }
    for name, value in given.items():
        kind = kinds.get(name)
        if kind is None:
            message = f"Nobody knows what “{name}” is; there are {', '.join(kinds)}."
            raise RuleViolation(message)
        wanted = list if kind is tuple else kind
        if not isinstance(value, wanted) or (kind is int and isinstance(value, bool)):
            message = f"“{name}” is to be {words[kind]}."
            raise RuleViolation(message)
        listed = value if isinstance(value, list) else []
        if kind is tuple and not all(isinstance(one, str) for one in listed):
            message = f"“{name}” is to be a list of texts."
            raise RuleViolation(message)
    return dict(given)


def _acts(of: type[C], known: Known, given: dict[str, Any]) -> C:
    """Return acts of a file, with ids in place of names."""
    told = _object(given, {one.name: type(one.default) for one in fields(of)})
    for name in (one for one in told if one in known and told[one]):
        told[name] = _id(known, name, told[name], what=name)
    for name in ("add_tags", "remove_tags"):
        if name in told:
            told[name] = read_tags(",".join(told[name]), field=name)
    return of.of(told)


def _condition(known: Known, given: object) -> Condition:
    told = _object(given, {"field": str, "operator": str, "value": str})
    field, value = told.get("field", ""), told.get("value", "")
    if field in set(Field) and field in known:
        value = _id(known, field, value, what=f"the condition on {field}")
    return condition(field=field, operator=told.get("operator", ""), value=value)


def _id(known: Known, name: str, wanted: str, *, what: str) -> str:
    """Return the id of what is called so, as text; words such as ``nobody`` stand for themselves.

    Raises:
        RuleViolation: nothing is called so, or several are.
    """
    if wanted in WORDS.get(name, ()):
        return wanted
    called = " ".join(wanted.split()).casefold()
    found = [key for key, label in known[name].items() if label.casefold() == called and key != NOBODY]
    if len(found) == 1:
        return found[0]
    words = what.replace("_", " ")
    message = f"{words}: {'several are' if found else 'nothing is'} called “{wanted[:80]}” here."
    raise RuleViolation(message)


def _named(known: Known, acts: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _name(known, key, value) if key in known else value for key, value in acts.items()}


def _name(known: Known, name: str, value: str) -> str:
    """Return how a file calls a value: by its name, and what has none as it is."""
    if name not in known or value in WORDS.get(name, ()):
        return value
    return known[name].get(value, GONE)


def _known(session: Session) -> Known:
    found = {field.value: dict(values) for field, values in names(session).items()}
    return {**found, WORK_TYPE: {str(one.id): one.name for one in rates.work_types(session)}}
