"""Work of several transactions: tickets measured anew page by page, and what came due told of page by page."""

from collections.abc import Callable

from helpdesk.infra.clock import Clock
from helpdesk.infra.db import UnitOfWork
from helpdesk.sla.service import remeasuring, telling


def remeasure(unit_of_work: UnitOfWork, *, clock: Clock, is_over: Callable[[], bool]) -> None:
    """Measure open tickets anew until all are done or ``is_over``; then the rest is rung for. Safe to run again."""
    is_left = True
    while is_left and not is_over():
        with unit_of_work() as session:
            is_left = remeasuring.go_on(session, now=clock())
    if is_left:
        with unit_of_work() as session:
            remeasuring.ring_unfinished(session)


def watch(unit_of_work: UnitOfWork, *, clock: Clock) -> None:
    """Tell of what is at risk or missed by now, and ring for measuring that has not come to its end."""
    is_left = True
    while is_left:
        with unit_of_work() as session:
            is_left = telling.tell_due(session, now=clock())
    with unit_of_work() as session:
        remeasuring.ring_unfinished(session)
