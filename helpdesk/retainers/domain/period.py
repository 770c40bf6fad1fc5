"""One month of an agreement as figures and as ledger rows (docs/billing.md rules 9 to 11)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from helpdesk.kernel.money import Money
from helpdesk.kernel.periods import Month
from helpdesk.rates.domain import RateHit, amount_for
from helpdesk.retainers.domain.grants import GrantDrawn, allowance_name, whole
from helpdesk.retainers.domain.ledger import Account
from helpdesk.retainers.domain.pieces import Piece, PieceKind


class Posting(NamedTuple):
    """One row of the ledger of a closed period; ``seconds`` is signed burn.

    Kinds: ``grant``, ``adjustment``, ``carried_in``, ``top_up`` add; ``draw``, ``expiry``, ``carried_out`` take away;
    together they are zero. ``overage`` rows stand beside that sum and carry the price. An adjustment names the
    reversed entry, ``adjusts``, whose burn it gives back.
    """

    kind: str
    seconds: int
    reason: str
    piece: Piece | None = None
    adjusts: str | None = None

    @property
    def grants(self) -> tuple[GrantDrawn, ...]:
        """Which grants paid for what a ``draw`` of covered work takes, and what of it later months owe; together it."""
        if self.kind != "draw" or self.piece is None or self.piece.kind is not PieceKind.COVERED:
            return ()
        return whole(self.piece.grants, self.piece.burn_seconds)


@dataclass(frozen=True, slots=True)
class PeriodResult:
    """One month of an agreement (docs/billing.md rule 10), in seconds of burn.

    granted + carried_in + topped_up = used + expired + carried_out; ``granted_seconds`` counts adjustments too,
    ``used_seconds`` leaves overage out, and is
    negative where a deficit of earlier months became overage in this one. ``overage_seconds`` counts as its basis
    says. ``overage_amount`` is the overage priced by unit price; an invoice that groups finer may differ by the
    rounding of its lines, and then the invoice counts.
    """

    month: Month
    granted_seconds: int
    carried_in_seconds: int
    topped_up_seconds: int
    used_seconds: int
    expired_seconds: int
    carried_out_seconds: int
    overage_seconds: int
    overage_amount: Money
    fee: Money
    postings: tuple[Posting, ...]


def period_result(account: Account, *, worked: list[Piece], settled: list[Piece], fee: Money) -> PeriodResult:
    """Return the month as it is printed and posted.

    ``worked`` are the covered and overage pieces of work that fell into the month, ``settled`` those that it
    settles; they differ only where a deficit was carried.
    """
    overage = [piece for piece in settled if piece.kind is PieceKind.OVERAGE]
    return PeriodResult(
        month=account.month,
        granted_seconds=account.granted,
        carried_in_seconds=account.carried_in,
        topped_up_seconds=sum(seconds for _, seconds in account.topped_up),
        used_seconds=account.used,
        expired_seconds=sum(seconds for _, seconds in account.expired),
        carried_out_seconds=account.carried_out,
        overage_seconds=sum(piece.quantity_seconds for piece in overage),
        overage_amount=_amount(overage, fee.currency),
        fee=fee,
        postings=tuple(each for each in _postings(account, worked, overage) if each.seconds),
    )


def _amount(overage: Iterable[Piece], currency: str) -> Money:
    by_price: dict[Decimal, int] = defaultdict(int)
    for piece in overage:
        if isinstance(piece.price, RateHit):
            by_price[piece.price.amount] += piece.quantity_seconds
    amounts = [amount_for(seconds, price, currency) for price, seconds in by_price.items()]
    return sum(amounts, Money.zero(currency))


def _postings(account: Account, worked: list[Piece], overage: list[Piece]) -> list[Posting]:
    month, given_back = account.month, sum(each.seconds for each in account.adjusted)
    return [
        Posting("carried_in", account.carried_in, f"from {month.previous}"),
        Posting("grant", account.granted - given_back, allowance_name(account.span)),
        *(Posting("adjustment", each.seconds, each.reason, adjusts=each.entry_uuid) for each in account.adjusted),
        *(Posting("top_up", seconds, name) for name, seconds in account.topped_up),
        *(
            Posting("draw", -piece.burn_seconds, piece.reason, piece)
            for piece in worked
            if piece.kind is PieceKind.COVERED or piece.month != month
        ),
        *(
            Posting("draw", piece.burn_seconds, f"owed since {piece.worked_in} and never paid off", piece)
            for piece in overage
            if piece.worked_in != month
        ),
        *(Posting("expiry", -seconds, name) for name, seconds in account.expired),
        Posting("carried_out", -account.carried_out, f"to {month.next}"),
        *(Posting("overage", piece.burn_seconds, piece.reason, piece) for piece in overage),
    ]
