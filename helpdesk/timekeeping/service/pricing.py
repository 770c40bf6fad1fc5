"""What an entry is approved with: billable seconds, rate, the reason, cost (docs/billing.md rules 1, 4 to 7)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

from sqlalchemy import Select, select, union_all
from sqlalchemy.orm import Session, aliased

from helpdesk.clients.models import Client
from helpdesk.infra.ahead import Question, all_of
from helpdesk.infra.sql import among_those
from helpdesk.kernel.durations import HOUR, largest_remainder
from helpdesk.kernel.money import Money
from helpdesk.projects.models import Project, WorkItem
from helpdesk.rates import queries as rate_queries
from helpdesk.rates import service as rates
from helpdesk.rates.domain import (
    RateCard,
    RateHit,
    RateMissing,
    RateQuestion,
    RoundingPolicy,
    RoundingScope,
    find_rate,
)
from helpdesk.rates.models import RoundingPolicyRow
from helpdesk.timekeeping.charging import APPROVED
from helpdesk.timekeeping.models import SUBMITTED, TimeEntry
from helpdesk.timekeeping.queries import entries as queries

NOT_BILLED = {"not_billable": "not billable", "no_charge": "no charge"}


@dataclass
class PriceList:
    """Prices and rounding rules looked up once for each question that entries of one call have in common."""

    session: Session
    _prices: dict[tuple[object, ...], RateHit | RateMissing] = field(default_factory=dict)
    _cards: dict[tuple[int, str], list[RateCard]] = field(default_factory=dict)
    _answers: dict[RateQuestion, RateHit | RateMissing] = field(default_factory=dict)
    _rounding: dict[tuple[int, int, int | None, date], RoundingPolicyRow | None] = field(default_factory=dict)
    _rules: rates.RoundingRules | None = None
    _costs: dict[tuple[int, date], Money | None] = field(default_factory=dict)

    def price(self, entry: TimeEntry) -> RateHit | RateMissing:
        """Return the rate at the start of the work, on the local day of the contract's zone (rule 5)."""
        client, on = queries.client_of(entry), queries.day_of(entry)
        key = (entry.work_item.project_id, entry.person_id, entry.work_type_id, on)
        if key not in self._prices:
            self._prices[key] = rates.find_price(
                self.session,
                client_id=client.id,
                project_id=entry.work_item.project_id,
                person_id=entry.person_id,
                work_type_id=entry.work_type_id,
                currency=client.currency,
                on=on,
            )
        return self._prices[key]

    def foresee(self, entries: Iterable[TimeEntry]) -> None:
        """Read at once what `preview` needs to know of all the clients of these entries."""
        clients = {(client.id, client.currency) for client in map(queries.client_of, entries)}
        wanted, known = clients - self._cards.keys(), all_of(self.session, _waiting_asked())
        if known:
            waits = {row.client_id for row in known["clients"]}
            self._cards |= rate_queries.cards_among(known["cards"], {each for each in wanted if each[0] in waits})
        self._cards |= rate_queries.cards_of(self.session, wanted - self._cards.keys())

    def preview(self, entry: TimeEntry) -> RateHit | RateMissing:
        """Return what `price` would, by one query a client however many entries: for lists, not for approval."""
        return self.in_project(entry, entry.work_item.project, on=queries.day_of(entry))

    def in_project(self, entry: TimeEntry, project: Project, *, on: date) -> RateHit | RateMissing:
        """Return the price that an entry would have if its item belonged to ``project``, as `preview` does."""
        client = project.client
        key = (client.id, client.currency)
        if key not in self._cards:
            self._cards |= rate_queries.cards_of(self.session, [key])
        question = RateQuestion(
            worked_on=on,
            currency=client.currency,
            project=str(project.id),
            client=str(client.id),
            person=str(entry.person_id),
            work_type=str(entry.work_type_id) if entry.work_type_id else None,
        )
        if question not in self._answers:
            self._answers[question] = find_rate(self._cards[key], question)
        return self._answers[question]

    def rounding(self, entry: TimeEntry) -> RoundingPolicyRow | None:
        """Return the rounding policy of the work's agreement or client on its day; None where nobody set one."""
        key = (queries.client_of(entry).id, entry.work_item.project_id, entry.work_type_id, queries.day_of(entry))
        if self._rules is None:
            self._rules = rates.RoundingRules(self.session)
        if key not in self._rounding:
            client_id, project_id, work_type_id, on = key
            self._rounding[key] = self._rules.of(
                client_id=client_id, project_id=project_id, work_type_id=work_type_id, on=on
            )
        return self._rounding[key]

    def cost(self, entry: TimeEntry) -> Money | None:
        """Return what an hour of the person costs us; None where nobody said."""
        key = (entry.person_id, queries.day_of(entry))
        if key not in self._costs:
            row = rates.cost_of(self.session, person_id=key[0], on=key[1])
            self._costs[key] = Money(row.amount_minor, row.currency) if row else None
        return self._costs[key]


def freeze(session: Session, entries: list[TimeEntry]) -> None:
    """Write into ``entries``, which have just become approved, what they bill and why.

    Where the rounding covers a day or a ticket, the seconds are the entry's own, rounded by themselves, until the
    close gives the group its result. Where no rate is found the rate stays empty and the reason says what is
    missing (rule 6).
    """
    prices = PriceList(session)
    seconds = round_entries(session, entries, prices)
    for entry in entries:
        policy = prices.rounding(entry)
        entry.rounding_policy_id = policy.id if policy else None
        entry.billable_seconds = seconds[entry.id]
        entry.returned_because = ""
        cost = prices.cost(entry)
        entry.cost_rate_minor, entry.cost_rate_currency = (cost.minor, cost.currency) if cost else (None, None)
        write_rate(entry, prices)


