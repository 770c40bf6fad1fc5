"""Macros as people write them: their own ones and shared ones, in an order (docs/automation.md rules 16 to 18)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Select, or_, select, update
from sqlalchemy.orm import Session

from helpdesk.automation.models import FOR_TICKETS_ALONE, Macro
from helpdesk.automation.service.changing import Changes, check_changes
from helpdesk.infra import audit
from helpdesk.infra.policy import APPROVERS, Actor
from helpdesk.infra.rich_text import written
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.kernel.fields import check_fields
from helpdesk.kernel.places import moved
from helpdesk.rates import queries as rates
from helpdesk.tickets.domain import CANNED_FIELDS

LONGEST_NAME = 60
ANSWER_LENGTH = 20_000
MOST = 100
"""Macros of one person, and shared ones: each is in the menu of every ticket."""
MOST_MINUTES = 24 * 60


@dataclass(frozen=True, kw_only=True)
class MacroActs(Changes):
    """What a macro does: changes, an answer and time. ``answer`` is text, or what is formatted in ``answer_html``.

    With ``sends`` the answer leaves at once, else it is put into the box. ``work_type`` is an id as text.
    """

    answer: str = ""
    answer_html: str = ""
    sends: bool = False
    minutes: int = 0
    work_type: str = ""

    @property
    def fits_tasks(self) -> bool:
        """Whether nothing that it does is for tickets alone."""
        return not any(getattr(self, act) for act in FOR_TICKETS_ALONE)

    @property
    def fills_box(self) -> bool:
        """Whether there is an answer that is put into the box, and status and time beside it."""
        return bool(self.answer) and not self.sends


@dataclass(frozen=True, kw_only=True)
class MacroSettings:
    """A macro as it is entered; ``shared`` for everybody on the desk, else for its writer alone."""

    name: str
    acts: MacroActs
    shared: bool = False


def macros(session: Session, *, actor: Actor) -> list[Macro]:
    """Return the actor's own macros and the shared ones, each in their order."""
    mine = or_(Macro.person_id.is_(None), Macro.person_id == actor.person_id)
    query = select(Macro).where(mine).order_by(Macro.person_id.is_(None), Macro.position, Macro.id)
    return list(session.scalars(query))


def get_macro(session: Session, *, actor: Actor, macro_id: int) -> Macro:
    """Return a macro that the actor may apply.

    Raises:
        NotFound: no such one, or it is somebody else's.
    """
    found = session.get(Macro, macro_id)
    if found is None or found.person_id not in (None, actor.person_id):
        message = "There is no such macro."
        raise NotFound(message)
    return found


def may_change(actor: Actor, macro: Macro) -> bool:
    """Return whether the actor may rewrite it: their own ones, and as manager or administrator the shared ones."""
    return macro.person_id is not None or actor.is_one_of(APPROVERS)


def add_macro(session: Session, *, actor: Actor, now: datetime, settings: MacroSettings) -> Macro:
    """Add a macro behind the others.

    Raises:
        RuleViolation: it makes no sense; the message says why, and its field where.
    """
    macro = Macro(created_at=now, used=0)
    _write(session, actor, macro, settings, now)
    session.add(macro)
    session.flush()
    _record(session, actor, "added", macro, now)
    return macro


def change_macro(session: Session, *, actor: Actor, now: datetime, macro_id: int, settings: MacroSettings) -> Macro:
    """Change a macro; it keeps its place, unless it is shared from now on, or not any more.

    Raises:
        NotFound: no such macro, or somebody else's.
        RuleViolation: as for :func:`add_macro`.
    """
    macro = _to_change(session, actor, macro_id)
    _write(session, actor, macro, settings, now)
    session.flush()
    _record(session, actor, "changed", macro, now)
    return macro


def move_macro(session: Session, *, actor: Actor, now: datetime, macro_id: int, up: bool) -> None:
    """Let a macro change places with the one above or below it; at the end of the list nothing happens.

    Raises:
        NotFound: no such macro, or somebody else's.
        RuleViolation: a shared one, and the actor may not share.
    """
    macro = _to_change(session, actor, macro_id)
    _number(moved(session.scalars(_beside(macro.person_id)).all(), macro, up=up))
    session.flush()
    _record(session, actor, "moved", macro, now)


