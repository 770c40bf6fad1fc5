"""Asking batch by batch, a transaction each (docs/satisfaction.md rule 3)."""

from helpdesk.infra.clock import Clock
from helpdesk.infra.db import UnitOfWork
from helpdesk.satisfaction import service


def ask_due(unit_of_work: UnitOfWork, *, clock: Clock) -> None:
    """Ask about all tickets whose time has come. Safe to run again, and to be killed: each stretch is asked once."""
    is_left = True
    while is_left:
        with unit_of_work() as session:
            is_left = service.ask_due(session, now=clock()) > 0
