"""Whatever is issued, paid, credited, taken back and paid back: nothing is settled twice (rules 21, M3, M4)."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from helpdesk.invoicing.domain.settling import Account, give_back, spread
from helpdesk.invoicing.domain.statement import Entry, statement_of

START = date(2026, 1, 1)


@dataclass
class Share:
    payment: int
    invoice: int
    minor: int
    live: bool = True


@dataclass
class Books:
    """One client's books in one currency, kept by the rules of the domain alone, a day after each act."""

    totals: list[int] = field(default_factory=list)
    credited: list[int] = field(default_factory=list)
    payments: list[int] = field(default_factory=list)
    taken_back: set[int] = field(default_factory=set)
    shares: list[Share] = field(default_factory=list)
    refunds: list[list[tuple[int, int]]] = field(default_factory=list)
    undone: set[int] = field(default_factory=set)
    entries: list[Entry] = field(default_factory=list)

    @property
    def today(self) -> date:
        return START + timedelta(len(self.entries))

    def account(self, invoice: int) -> Account:
        paid = sum(share.minor for share in self.shares if share.live and share.invoice == invoice)
        credited = self.credited[invoice]
        return Account(self.totals[invoice], credited, paid, is_taken_back=credited == self.totals[invoice])

    def free(self) -> list[tuple[int, int]]:
        taken = [0] * len(self.payments)
        for share in self.shares:
            taken[share.payment] += share.minor if share.live else 0
        for at, parts in enumerate(self.refunds):
            for payment, minor in parts:
                taken[payment] += 0 if at in self.undone else minor
        return [(at, paid - taken[at]) for at, paid in enumerate(self.payments) if at not in self.taken_back]

    def note(self, kind: str, minor: int) -> None:
        self.entries.append(Entry(self.today, kind, minor))

    def issue(self, _which: int, minor: int) -> None:
        self.totals.append(minor)
        self.credited.append(0)
        self.note("invoice", minor)

    def pay(self, which: int, minor: int) -> None:
        if not self.totals:
            return
        invoice = which % len(self.totals)
        self.payments.append(minor)
        self.note("payment", -minor)
        settles = min(minor, max(self.account(invoice).open_minor, 0))
        if settles:
            self.shares.append(Share(len(self.payments) - 1, invoice, settles))

    def use_credit(self, which: int, _minor: int) -> None:
        if self.totals:
            invoice = which % len(self.totals)
            for payment, minor in spread(max(self.account(invoice).open_minor, 0), self.free()):
                self.shares.append(Share(payment, invoice, minor))

    def credit(self, which: int, minor: int) -> None:
        if not self.totals:
            return
        invoice = which % len(self.totals)
        taken = min(minor, self.totals[invoice] - self.credited[invoice])
        self.credited[invoice] += taken
        self.note("credit_note", -taken)
        live = [(at, share.minor) for at, share in enumerate(self.shares) if share.live and share.invoice == invoice]
        for at, kept in give_back(live, -self.account(invoice).open_minor):
            self.shares[at].live = False
            if kept:
                self.shares.append(Share(self.shares[at].payment, invoice, kept))

    def take_back(self, which: int, _minor: int) -> None:
        if not self.payments:
            return
        payment = which % len(self.payments)
        refunded = any(
            payment == source for at, parts in enumerate(self.refunds) if at not in self.undone for source, _ in parts
        )
        if payment in self.taken_back or refunded:
            return
        self.taken_back.add(payment)
        self.note("payment_taken_back", self.payments[payment])
        for share in self.shares:
            share.live = share.live and share.payment != payment

    def pay_back(self, _which: int, minor: int) -> None:
        parts = spread(min(minor, sum(rest for _, rest in self.free())), self.free())
        if parts:
            self.refunds.append(parts)
            self.note("refund", sum(part for _, part in parts))

    def undo(self, which: int, _minor: int) -> None:
        if self.refunds and (refund := which % len(self.refunds)) not in self.undone:
            self.undone.add(refund)
            self.note("refund_undone", -sum(part for _, part in self.refunds[refund]))


ACTS = ("issue", "pay", "use_credit", "credit", "take_back", "pay_back", "undo")
HISTORIES = st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 9), st.integers(1, 500)), max_size=40)


@given(history=HISTORIES, first=st.integers(-2, 45), days=st.integers(0, 45))
def test_after_any_history_shares_credit_and_open_amounts_add_up_and_the_statement_says_the_same(history, first, days):
    books = Books()
    known = {}
    for act, which, minor in history:
        getattr(books, act)(which, minor)

        opens = [books.account(invoice).open_minor for invoice in range(len(books.totals))]
        rests = [rest for _, rest in books.free()]
        assert min(opens, default=0) >= 0
        assert min(rests, default=0) >= 0
        known[books.today - timedelta(1)] = sum(opens) - sum(rests)
        for payment, paid in enumerate(books.payments):
            live = sum(share.minor for share in books.shares if share.live and share.payment == payment)
            assert live <= (0 if payment in books.taken_back else paid)

    for day, balance in known.items():
        assert statement_of(books.entries, first=START, last=day).closing_minor == balance
    begins = START + timedelta(first)
    part = statement_of(books.entries, first=begins, last=begins + timedelta(days))
    before = statement_of(books.entries, first=START, last=begins - timedelta(1))
    assert part.opening_minor == before.closing_minor
    assert part.closing_minor == part.opening_minor + part.charged_minor - part.settled_minor


def test_the_last_shares_give_back_first():
    assert give_back([(1, 100), (2, 50)], 30) == [(2, 20)]
    assert give_back([(1, 100), (2, 50)], 70) == [(2, 0), (1, 80)]
    assert give_back([(1, 100)], 0) == []
