"""Rules act: on what happened, and on what has waited long enough; each run is kept (docs/automation.md)."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from helpdesk.automation import happenings, queries
from helpdesk.automation.domain.rules import Condition, Facts, Trigger, decide, reasons
from helpdesk.automation.domain.waiting import Wait, acts_now, due_at, waits_since
from helpdesk.automation.models import AutomationEvent, AutomationRule, AutomationRun
from helpdesk.automation.service.acts import Acts, perform
from helpdesk.company import service as company
from helpdesk.kernel.errors import HelpdeskError
from helpdesk.kernel.periods import zone_named
from helpdesk.projects.models import WorkItem
from helpdesk.sla import queries as sla
from helpdesk.tickets.models import Message, Takeback
from helpdesk.tickets.service.writing import lock

CLAIM_LIFETIME = timedelta(minutes=2)
MOST_ATTEMPTS = 3
STALE = timedelta(days=1)
FAILURES_IN_A_ROW = 5
AT_ONCE = 50
LOOKED_AT = 200


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a rule acts on: the key that lets it act once, and since when the ticket waited, for a time."""

    key: str
    since: datetime | None = None


def claim(session: Session, *, now: datetime) -> int | None:
    """Claim the oldest event that waits, or that nobody brought to its end, and return its id; None without one.

    One that was begun three times is given up: it stays with its state, and the log of its ticket says so.
    """
    free = or_(
        AutomationEvent.state == "waiting",
        and_(AutomationEvent.state == "claimed", AutomationEvent.claimed_at <= now - CLAIM_LIFETIME),
    )
    query = select(AutomationEvent).where(free, AutomationEvent.due_at <= now, AutomationEvent.state != "failed")
    query = query.order_by(AutomationEvent.attempts, AutomationEvent.id).limit(1).with_for_update(skip_locked=True)
    event = session.scalars(query).first()
    while event is not None and event.attempts >= MOST_ATTEMPTS:
        event.state = "failed"
        _keep_given_up(session, event, now)
        session.flush()
        event = session.scalars(query).first()
    if event is None:
        return None
    event.state, event.claimed_at, event.attempts = "claimed", now, event.attempts + 1
    session.flush()
    return event.id


def act_on_event(session: Session, *, event_id: int, now: datetime) -> None:
    """Let the rules act on a claimed event, and forget it: all in one transaction.

    What happened more than a day ago is history, such as mail of an archive. An answer that can be taken back is
    looked at when it cannot be any more, and one that was taken back never happened.
    """
    event = session.get_one(AutomationEvent, event_id, with_for_update=True)
    until = session.scalar(select(Takeback.until).where(Takeback.message_id == (event.message_id or 0)))
    if until is not None and until > now:
        event.state, event.due_at, event.attempts = "waiting", until, event.attempts - 1
        session.flush()
        return
    happenings.hush(session)
    is_gone = event.message_id is not None and not _stands(session, event.message_id)
    if now - event.happened_at <= STALE and not is_gone:
        item = lock(session, event.work_item_id)
        found = queries.facts(session, [item.id]).get(item.id)
        occasion = Occasion(f"event:{event.id}:{event.happened_at.isoformat()}")
        if found is not None:
            _act_on(session, item, found, Trigger(event.trigger), occasion, now)
    session.delete(event)
    session.flush()


def _stands(session: Session, message_id: int) -> bool:
    """Whether a message is there still: what was taken back or deleted is a line that says so."""
    message = session.get(Message, message_id)
    return message is not None and message.kind != "event"


def act_on_waiting(
    session: Session, *, rule_id: int, after_id: int, now: datetime, stopped: Collection[int]
) -> tuple[int | None, set[int]]:
    """Let a rule that is a time act on a page of tickets; return where to go on, and on which it stopped later rules.

    Raises:
        NotFound: the rule was deleted meanwhile.
    """
    row = queries.get_rule(session, rule_id)
    if not row.active or row.switched_on_at is None:
        return None, set()
    happenings.hush(session)
    page = _due(session, row, now=now, after_id=after_id, limit=AT_ONCE)
    held: set[int] = set()
    for item_id in [item_id for item_id in page.due if item_id not in stopped]:
        item = lock(session, item_id)  # the client may have answered meanwhile
        again = _due(session, row, now=now, after_id=item_id - 1, only=item_id)
        if item_id in again.due and row.active:
            facts, since = again.due[item_id]
            occasion = Occasion(f"{row.trigger}:{since.isoformat()}", since)
            _run(session, row, item, reasons(queries.asked(row), facts) or (), occasion, now)
            held |= {item_id} if row.stops else set()
    return page.last_id, held


