"""Work of several transactions: mail to everybody whose notices wait for one."""

from collections.abc import Callable
from datetime import datetime

from helpdesk.infra.db import UnitOfWork
from helpdesk.notices import mailing
from helpdesk.notices.mailing import SeenBy

Clock = Callable[[], datetime]


def mail_due(unit_of_work: UnitOfWork, *, clock: Clock, seen_by: SeenBy) -> int:
    """Write what is due, a transaction for each person, and return how many mails that are. Safe to run again."""
    with unit_of_work() as session:
        people = mailing.who_is_due(session, now=clock())
    count = 0
    for person_id in people:
        with unit_of_work() as session:
            count += mailing.mail_person(session, person_id=person_id, now=clock(), seen_by=seen_by)
    return count
