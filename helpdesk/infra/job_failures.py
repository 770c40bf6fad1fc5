"""Jobs that raised: noted by the worker, seen by an administrator, rung again by hand."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.infra import audit, jobs
from helpdesk.infra.models import JobFailure
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import Conflict, NotFound

PAGE = 50
ERROR_CHARACTERS = 500
TRACEBACK_CHARACTERS = 20_000


def note(
    session: Session, *, job: str, args: Sequence[jobs.Argument], queue: str, error: str, traceback: str, now: datetime
) -> JobFailure:
    """Add the row of a job that raised; long texts are cut, a traceback at its beginning."""
    row = JobFailure(
        job=job,
        args=list(args),
        queue=queue,
        failed_at=now,
        error=error[:ERROR_CHARACTERS],
        traceback=traceback[-TRACEBACK_CHARACTERS:],
    )
    session.add(row)
    session.flush()
    return row


def newest(session: Session, *, before: int | None = None, limit: int = PAGE) -> list[JobFailure]:
    """Return one page of failures, newest first, those with an id below ``before``; one more tells of a next page."""
    query = select(JobFailure).order_by(JobFailure.id.desc()).limit(limit + 1)
    return list(session.scalars(query if before is None else query.where(JobFailure.id < before)))


def retry(session: Session, *, actor: Actor, now: datetime, failure_id: int) -> JobFailure:
    """Ring the job's bell again and close the failure; if it fails once more, that is a new row.

    Raises:
        NotFound: there is no such failure.
        Conflict: it was rung again before.
    """
    row = session.get(JobFailure, failure_id, with_for_update=True)
    if row is None:
        message = "There is no such job."
        raise NotFound(message)
    if row.resolved_at is not None:
        message = "This job was started again already."
        raise Conflict(message)
    row.resolved_at, row.resolved_by_id = now, actor.person_id
    jobs.ring(session, row.job, *row.args, queue=row.queue)
    session.flush()
    audit.record(session, actor=actor, action="retried", kind="job", object_id=row.id, now=now, job=row.job)
    return row
