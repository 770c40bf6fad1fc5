"""Alerts of retainers: found once for each threshold of a month or quarter, mailed and shown (rule 14)."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from helpdesk.accounts.models import Person
from helpdesk.clients.models import Client
from helpdesk.infra import audit
from helpdesk.infra.ahead import models_of
from helpdesk.infra.db import UnitOfWork, insert_of
from helpdesk.infra.i18n import SOURCE_LANGUAGE
from helpdesk.infra.policy import SYSTEM, Actor
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.periods import Month, local_day, local_month
from helpdesk.notices import service as notices
from helpdesk.notices.service import News
from helpdesk.outbox import service as outbox
from helpdesk.outbox.domain import Address
from helpdesk.retainers import letters, queries
from helpdesk.retainers.books import MonthView, Shelf
from helpdesk.retainers.models import THRESHOLDS, Agreement, RetainerAlert
from helpdesk.retainers.service import asking

FORECAST = "forecast"
ALL = 100
MANAGER, CLIENT = "manager", "client"
KIND = "retainer"
"""Of notices (docs/notifications.md rule 8)."""


@dataclass(frozen=True)
class Reader:
    """Who is told: the account manager or the client, at an address, in a language."""

    kind: str
    address: Address
    language: str


def watch(unit_of_work: UnitOfWork, *, clock: Callable[[], datetime]) -> int:
    """Look after all months that run or wait to be closed, tell what is new, and return how much that was.

    A transaction for each client. Safe to run again and beside itself: what was found before is left alone.
    """
    with unit_of_work() as session:
        client_ids = _watched(session, clock())
    count = 0
    for client_id in client_ids:
        with unit_of_work() as session:
            count += watch_client(session, client_id=client_id, now=clock())
    return count


def watch_client(session: Session, *, client_id: int, now: datetime) -> int:
    """Look after the months of one client's agreements, tell and ask what is new, and return how much that was."""
    earliest = local_month(now, ZoneInfo("UTC")).previous.previous  # of those that run or wait, in any zone
    shelf = queries.shelf_of(session, client_ids=[client_id], with_rates=False, month=earliest, now=now)
    agreements = shelf.agreements.get(client_id, ())
    known = told(session, [agreement.id for agreement in agreements])
    count = 0
    for agreement in agreements:
        for month in _open_months(agreement, shelf, now):
            view = shelf.month_view(agreement, month=month, now=now)
            if view is not None:
                before = {alert.threshold for alert in known.get((agreement.id, view.span.first), ())}
                count += _alert(session, view, before, now)
                count += asking.ask_by_itself(session, view, now=now)
    return count


def told(session: Session, agreement_ids: Iterable[int]) -> dict[tuple[int, Month], list[RetainerAlert]]:
    """Return by agreement and month, of a quarter its first, what was found, as it was found."""
    found: dict[tuple[int, Month], list[RetainerAlert]] = defaultdict(list)
    for alert in models_of(session, told_asked(agreement_ids)):
        found[alert.agreement_id, Month.of(alert.month)].append(alert)
    return found


def told_asked(agreement_ids: Iterable[int]) -> Select[RetainerAlert]:
    """Return the question of `told`, to be asked together with others."""
    query = select(RetainerAlert).where(RetainerAlert.agreement_id.in_(tuple(agreement_ids)))
    return query.order_by(RetainerAlert.found_at, RetainerAlert.id)


def set_alerts(
    session: Session, *, actor: Actor, now: datetime, agreement_id: int, thresholds: Collection[str], tell_client: bool
) -> Agreement:
    """Say of which thresholds an agreement tells, and whether its client is told, too.

    What was told stays told; a threshold that was off and is reached already is told by the next look.

    Raises:
        NotFound: no such agreement, or not for this actor.
        RuleViolation: a threshold that there is not, or a client without an address to tell.
    """
    agreement = queries.get_agreement(session, actor=actor, agreement_id=agreement_id)
    unknown = sorted(set(thresholds) - set(THRESHOLDS))
    if unknown:
        message = f"There is no threshold {unknown[0]}; there are {', '.join(THRESHOLDS)}."
        raise RuleViolation(message)
    if tell_client and not agreement.client.invoice_email:
        message = f"{agreement.client.name} has no address for invoices; add one to the client first."
        raise RuleViolation(message)
    agreement.alert_thresholds = [each for each in THRESHOLDS if each in thresholds]
    agreement.alerts_client = tell_client
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="alerts set",
        kind="agreement",
        object_id=agreement.id,
        now=now,
        thresholds=agreement.alert_thresholds,
        tell_client=tell_client,
    )
    return agreement


def reached(view: MonthView, *, is_running: bool) -> dict[str, int]:
    """Return the thresholds that a month or its quarter has come to, the gravest last, with the burn that came to them.

    One without any hours has none. Only of a month that runs there is a forecast, and none once it is used up.
    """
    statement = view.statement
    if not (statement.granted_seconds or statement.topped_up_seconds or statement.carried_in_seconds):
        return {}
    found = {}
    if is_running and statement.forecast is not None and statement.may_exceed and statement.used_percent < ALL:
        found[FORECAST] = statement.forecast.expected_seconds
    found |= dict.fromkeys(map(str, statement.crossed), statement.burned_seconds)
    return found