def round_entries(session: Session, entries: list[TimeEntry], prices: PriceList) -> dict[int, int]:
    """Return the billable seconds of each entry; a chain of resumed timers is rounded once (rule 1).

    What was approved earlier keeps its seconds; the rest of the chain gets what the whole bills beyond them.
    """
    together = chains(session, entries)
    bills: dict[int, int] = {}
    for entry in entries:
        chain = together[entry.id]
        if entry.billable != "billable":
            bills[entry.id] = 0
        elif len(chain) == 1 or rates.policy_of(prices.rounding(entry)).scope is not RoundingScope.ENTRY:
            bills[entry.id] = rates.policy_of(prices.rounding(entry)).billable_seconds(_length(entry))
        elif entry.id not in bills:
            bills.update(_share(chain, {new.id for new in entries}, rates.policy_of(prices.rounding(chain[0]))))
    return bills


def value_minor(billable_seconds: int, rate_minor: int, currency: str) -> int:
    """Return what so many seconds are worth at a price per hour, to the minor unit: 2700 s at 100.00 -> 75.00."""
    return Money(rate_minor, currency).times(Fraction(billable_seconds, HOUR)).minor


def write_rate(entry: TimeEntry, prices: PriceList) -> bool:
    """Write into an approved entry its price of an hour and why, or what is missing (rule 6); whether it has one."""
    entry.rate_minor = entry.rate_currency = None
    if entry.billable in NOT_BILLED:
        entry.rate_reason = NOT_BILLED[entry.billable]
        return False
    found = prices.price(entry)
    entry.rate_reason = found.reason
    if isinstance(found, RateHit):
        entry.rate_minor = Money.rounded(found.amount, found.currency).minor
        entry.rate_currency = found.currency
    return isinstance(found, RateHit)


def _share(chain: list[TimeEntry], new: set[int], policy: RoundingPolicy) -> dict[int, int]:
    fresh = [entry for entry in chain if entry.id in new]
    settled = sum(entry.billable_seconds or 0 for entry in chain if entry.id not in new)
    left = max(0, policy.billable_seconds(sum(map(_length, chain))) - settled)
    lengths = [_length(entry) for entry in fresh]
    shares = largest_remainder(left, lengths) if any(lengths) else [0] * len(fresh)
    return {entry.id: share for entry, share in zip(fresh, shares, strict=True)}


def questions() -> list[Question]:
    """Return what the prices of all time that waits for approval are made of, to be asked ahead."""
    return list(_waiting_asked().values())


def _waiting_asked() -> dict[str, Select[Any]]:
    """Return the questions whose time waits, and for the rates that these clients can have."""
    waits = select(Project.client_id).join(WorkItem, WorkItem.project_id == Project.id)
    waits = waits.join(TimeEntry, TimeEntry.work_item_id == WorkItem.id).where(SUBMITTED).distinct()
    currencies = select(Client.currency).where(Client.id.in_(waits))
    return {"clients": waits, "cards": rate_queries.cards_asked(waits, currencies)}


def chains(session: Session, entries: list[TimeEntry]) -> dict[int, list[TimeEntry]]:
    """Return, for each entry, the billable and approved ones among those that resumed each other, by start.

    ``entries`` count as approved. The others of all their chains are one query, most often of none.
    """
    known = {entry.id: entry for entry in entries}
    others = queries.with_work().where(
        among_those(TimeEntry.id, _linked(known), dialect=session.get_bind().dialect.name),
        TimeEntry.id.not_in(known),
    )
    for entry in session.scalars(others):
        known[entry.id] = entry
    return _grouped(known, {entry.id for entry in entries})


def _linked(known: dict[int, TimeEntry]) -> Select[int]:
    """Return the query of the ids in the chains of what stands beside the known ones: up to their starts, and down."""
    before, each, after = aliased(TimeEntry), aliased(TimeEntry), aliased(TimeEntry)
    resumed = [entry.resumes_id for entry in known.values() if entry.resumes_id is not None]
    beside = union_all(  # each half by its own index
        select(each.id, each.resumes_id).where(each.id.in_(resumed)),
        select(each.id, each.resumes_id).where(each.resumes_id.in_(known)),
    ).subquery()
    up = select(beside.c.id, beside.c.resumes_id).where(beside.c.id.not_in(known)).cte("up", recursive=True)
    up = up.union(select(before.id, before.resumes_id).join(up, up.c.resumes_id == before.id))
    down = select(up.c.id).cte("down", recursive=True)
    down = down.union(select(after.id).join(down, after.resumes_id == down.c.id))
    return select(down.c.id)


def _grouped(known: dict[int, TimeEntry], new: set[int]) -> dict[int, list[TimeEntry]]:
    groups: dict[int, list[TimeEntry]] = defaultdict(list)
    for entry in sorted(known.values(), key=lambda one: (one.started_at, one.id)):
        if entry.billable == "billable" and (entry.id in new or entry.status in APPROVED):
            groups[_root(entry, known)].append(entry)
    return {entry_id: groups[_root(known[entry_id], known)] or [known[entry_id]] for entry_id in new}


def _root(entry: TimeEntry, known: dict[int, TimeEntry]) -> int:
    while entry.resumes_id in known:
        entry = known[entry.resumes_id]
    return entry.id


def _length(entry: TimeEntry) -> int:
    return queries.worked_of(entry).seconds
