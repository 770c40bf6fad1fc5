"""Tax on each line, tax in the price, and credit notes that are together the invoice (docs/billing.md rule 20)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.invoicing.domain.totals import TaxGroup, TaxRate, line_nets, rest_of, take_rest, total_up
from helpdesk.kernel.money import Money
from helpdesk.kernel.taxes import TaxMode

STANDARD = TaxRate("S", Decimal(19))
REDUCED = TaxRate("S", Decimal(7))
INCLUDED = TaxMode(included=True)
modes = st.builds(TaxMode, per_line=st.booleans(), included=st.booleans())
amounts = st.lists(
    st.tuples(st.integers(0, 100_000).map(lambda minor: Money(minor, "EUR")), st.sampled_from([STANDARD, REDUCED])),
    min_size=1,
    max_size=8,
)


def eur(text: str) -> Money:
    return Money.parse(text, "EUR")


@pytest.mark.parametrize(
    ("mode", "net", "tax", "total"),
    [
        (TaxMode(), "99.99", "19.00", "118.99"),
        (TaxMode(per_line=True), "99.99", "18.99", "118.98"),
        (TaxMode(included=True), "84.03", "15.96", "99.99"),
        (TaxMode(per_line=True, included=True), "84.03", "15.96", "99.99"),
    ],
)
def test_three_thirds_of_a_hundred(mode, net, tax, total):
    totals = total_up([(eur("33.33"), STANDARD)] * 3, "EUR", mode)

    assert (totals.net, totals.tax, totals.total) == (eur(net), eur(tax), eur(total))


def test_the_nets_of_lines_with_tax_in_them_add_up_to_the_net_of_their_group():
    lines = [(eur("100.00"), STANDARD)] * 3

    assert line_nets(lines, "EUR", INCLUDED) == [eur("84.04"), eur("84.03"), eur("84.03")]
    assert total_up(lines, "EUR", INCLUDED).net == eur("252.10")


@given(amounts, modes)
def test_what_has_tax_in_it_stays_the_total_and_lines_stay_the_net(lines, mode):
    totals = total_up(lines, "EUR", mode)

    together = sum((amount for amount, _rate in lines), Money.zero("EUR"))
    assert (totals.total if mode.included else totals.net) == together
    assert sum(line_nets(lines, "EUR", mode), Money.zero("EUR")) == totals.net


@given(amounts, modes, st.data())
def test_credit_notes_are_together_the_invoice_and_never_give_back_a_negative_tax(lines, mode, data):
    invoice = total_up(lines, "EUR", mode)
    order = data.draw(st.permutations(lines))
    given_back: list[TaxGroup] = []
    for place, line in enumerate(order):
        left = rest_of(invoice.groups, given_back, "EUR")
        note = take_rest(total_up([line], "EUR", mode), left, mode, is_last=place == len(order) - 1)
        assert all(group.tax >= Money.zero("EUR") for group in note.groups) or mode.included or mode.per_line
        assert note.total == note.net + note.tax
        given_back += note.groups

    rest = rest_of(invoice.groups, given_back, "EUR")
    assert all(not group.net and not group.tax for group in rest.values())
