"""What runs again and again, as a table, and the loop that rings it: one at a time in the world, by a lease."""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from helpdesk.infra import clock, jobs, leases
from helpdesk.infra.db import insert_of, unit_of_work
from helpdesk.infra.models import PeriodicRun

log = structlog.get_logger()

LEASE_SECONDS = 60
LONGEST_WAIT_SECONDS = 20.0
SHORTEST_WAIT_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Periodic:
    """One line of the table: a job of ``workers.jobs`` without arguments, and how often it runs."""

    job: str
    every_seconds: int
    queue: str = "default"


PERIODIC = (
    Periodic("sweep_inbound", 30, "mail"),
    Periodic("sweep_outbox", 30, "mail"),
    Periodic("sweep_invoices", 60),
    Periodic("sweep_pictures", 60),
    Periodic("sweep_imports", 60),
    Periodic("ask_forgotten_timers", 60),
    Periodic("wake_tickets", 30),
    Periodic("watch_targets", 60),
    Periodic("act_on_events", 30),
    Periodic("act_in_time", 300),
    Periodic("mail_notices", 30),
    Periodic("push_notices", 60),
    Periodic("watch_budgets", 900),
    Periodic("watch_retainers", 900),
    Periodic("ask_satisfaction", 900),
    Periodic("gather_strays", 900),
    Periodic("mail_statements", 900),
    Periodic("remind_overdue", 900),
    Periodic("forget_old_attempts", 3600),
    Periodic("forget_old_events", 3600),
    Periodic("forget_old_notices", 3600),
    Periodic("forget_sent_forms", 3600),
    Periodic("forget_old_reading", 3600),
    Periodic("forget_absent", 3600),
    Periodic("count_rows", 3600),
    Periodic("sweep_files", 3600),
    Periodic("erase_old_mail", 3600),
)


def run(stopping: threading.Event, *, holder: str) -> None:
    """Ring what is due until told to stop; where another scheduler holds the lease, wait for it to go."""
    while not stopping.is_set():
        wait_seconds = LONGEST_WAIT_SECONDS
        try:
            with unit_of_work() as session:
                wait_seconds = tick(session, holder=holder, now=clock.now())
        except DBAPIError as error:
            log.warning("schedule.database_away", error=str(error.orig))
        stopping.wait(wait_seconds)
    _let_go(holder)


def tick(session: Session, *, holder: str, now: datetime) -> float:
    """Ring every line that is due, if the lease is ours, and return how many seconds there is nothing to do."""
    if not leases.take(session, name="schedule", holder=holder, now=now, seconds=LEASE_SECONDS):
        return LONGEST_WAIT_SECONDS
    waits = [LONGEST_WAIT_SECONDS]
    for line in PERIODIC:
        started_at = _last_start(session, line, now)
        due_at = started_at + timedelta(seconds=line.every_seconds) if started_at else now
        if due_at <= now:
            _start(session, line, now)
            due_at = now + timedelta(seconds=line.every_seconds)
        waits.append((due_at - now).total_seconds())
    return max(SHORTEST_WAIT_SECONDS, min(waits))


def _last_start(session: Session, line: Periodic, now: datetime) -> datetime | None:
    """Return when the line ran last; a time in the future, left by a clock that was wrong, counts as never."""
    row = session.get(PeriodicRun, line.job)
    return None if row is None or row.last_started_at > now else row.last_started_at


def _start(session: Session, line: Periodic, now: datetime) -> None:
    statement = insert_of(session, PeriodicRun).values(name=line.job, last_started_at=now)
    session.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"last_started_at": now}))
    jobs.ring(session, line.job, queue=line.queue)


def _let_go(holder: str) -> None:
    """Give the lease back, so that the next scheduler need not wait for its end."""
    try:
        with unit_of_work() as session:
            leases.release(session, name="schedule", holder=holder)
    except DBAPIError as error:
        log.warning("schedule.database_away", error=str(error.orig))
