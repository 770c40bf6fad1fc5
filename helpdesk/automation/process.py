"""Work of several transactions: events claimed and acted on one by one, and tickets that wait page by page."""

from collections.abc import Callable

from helpdesk.automation import queries
from helpdesk.automation.service import acting
from helpdesk.infra import failpoints
from helpdesk.infra.clock import Clock
from helpdesk.infra.db import UnitOfWork
from helpdesk.kernel.errors import NotFound


def act_on_events(unit_of_work: UnitOfWork, *, clock: Clock, is_over: Callable[[], bool]) -> bool:
    """Let rules act on what happened until nothing waits or ``is_over``; return whether something is left.

    Each event is claimed in one transaction and acted on in the next: after a kill it is done again two minutes later,
    wholly, for nothing of it was kept. One that breaks ends the job, and is tried three times.
    """
    while not is_over():
        with unit_of_work() as session:
            event_id = acting.claim(session, now=clock())
        if event_id is None:
            return False
        failpoints.passing("event_claimed")
        with unit_of_work() as session:
            acting.act_on_event(session, event_id=event_id, now=clock())
            failpoints.passing("rules_acted")
        failpoints.passing("rules_done")
    return True


def act_in_time(unit_of_work: UnitOfWork, *, clock: Clock, is_over: Callable[[], bool]) -> None:
    """Let the rules that are times act, in their order. Safe to run again: each acts once on each wait of a ticket."""
    stopped: set[int] = set()
    with unit_of_work() as session:
        rule_ids = [rule.id for rule in queries.active_rules(session, timed=True)]
    for rule_id in rule_ids:
        after_id: int | None = 0
        while after_id is not None and not is_over():
            after_id = _page(unit_of_work, clock, rule_id, after_id, stopped)


def _page(unit_of_work: UnitOfWork, clock: Clock, rule_id: int, after_id: int, stopped: set[int]) -> int | None:
    try:
        with unit_of_work() as session:
            last_id, held = acting.act_on_waiting(
                session, rule_id=rule_id, after_id=after_id, now=clock(), stopped=stopped
            )
            failpoints.passing("rules_acted")
        failpoints.passing("rules_done")
    except NotFound:
        return None
    stopped |= held
    return last_id
