"""The rows that the books of some clients begin with, asked of the database in one statement."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from sqlalchemy import BindParameter, CompoundSelect, Integer, Select, bindparam, func, inspect, select
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.orm.attributes import set_committed_value

from helpdesk.clients.models import Client
from helpdesk.infra.ahead import all_of
from helpdesk.infra.together import Together
from helpdesk.kernel.periods import Month
from helpdesk.rates import queries as rates
from helpdesk.rates.domain import RateCard
from helpdesk.rates.models import RoundingPolicyRow
from helpdesk.retainers.models import (
    Agreement,
    AgreementScope,
    AgreementTerms,
    HoursAnswer,
    HoursAsked,
    RetainerPeriod,
    TopUp,
)

Clients = Sequence[int] | BindParameter[Any] | Select[int] | CompoundSelect[int]
CLIENT_IDS, AGREEMENT_IDS = (
    bindparam(name, expanding=True, type_=Integer()) for name in ("client_ids", "agreement_ids")
)


@dataclass(frozen=True)
class Rows:
    """Agreements with their clients, and what the books take of them that no month and no work decides."""

    agreements: list[Agreement]
    periods: list[RetainerPeriod]
    policies: Sequence[RoundingPolicyRow]
    cards: Mapping[tuple[int, str], Sequence[RateCard]]
    lifted: Mapping[int, Mapping[Month, int]]


def rows_of(session: Session, client_ids: Collection[int], *, with_rates: bool) -> Rows:
    """Return what the books of these clients begin with, one query for all; without rates nothing has a price."""
    found = _rows_asked(with_rates=with_rates).read(session, client_ids=list(client_ids))
    return rows_among(found, with_rates=with_rates)


def rows_among(found: Mapping[str, list[Any]], *, with_rates: bool) -> Rows:
    """Return what :func:`rows_of` does of answers to :func:`rows_to_ask`."""
    for agreement, client in _pairs(found["agreements"], found["clients"]):
        set_committed_value(agreement, "client", client)
    complete_with(found)
    wanted = {(each.client_id, each.currency) for each in found["agreements"]}
    return Rows(
        found["agreements"],
        found["periods"],
        found["policies"],
        rates.cards_among(found["cards"], wanted) if with_rates else {},
        _lifted(found["lifted"]),
    )


def agreements_of(session: Session, *, client_id: int) -> list[Agreement]:
    """Return all agreements of a client, oldest first, in one query."""
    known = all_of(session, agreements_to_ask([client_id]))
    found = _agreements_asked().read(session, client_ids=[client_id]) if known is None else known
    complete_with(found)
    return found["agreements"]


def complete(session: Session, agreements: Iterable[Agreement]) -> None:
    """Give agreements their terms, scopes and blocks, in one query."""
    bare = [each for each in agreements if {"terms", "scope", "top_ups"} & inspect(each).unloaded]
    if bare:
        found = _parts_asked().read(session, agreement_ids=[each.id for each in bare])
        complete_with({**found, "agreements": bare})


def _pairs(agreements: Iterable[Agreement], clients: Iterable[Client]) -> Iterable[tuple[Agreement, Client]]:
    by_id = {client.id: client for client in clients}
    return ((each, by_id[each.client_id]) for each in agreements if "client" in inspect(each).unloaded)


def complete_with(found: Mapping[str, list[Any]]) -> None:
    """Give agreements the terms, scopes and blocks that were read beside them."""
    for name in ("terms", "scope", "top_ups"):
        rows: dict[int, list[Any]] = defaultdict(list)
        for row in found[name]:
            rows[row.agreement_id].append(row)
        for agreement in found["agreements"]:
            if name in inspect(agreement).unloaded:
                set_committed_value(agreement, name, rows[agreement.id])


@cache
def _rows_asked(*, with_rates: bool) -> Together:
    return Together(**rows_to_ask(with_rates=with_rates))


def rows_to_ask(*, with_rates: bool) -> dict[str, Select[Any]]:
    """Return the questions of :func:`rows_of`, to be asked together with others; ``client_ids`` is a parameter."""
    in_force = select(Agreement.currency).where(Agreement.client_id.in_(CLIENT_IDS))
    priced = {"cards": rates.cards_asked(CLIENT_IDS, in_force)} if with_rates else {}
    return {**unpriced_to_ask(), **priced}


def unpriced_to_ask(client_ids: Clients = CLIENT_IDS) -> dict[str, Select[Any]]:
    """Return the questions of :func:`rows_of` without rates, for whichever clients."""
    theirs = select(Agreement.id).where(Agreement.client_id.in_(client_ids))
    return {
        **agreements_to_ask(client_ids),
        "clients": select(Client).where(Client.id.in_(client_ids)),
        "periods": select(RetainerPeriod).where(
            RetainerPeriod.agreement_id.in_(theirs), RetainerPeriod.reversed_at.is_(None)
        ),
        "policies": select(RoundingPolicyRow),
        "lifted": _lifted_asked(client_ids),
    }


@cache
def _agreements_asked() -> Together:
    return Together(**agreements_to_ask())


@cache
def _parts_asked() -> Together:
    return Together(
        **{
            name: query.where(agreement_id.in_(AGREEMENT_IDS)).order_by(*order)
            for name, (query, agreement_id, order) in _parts().items()
        }
    )


def agreements_to_ask(client_ids: Clients = CLIENT_IDS) -> dict[str, Select[Any]]:
    """Return the questions for the whole agreements of clients, by default those of the parameter ``client_ids``.

    `complete_with` puts the answers together; for a client they may be asked ahead of `agreements_of`.
    """
    whole = select(Agreement).where(Agreement.client_id.in_(client_ids))
    return {
        "agreements": whole.order_by(Agreement.starts_on, Agreement.id),
        **{
            name: query.join(Agreement, Agreement.id == agreement_id)
            .where(Agreement.client_id.in_(client_ids))
            .order_by(*order)
            for name, (query, agreement_id, order) in _parts().items()
        },
    }


def _parts() -> dict[str, tuple[Select[Any], InstrumentedAttribute[int], tuple[InstrumentedAttribute[Any], ...]]]:
    """Return what belongs to an agreement, in the order that its lists have."""
    return {
        "terms": (select(AgreementTerms), AgreementTerms.agreement_id, (AgreementTerms.effective_on,)),
        "scope": (select(AgreementScope), AgreementScope.agreement_id, (AgreementScope.id,)),
        "top_ups": (select(TopUp), TopUp.agreement_id, (TopUp.valid_from, TopUp.id)),
    }


def _lifted_asked(client_ids: Clients) -> Select[Any]:
    """Return the question for the seconds that clients granted beyond the cap, and that nobody took back."""
    revoked = select(HoursAnswer.asked_id).where(HoursAnswer.kind == "revoked")
    query = (
        select(HoursAsked.agreement_id, HoursAsked.month, func.sum(HoursAsked.seconds).label("seconds"))
        .join(HoursAsked.answers)
        .join(HoursAsked.agreement)
        .where(Agreement.client_id.in_(client_ids), HoursAnswer.kind == "granted", HoursAsked.id.not_in(revoked))
        .group_by(HoursAsked.agreement_id, HoursAsked.month)
    )
    return cast("Select[Any]", query)


def _lifted(rows: Iterable[Any]) -> dict[int, dict[Month, int]]:
    found: dict[int, dict[Month, int]] = defaultdict(dict)
    for row in rows:
        found[row.agreement_id][Month.of(row.month)] = int(row.seconds)
    return found
