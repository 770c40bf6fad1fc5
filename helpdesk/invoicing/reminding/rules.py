"""What is set about reminders: the levels, and whether they go out by themselves (rule M1)."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from helpdesk.company import service as company
from helpdesk.company.domain import check_percent
from helpdesk.infra import audit
from helpdesk.infra.ahead import models_of
from helpdesk.infra.db import forget, once
from helpdesk.infra.policy import Actor
from helpdesk.invoicing import queries
from helpdesk.invoicing.domain.reminding import STANDARD, Level, levels_of
from helpdesk.invoicing.reminding.models import ReminderException, ReminderLevel, ReminderSettings
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.money import Money


@dataclass(frozen=True)
class Rules:
    """The levels in their order, and whether reminders go out by themselves."""

    levels: Sequence[Level]
    automatic: bool
    fees: Mapping[int, str] = field(default_factory=dict)
    yearly_percent: str = ""
    interest_on_net: bool = False


def rules_of(session: Session) -> Rules:
    """Return what is set; before anybody has set anything the standard levels, and none goes out by itself."""
    return once(session, "reminder rules", read=lambda: _read(session))


def _read(session: Session) -> Rules:
    levels_asked, settings_asked = questions()
    rows = models_of(session, levels_asked)
    levels = [Level(row.number, row.days) for row in rows] or list(STANDARD)
    settings = next(iter(models_of(session, settings_asked)), None)
    if settings is None:
        return Rules(levels, automatic=False)
    fees = {row.number: row.fee for row in rows if row.fee}
    return Rules(levels, settings.automatic, fees, settings.yearly_percent, settings.interest_on_net)


def questions() -> tuple[Select[ReminderLevel], Select[ReminderSettings]]:
    """Return the questions of `rules_of`, for the levels and for what is set of all, to be asked ahead."""
    levels = select(ReminderLevel).order_by(ReminderLevel.number)
    return levels, select(ReminderSettings).where(ReminderSettings.id == 1)


def set_rules(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    days: Sequence[int | None],
    automatic: bool,
    fees: Sequence[str] = (),
    yearly_percent: str = "",
    interest_on_net: bool = False,
) -> Rules:
    """Say how many days after the due day each level goes out, and whether they go out by themselves.

    ``fees`` are late fees in our own currency, one for each place of ``days``; with ``yearly_percent`` interest is
    proposed on what is late, on the net of it where ``interest_on_net``. Empty is none (rule M2).

    What went out stays; texts of a level that is gone wait for its return.

    Raises:
        RuleViolation: the days make no levels, or a fee or percentage is none; ``field`` says which.
    """
    forget(session, "reminder rules")
    levels = levels_of(days)
    charged = _fees(session, days, fees)
    with _beside("yearly_percent"):
        check_percent(yearly_percent or "0")
    settings = session.get(ReminderSettings, 1)
    if settings is None:
        settings = ReminderSettings(id=1)
        session.add(settings)
    settings.automatic, settings.yearly_percent = automatic, yearly_percent
    settings.interest_on_net = interest_on_net
    session.execute(delete(ReminderLevel))
    session.add_all(
        ReminderLevel(number=level.number, days=level.days, fee=fee) for level, fee in zip(levels, charged, strict=True)
    )
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="reminders set",
        kind="company",
        object_id=1,
        now=now,
        days=[level.days for level in levels],
        automatic=automatic,
        fees=charged,
        yearly_percent=yearly_percent,
    )
    return rules_of(session)


def _fees(session: Session, days: Sequence[int | None], fees: Sequence[str]) -> list[str]:
    """Return the late fee of each level: of the places that have days."""
    currency = company.get_company(session).currency
    for place, fee in enumerate(fees, start=1):
        with _beside(f"fee_{place}"):
            if fee and Money.parse(fee, currency).minor <= 0:
                message = "A late fee is above zero; leave it empty where there is none."
                raise RuleViolation(message)
    given = [*fees, *[""] * (len(days) - len(fees))]
    return [fee for day, fee in zip(days, given, strict=True) if day is not None]


@contextmanager
def _beside(field_name: str) -> Iterator[None]:
    """Let a refusal name the field that it is about."""
    try:
        yield
    except RuleViolation as refusal:
        raise RuleViolation(str(refusal), field=field_name) from refusal


def goes_by_itself(session: Session, *, client_id: int) -> bool:
    """Whether reminders may go to this client without anybody's act, where the company lets them."""
    return not models_of(session, exception_asked(client_id))


def exception_asked(client_id: int) -> Select[ReminderException]:
    """Return the question of `goes_by_itself`, to be asked together with others."""
    return select(ReminderException).where(ReminderException.client_id == client_id)


def let_go_by_itself(session: Session, *, actor: Actor, now: datetime, client_id: int, allowed: bool) -> None:
    """Say whether reminders may go to this client by themselves; a repeat changes nothing.

    Raises:
        NotFound: no such client for this actor.
    """
    queries.lock_client(session, actor=actor, client_id=client_id)
    exception = session.get(ReminderException, client_id)
    if (exception is None) == allowed:
        return
    if exception is None:
        session.add(ReminderException(client_id=client_id, since=now))
    else:
        session.delete(exception)
    session.flush()
    audit.record(
        session, actor=actor, action="reminders set", kind="client", object_id=client_id, now=now, by_itself=allowed
    )
