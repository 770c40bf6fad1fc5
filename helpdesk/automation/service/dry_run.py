"""What a rule would do, without any effect (docs/automation.md rule 13)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from helpdesk.automation import queries
from helpdesk.automation.domain.rules import TIMED, reasons
from helpdesk.automation.models import AutomationRule
from helpdesk.automation.service import acting
from helpdesk.projects.models import WorkItem

DAYS = 30
TICKETS = 500
SHOWN = 100


@dataclass(frozen=True, slots=True)
class Case:
    """A ticket that the rule fits, and since when it waits, for a rule that is a time."""

    number: int
    title: str
    client: str
    status: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Trial:
    """What a rule would do. ``finished`` is false where the time was over, or there are more than are shown."""

    looked_at: int
    finished: bool
    cases: tuple[Case, ...]


def try_rule(session: Session, *, rule: AutomationRule, now: datetime, has_time: Callable[[], bool]) -> Trial:
    """Return on which tickets a rule would act, which need not be kept; nothing changes.

    A rule that is a time is tried on the tickets that have waited so long, however long ago it came due: switched on,
    it acts on what comes due from then on. Any other is tried on the tickets that changed within 30 days, 500 at
    most, as they are now.
    """
    return _timed(session, rule, now, has_time) if rule.trigger in TIMED else _recent(session, rule, now)


def _timed(session: Session, rule: AutomationRule, now: datetime, has_time: Callable[[], bool]) -> Trial:
    rule.switched_on_at = now - timedelta(days=3650)
    found: dict[int, datetime] = {}
    after_id: int | None = 0
    while after_id is not None and len(found) < SHOWN and has_time():
        page = acting.due_page(session, rule, now=now, after_id=after_id, limit=TICKETS)
        found |= {item_id: since for item_id, (_facts, since) in page.due.items()}
        after_id = page.last_id
    shown = dict(sorted(found.items())[:SHOWN])
    items = queries.items(session, list(shown))
    cases = tuple(_case(one, one.project.client.name, since=shown[one.id]) for one in items)
    return Trial(len(found), after_id is None and len(found) <= SHOWN, cases)


def _recent(session: Session, rule: AutomationRule, now: datetime) -> Trial:
    items = queries.recent_items(session, since=now - timedelta(days=DAYS), limit=TICKETS)
    clients = {one.id: one.project.client.name for one in items}
    facts, asked = queries.facts(session, [item.id for item in items]), queries.asked(rule)
    fitting = [one for one in items if one.id in facts and reasons(asked, facts[one.id]) is not None]
    cases = tuple(_case(one, clients[one.id]) for one in fitting[:SHOWN])
    return Trial(len(items), len(items) < TICKETS and len(fitting) <= SHOWN, cases)


def _case(item: WorkItem, client: str, *, since: datetime | None = None) -> Case:
    return Case(item.number, item.title, client, item.status, since)
