"""The round that looks for forgotten timers, a transaction for each."""

from collections.abc import Callable
from datetime import datetime

from helpdesk.infra.db import UnitOfWork
from helpdesk.timekeeping import service


def ask_forgotten(unit_of_work: UnitOfWork, *, clock: Callable[[], datetime]) -> int:
    """Let every timer ask that seems forgotten, tell its person once, and return how many did (rule 1)."""
    with unit_of_work() as session:
        people = service.forgotten(session, now=clock())
    asked = 0
    for person_id in people:
        with unit_of_work() as session:
            asked += service.ask_about(session, person_id=person_id, now=clock()) is not None
    return asked