@dataclass(frozen=True, slots=True)
class Page:
    """Tickets of a page on which a rule acts, with facts and since when each waits; ``last_id`` None at the end."""

    due: dict[int, tuple[Facts, datetime]]
    last_id: int | None


def due_page(session: Session, row: AutomationRule, *, now: datetime, after_id: int, limit: int) -> Page:
    """Return a page of tickets on which a rule would act by now, whether it is kept or not."""
    return _due(session, row, now=now, after_id=after_id, limit=limit)


def _due(
    session: Session,
    row: AutomationRule,
    *,
    now: datetime,
    after_id: int,
    limit: int = LOOKED_AT,
    only: int | None = None,
) -> Page:
    wait, rule = Wait(row.amount, row.unit), queries.asked(row)
    switched_on_at = row.switched_on_at or now
    found = queries.waiting(
        session, rule, wait, now=now, switched_on_at=switched_on_at, after_id=after_id, limit=limit, only=only
    )
    calendar = sla.working_time(session, zone=zone_named(company.get_company(session).time_zone)) if found else None
    waits: dict[int, datetime] = {}
    for one in found:
        since = waits_since(rule.trigger, one.moments)
        if since is not None and calendar is not None:
            due = due_at(since, wait, calendar)
            if acts_now(due, now=now, switched_on_at=switched_on_at):
                waits[one.item_id] = since
    facts = queries.facts(session, list(waits)) if waits else {}
    fitting = {item_id: seen for item_id, seen in facts.items() if reasons(rule, seen) is not None}
    due_items = {item_id: (fitting[item_id], waits[item_id]) for item_id in sorted(fitting)}
    return Page(due_items, found[-1].item_id if len(found) == limit else None)


def _act_on(
    session: Session, item: WorkItem, facts: Facts, trigger: Trigger, occasion: Occasion, now: datetime
) -> None:
    rows = {row.id: row for row in queries.active_rules(session, timed=False)}
    for decision in decide(trigger, facts, [queries.asked(row) for row in rows.values()]):
        _run(session, rows[decision.key], item, decision.because, occasion, now)


def _run(
    session: Session,
    row: AutomationRule,
    item: WorkItem,
    because: Sequence[Condition],
    occasion: Occasion,
    now: datetime,
) -> None:
    """Let a rule act on a ticket: all of it, or nothing with the reason; keep what became of it in either case."""
    did: tuple[str, ...] = ()
    why_not, outcome = "", "done"
    try:
        with session.begin_nested():
            acts, mail_key = Acts.of(row.acts), f"{row.id}:{item.id}:{occasion.key}"
            done = perform(session, now=now, item=item, acts=acts, name=row.name, mail_key=mail_key)
            session.flush()
        did, why_not = done.did, done.why_not
        outcome = "left" if why_not and not did else "done"
    except HelpdeskError as refusal:
        why_not, outcome = str(refusal), "failed"
    _count(row, failed=outcome == "failed", why=why_not)
    session.add(
        AutomationRun(
            rule_id=row.id,
            rule_name=row.name,
            rule_as_it_was=_as_it_is(row),
            work_item_id=item.id,
            key=occasion.key,
            since=occasion.since,
            at=now,
            outcome=outcome,
            because=list(_words(because)),
            did=list(did),
            why_not=why_not,
        )
    )
    session.flush()


def _count(row: AutomationRule, *, failed: bool, why: str) -> None:
    """Switch a rule off that failed too often in a row (docs/automation.md rule 12)."""
    row.failures = row.failures + 1 if failed else 0
    if row.failures >= FAILURES_IN_A_ROW:
        row.active, row.switched_off_why = False, f"It failed {row.failures} times in a row, the last time: {why}"


def _keep_given_up(session: Session, event: AutomationEvent, now: datetime) -> None:
    session.add(
        AutomationRun(
            rule_id=None,
            rule_name="",
            rule_as_it_was={},
            work_item_id=event.work_item_id,
            key=f"event:{event.id}:{event.happened_at.isoformat()}",
            at=now,
            outcome="failed",
            because=[],
            did=[],
            why_not=f"Given up after {event.attempts} attempts; the failed job says why.",
        )
    )


def _as_it_is(row: AutomationRule) -> dict[str, object]:
    names = ("name", "trigger", "amount", "unit", "conditions", "any_condition", "acts", "stops")
    return {name: getattr(row, name) for name in names}


def _words(because: Iterable[Condition]) -> Iterable[str]:
    """Return conditions as they are kept with a run: field, operator, value; pages say them in words."""
    return (f"{one.field.value} {one.operator.value} {one.value}" for one in because)