def delete_macro(session: Session, *, actor: Actor, now: datetime, macro_id: int) -> None:
    """Delete a macro; what it did stays, and can be undone as before.

    Raises:
        NotFound: no such macro, or somebody else's.
        RuleViolation: a shared one, and the actor may not share.
    """
    macro = _to_change(session, actor, macro_id)
    _record(session, actor, "deleted", macro, now)
    session.delete(macro)
    session.flush()


def count_use(session: Session, *, macro_id: int, tickets: int, now: datetime) -> None:
    """Count on how many tickets a macro was used: last of all, for its row is shared by whoever applies it now."""
    used = update(Macro).where(Macro.id == macro_id).values(used=Macro.used + tickets, used_at=now)
    session.execute(used.execution_options(synchronize_session=False))


def _write(session: Session, actor: Actor, macro: Macro, settings: MacroSettings, now: datetime) -> None:
    """Give a macro what was entered, where it makes sense."""
    owner_id, name = None if settings.shared else actor.person_id, " ".join(settings.name.split())
    said = written(settings.acts.answer, settings.acts.answer_html)
    acts = replace(settings.acts, answer=said.text.strip(), answer_html=said.html)
    _check(session, actor, acts, name=name, owner_id=owner_id)
    others = [one for one in session.scalars(_beside(owner_id)) if one is not macro]
    if name.lower() in (one.name.lower() for one in others):
        message = "There is a macro of that name already."
        raise RuleViolation(message, field="name")
    if len(others) >= MOST:
        message = f"There are {MOST} macros already; delete one that nobody needs."
        raise RuleViolation(message)
    if macro.position is None or macro.person_id != owner_id:
        macro.position = max((one.position for one in others), default=0) + 1
    macro.person_id, macro.name, macro.acts, macro.changed_at = owner_id, name, acts.kept(), now


def _check(session: Session, actor: Actor, acts: MacroActs, *, name: str, owner_id: int | None) -> None:
    refusals: Sequence[tuple[bool, str, str]] = (
        (not 0 < len(name) <= LONGEST_NAME, "name", f"Give the macro a name of at most {LONGEST_NAME} characters."),
        (
            owner_id is None and not actor.is_one_of(APPROVERS),
            "shared",
            "Managers and administrators write the shared ones. Keep it as your own.",
        ),
        (not replace(acts, sends=False, work_type="").kept(), "", "Say what the macro does: at least one thing."),
        (acts.sends and not acts.answer, "body", "Write the answer that is to be sent."),
        (len(acts.answer) > ANSWER_LENGTH, "body", f"{ANSWER_LENGTH} characters at most."),
        (not 0 <= acts.minutes <= MOST_MINUTES, "minutes", f"From 1 to {MOST_MINUTES} minutes."),
        (
            bool(acts.work_type) and int(acts.work_type) not in {one.id for one in rates.work_types(session)},
            "work_type",
            "There is no such work type that is offered.",
        ),
    )
    for refused, field, message in refusals:
        if refused:
            raise RuleViolation(message, field=field or None)
    for text in (acts.answer, acts.answer_html):
        check_fields(text, CANNED_FIELDS, at="body")
    check_changes(session, acts, variables=CANNED_FIELDS, by_a_person=True)


def _beside(owner_id: int | None) -> Select[Macro]:
    """Return the macros among which a name is free or not, in their order, locked: nobody else orders them now."""
    same = Macro.person_id.is_(None) if owner_id is None else Macro.person_id == owner_id
    return select(Macro).where(same).order_by(Macro.position, Macro.id).with_for_update()


def _to_change(session: Session, actor: Actor, macro_id: int) -> Macro:
    macro = get_macro(session, actor=actor, macro_id=macro_id)
    if not may_change(actor, macro):
        message = "Managers and administrators change the shared ones."
        raise RuleViolation(message)
    return macro


def _number(ordered: Iterable[Macro]) -> None:
    for position, macro in enumerate(ordered, start=1):
        macro.position = position


def _record(session: Session, actor: Actor, action: str, macro: Macro, now: datetime) -> None:
    audit.record(session, actor=actor, action=action, kind="macro", object_id=macro.id, now=now, name=macro.name)
