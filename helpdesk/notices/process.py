"""Work of several transactions: mail and pushes to everybody who waits for one."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from helpdesk.infra.db import UnitOfWork
from helpdesk.infra.outside import Said
from helpdesk.kernel.errors import ExternalFailure
from helpdesk.notices import mailing, pushing
from helpdesk.notices.mailing import SeenBy
from helpdesk.notices.pushing import Parcel

Clock = Callable[[], datetime]
SECONDS = 5.0


class Send(Protocol):
    """Posts to an address of a stranger's: :func:`helpdesk.infra.outside.send`."""

    def __call__(self, url: str, content: bytes, *, headers: dict[str, str], seconds: float) -> Said:
        """Return what was answered."""


def mail_due(unit_of_work: UnitOfWork, *, clock: Clock, seen_by: SeenBy) -> int:
    """Write what is due, a transaction for each person, and return how many mails that are. Safe to run again."""
    with unit_of_work() as session:
        people = mailing.who_is_due(session, now=clock())
    count = 0
    for person_id in people:
        with unit_of_work() as session:
            count += mailing.mail_person(session, person_id=person_id, now=clock(), seen_by=seen_by)
    return count


def push_due(
    unit_of_work: UnitOfWork, *, clock: Clock, seen_by: SeenBy, send: Send, is_over: Callable[[], bool]
) -> bool:
    """Send what is due to browsers: claim, send, record. Return whether something is left. Safe to run again."""
    is_left = True
    while is_left and not is_over():
        with unit_of_work() as session:
            parcels, is_left = pushing.claim(session, now=clock(), seen_by=seen_by)
        for parcel in parcels:
            said = _sent(parcel, send)
            status, again_after = (None, None) if said is None else (said.status, said.again_after_seconds)
            with unit_of_work() as session:
                pushing.record(session, parcel=parcel, status=status, again_after=again_after, now=clock())
    return is_left


def _sent(parcel: Parcel, send: Send) -> Said | None:
    try:
        return send(parcel.endpoint, parcel.content, headers=parcel.headers, seconds=SECONDS)
    except ExternalFailure:
        return None
