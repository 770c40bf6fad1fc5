"""How a mailbox fares, as rows that its page and the alarms show (docs/mail.md rules 5, 12 and 40)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import func, update
from sqlalchemy.orm import Session

from helpdesk.intake import queries
from helpdesk.intake.domain.health import Alarm, Probe, Vitals, alarms_of, probe_of
from helpdesk.intake.models import IntakeSource
from helpdesk.outbox.diagnosis import Step

MISSING_SHOWN = 500


def vitals_of(source: IntakeSource) -> Vitals:
    """Return what is known of how the mailbox fares."""
    grant = source.mailbox.grant
    return Vitals(
        active=source.active,
        begun_at=source.renewed_at or source.mailbox.created_at,
        last_poll_at=source.last_poll_at,
        failing_since=source.failing_since,
        idle_since=source.idle_since,
        last_error=source.last_error,
        missing=len(source.missing_uids),
        failed_refreshes=grant.failed_refreshes if grant is not None else 0,
        token_error=grant.last_error if grant is not None else "",
    )


def alarms(rows: Iterable[Any], *, now: datetime) -> list[tuple[int, str, Alarm]]:
    """Return what administrators must hear of, as id of the mailbox, address and alarm.

    ``rows`` are what ``queries.vitals_asked`` gives.
    """
    return [
        (row.id, row.address, alarm)
        for row in rows
        for alarm in alarms_of(
            Vitals(
                active=row.active,
                begun_at=row.renewed_at or row.created_at,
                last_poll_at=row.last_poll_at,
                failing_since=row.failing_since,
                idle_since=row.idle_since,
                last_error=row.last_error,
                missing=len(row.missing_uids),
                failed_refreshes=row.failed_refreshes,
                token_error=row.token_error,
            ),
            now,
        )
    ]


def record_poll(session: Session, *, source_id: int, now: datetime, trouble: str = "") -> None:
    """Note that the mailbox was read to its end just now; ``trouble`` is what the server refused on the side.

    A mail to a plus address that did not arrive in ten minutes of good polls never will: from now on replies ask for
    answers to the plain address (rule 15).
    """
    source = queries.get_source(session, source_id)
    source.last_poll_at, source.last_error, source.failing_since, source.backlog_count = now, trouble, None, 0
    if probe_of(sent_at=source.probe_sent_at, arrived_at=source.probe_arrived_at, now=now) is Probe.LOST:
        source.mailbox.plus_addresses = False
    session.flush()


def record_backlog(session: Session, *, source_id: int, count: int) -> None:
    """Note how many messages wait on the server beyond the cursor."""
    session.execute(update(IntakeSource).where(IntakeSource.id == source_id).values(backlog_count=count))


def record_idle(session: Session, *, source_id: int, since: datetime | None) -> None:
    """Note since when the server tells us of new mail by itself; None when it does not."""
    session.execute(update(IntakeSource).where(IntakeSource.id == source_id).values(idle_since=since))


def record_trouble(session: Session, *, source_id: int, error: str, now: datetime) -> None:
    """Note why the last attempt failed, and since when they do; the next good poll clears it."""
    session.execute(
        update(IntakeSource)
        .where(IntakeSource.id == source_id)
        .values(last_error=error, idle_since=None, failing_since=func.coalesce(IntakeSource.failing_since, now))
    )


def record_test(session: Session, *, source_id: int, steps: Iterable[Step], now: datetime) -> None:
    """Keep the report of the mailbox's test."""
    source = queries.get_source(session, source_id)
    source.tested_at, source.test_report = now, [step.as_json() for step in steps]
    session.flush()


def forget_probe(session: Session, *, source_id: int) -> None:
    """Note that the mail to a plus address never left."""
    source = queries.get_source(session, source_id)
    source.probe_sent_at = source.probe_arrived_at = None
    session.flush()


def record_reconciliation(session: Session, *, source_id: int, missing_uids: Iterable[int], now: datetime) -> None:
    """Note what the comparison with the server found: the UIDs that it has and we could not get (rule 5)."""
    source = queries.get_source(session, source_id)
    source.reconciled_at, source.missing_uids = now, sorted(missing_uids)[:MISSING_SHOWN]
    session.flush()