def _watched(session: Session, now: datetime) -> Sequence[int]:
    """Return the clients with an agreement that runs, or that ended within the last two months."""
    since = local_month(now, ZoneInfo("UTC")).previous.previous.first_day
    query = (
        select(Agreement.client_id)
        .join(Agreement.client)
        .where(Client.archived_at.is_(None), or_(Agreement.ends_on.is_(None), Agreement.ends_on >= since))
    )
    return session.scalars(query.distinct().order_by(Agreement.client_id)).all()


def _open_months(agreement: Agreement, shelf: Shelf, now: datetime) -> list[Month]:
    """Return the month that runs and the one before, where they are open; what is older is no news."""
    this = local_month(now, ZoneInfo(agreement.time_zone))
    closed = shelf.closed.get(agreement.id, {})
    months = queries.months_of(agreement, through=this)
    return [month for month in months if month >= this.previous and month not in closed]


def _alert(session: Session, view: MonthView, before: Collection[str], now: datetime) -> int:
    """Keep and tell what is new of a month or its quarter, one mail a reader; return how many thresholds that were."""
    today = local_day(now, ZoneInfo(view.agreement.time_zone))
    wanted = {
        threshold: seconds
        for threshold, seconds in reached(view, is_running=today <= view.month.last_day).items()
        if threshold in view.agreement.alert_thresholds and threshold not in before
    }
    if not wanted:
        return 0
    readers = _readers(session, view.agreement)
    new = [each for each in wanted if _note(session, view, each, wanted[each], readers, now)]
    if new:
        _notice(session, view, new, now)
        for reader in readers:
            _tell(session, view, new, reader, now)
    return len(new)


def _note(
    session: Session, view: MonthView, threshold: str, seconds: int, readers: Sequence[Reader], now: datetime
) -> bool:
    """Keep one alert; False where it was kept before, by whomever."""
    values = {
        "agreement_id": view.agreement.id,
        "month": view.span.first.first_day,
        "threshold": threshold,
        "allowance_seconds": view.statement.allowance_seconds,
        "reached_seconds": seconds,
    }
    to = [reader.kind for reader in readers]
    statement = insert_of(session, RetainerAlert).values(**values, told=to, found_at=now).on_conflict_do_nothing()
    if session.scalar(statement.returning(RetainerAlert.id)) is None:
        return False
    audit.record(
        session,
        actor=SYSTEM,
        action="retainer alert",
        kind="agreement",
        object_id=view.agreement.id,
        now=now,
        month=str(view.month),
        threshold=threshold,
        told=to,
    )
    return True


def _readers(session: Session, agreement: Agreement) -> list[Reader]:
    """Return who is told: nobody without a mailbox, no manager who wants no mail, no client without an address."""
    if outbox.default_mailbox(session) is None:
        return []
    client, readers = agreement.client, []
    manager = session.get(Person, client.account_manager_id) if client.account_manager_id else None
    if manager is not None and notices.wants_mail(session, manager, KIND):
        readers.append(Reader(MANAGER, Address(manager.name, manager.email), manager.language))
    if agreement.alerts_client and client.invoice_email:
        name = client.legal_name or client.name
        readers.append(Reader(CLIENT, Address(name, client.invoice_email), client.language))
    return readers


def _notice(session: Session, view: MonthView, thresholds: Sequence[str], now: datetime) -> None:
    """Put it into the list of the account manager, whose mail is a letter of its own."""
    manager_id = view.agreement.client.account_manager_id
    if manager_id is None:
        return
    letter = letters.to_manager(session, view, level=_level(thresholds), language=SOURCE_LANGUAGE)
    news = News(
        kind=KIND,
        key=f"retainer:{view.agreement.id}:{view.span.first}:{'+'.join(thresholds)}",
        title=letter.subject,
        path=f"/retainers/{view.agreement.id}?month={view.month}",
    )
    notices.tell(session, actor=SYSTEM, now=now, news=news, person_ids=[manager_id], has_letter=True)


def _level(thresholds: Sequence[str]) -> str | None:
    """Return the percent that was reached last, None for a mere forecast."""
    return next((each for each in reversed(thresholds) if each != FORECAST), None)


def _tell(session: Session, view: MonthView, thresholds: Sequence[str], reader: Reader, now: datetime) -> None:
    mailbox = outbox.default_mailbox(session)
    if mailbox is None:
        return
    write = letters.to_manager if reader.kind == MANAGER else letters.to_client
    letter = write(session, view, level=_level(thresholds), language=reader.language)
    outbox.queue(
        session,
        now=now,
        mailbox_id=mailbox.id,
        idempotency_key=f"retainer:{view.agreement.id}:{view.span.first}:{'+'.join(thresholds)}:{reader.kind}",
        purpose="notification",
        about=("agreement", view.agreement.id),
        to=[reader.address],
        subject=letter.subject,
        text=letter.text,
        automatic=True,
    )
