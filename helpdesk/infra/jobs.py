"""Jobs by dotted name. The database row is the truth, the queue is only the doorbell.

A service notes the bell on its session with :func:`ring`; the unit of work rings it after the commit. Where
Redis is away nothing is lost: the sweeper (``workers/schedule.py``) rings again for rows that nobody finished.
"""

import time
from dataclasses import dataclass
from typing import cast

import redis
import structlog
from flask import current_app
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy.orm import Session

log = structlog.get_logger()

QUEUES = ("high", "mail", "default")
LIVE_CHANNEL = "helpdesk:live"
JOB_SECONDS = 600
CROWD = 100
CONNECT_SECONDS = 2.0
ANSWER_SECONDS = 2.0
KNOCK_PAUSE_SECONDS = 30.0
Argument = int | str


@dataclass(frozen=True)
class Bell:
    """One job to enqueue: dotted name of the function in ``workers.jobs``, its primitive arguments, its queue."""

    job: str
    args: tuple[Argument, ...]
    queue: str


def ring(session: Session, job: str, *args: Argument, queue: str = "default") -> None:
    """Note that ``workers.jobs.<job>`` is to run with ``args`` once this session's work is committed."""
    bells: list[Bell] = session.info.setdefault("bells", [])
    bell = Bell(job, args, queue)
    if bell not in bells:
        bells.append(bell)


def enqueue_rung(session: Session) -> None:
    """Enqueue what was rung on ``session``. A queue that cannot be reached is logged, never raised.

    Where it fails once the rest is left to the sweeper: whoever waits for us would pay for each bell anew.
    """
    knocks = session.info.pop("knocks", False)
    for bell in session.info.pop("bells", []):
        if not enqueue(bell):
            return
    if knocks:
        knock()


def knock_later(session: Session) -> None:
    """Note that the event process is to look at its table once this session's work is committed."""
    session.info["knocks"] = True


def knock() -> None:
    """Tell the event process to look now; it looks every second anyway, so a broker that is away is left alone.

    For half a minute after a failure nobody knocks: whoever starts a timer does not wait for a silent broker.
    """
    broken_at = current_app.extensions.get("helpdesk.knock_broken_at")
    if broken_at is not None and time.monotonic() < broken_at + KNOCK_PAUSE_SECONDS:
        return
    try:
        connection().publish(LIVE_CHANNEL, "")
    except redis.exceptions.RedisError as error:
        log.warning("doorbell.unreachable", job="live", error=str(error))
        current_app.extensions["helpdesk.knock_broken_at"] = time.monotonic()


def enqueue(bell: Bell) -> bool:
    """Put one job on its queue; return whether Redis took it."""
    try:
        queue = Queue(bell.queue, connection=connection(), serializer=JSONSerializer)
        queue.enqueue_call(
            f"workers.jobs.{bell.job}", args=bell.args, timeout=JOB_SECONDS, result_ttl=0, failure_ttl=3600
        )
    except redis.exceptions.RedisError as error:
        log.warning("doorbell.unreachable", job=bell.job, error=str(error))
        return False
    return True


def is_crowded(queue: str) -> bool:
    """Return whether so many bells wait that sweepers need not ring again: each would add to what workers are behind.

    False where the broker is away.
    """
    try:
        return Queue(queue, connection=connection(), serializer=JSONSerializer).count >= CROWD
    except redis.exceptions.RedisError:
        return False


def connection() -> redis.Redis:
    """Return the connection to the broker of this application, made on first use.

    Raises:
        redis.exceptions.ConnectionError: none is named; a command beside the embedded one leaves bells to the sweeper.
    """
    if "helpdesk.redis" not in current_app.extensions:
        if not current_app.config["REDIS_URL"]:
            message = "no broker is named"
            raise redis.exceptions.ConnectionError(message)
        current_app.extensions["helpdesk.redis"] = connect(current_app.config["REDIS_URL"])
    return cast("redis.Redis", current_app.extensions["helpdesk.redis"])


def connect(url: str) -> redis.Redis:
    """Return a client for the broker at ``url`` that gives up within seconds, on silence too.

    One that went away is tried once more, since it may have been started anew; one that is silent is not.
    """
    return redis.Redis.from_url(
        url,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 1, supported_errors=(redis.exceptions.ConnectionError,)),
    )
