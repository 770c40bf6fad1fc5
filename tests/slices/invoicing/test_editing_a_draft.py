"""A draft is changed until it is issued: lines, discounts, order, what is left for later (rules 17, 18 and 20)."""

from decimal import Decimal

import pytest
from sqlalchemy import select

from helpdesk import doctor
from helpdesk.infra import blobs
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.models import AuditRow
from helpdesk.infra.policy import SYSTEM
from helpdesk.invoicing import service
from helpdesk.invoicing.crediting import Wish
from helpdesk.invoicing.document import entries_behind
from helpdesk.invoicing.domain.lines import GroupBy
from helpdesk.invoicing.drafts.discounts import Adjustment, adjust
from helpdesk.invoicing.drafts.leaving import take_entries_off, take_off
from helpdesk.invoicing.drafts.lines import FreeLine, add_free, change_text, move
from helpdesk.invoicing.drafts.regrouping import regroup
from helpdesk.invoicing.models import Invoice
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.kernel.money import Money
from helpdesk.kernel.periods import Month
from tests.slices.invoicing.conftest import DECEMBER, Story, hours, printed
from tests.slices.invoicing.test_expenses_on_invoices import spend, status_of


def act(story: Story, do, invoice: Invoice, **what) -> Invoice:
    """Do something with the draft as it is now, or as ``version`` says."""
    what.setdefault("version", story.invoice(invoice.id).version)
    with unit_of_work() as session:
        do(session, actor=SYSTEM, now=story.now, invoice_id=invoice.id, **what)
    return story.invoice(invoice.id)


def texts(invoice: Invoice) -> list[tuple[str, int]]:
    return [(line.description, line.amount_minor) for line in invoice.lines]


def faults(story: Story) -> list[str]:
    with unit_of_work() as session:
        return [each.message for each in doctor.examine(session, store=blobs.store(), now=story.now)]


def ten_percent(**more) -> Adjustment:
    return Adjustment(**{"kind": "discount", "text": "Rebate", "percent": Decimal(10), **more})


def test_lines_of_ones_own_texts_and_order_are_what_is_issued(story):
    story.log("1")
    draft = story.drafted()

    act(story, add_free, draft, wanted=FreeLine("  Cables,\n5 m ", Decimal("7.125"), Decimal(3), "7"))
    draft = act(story, add_free, draft, wanted=FreeLine("Travel", Decimal(40)))
    draft = act(story, move, draft, line_id=draft.lines[2].id, step=-1)
    act(story, change_text, draft, line_id=draft.lines[0].id, text="Printer, as agreed")
    issued = story.issue(draft)

    assert texts(issued) == [("Printer, as agreed", 10000), ("Travel", 4000), ("Cables, 5 m", 2138)]
    assert [(line.quantity, line.unit_price, line.tax_percent) for line in issued.lines[1:]] == [
        (None, "40.00", "19"),
        ("3", "7.125", "7"),
    ]
    assert (issued.net_minor, issued.tax_minor) == (16138, 2660 + 150)
    assert faults(story) == []


def test_a_discount_in_percent_follows_its_lines_and_an_amount_stays(story):
    story.log("1")
    later = story.log("3", "2026-11-17")
    draft = story.drafted()
    act(story, add_free, draft, wanted=FreeLine("Cables", Decimal(100), tax_percent="7"))
    act(story, adjust, draft, wanted=ten_percent())

    draft = act(story, adjust, draft, wanted=Adjustment("surcharge", "Freight", amount=Money(1000, "EUR")))
    before = texts(draft)
    draft = act(story, take_entries_off, draft, line_id=draft.lines[0].id, entry_ids=[later.id])

    assert before[2:] == [("Rebate", -4000), ("Rebate", -1000), ("Freight", 800), ("Freight", 200)]
    assert texts(draft)[2:] == [("Rebate", -1000), ("Rebate", -1000), ("Freight", 800), ("Freight", 200)]
    assert draft.lines[2].detail == "10 % × 100.00"
    assert (draft.lines[0].minutes, story.charges()) == ("60", [("hourly", hours("1"), "held")])
    assert faults(story) == []


def test_what_is_of_all_lines_reaches_a_tax_that_comes_later_once(story):
    story.log("1")
    draft = act(story, adjust, story.drafted(), wanted=ten_percent())

    for price in (100, 50):
        draft = act(story, add_free, draft, wanted=FreeLine("Cables", Decimal(price), tax_percent="7"))
    rebates = {line.tax_percent: line for line in draft.lines if line.adjusts_percent}
    draft = act(story, take_off, draft, line_id=rebates["7"].id)
    draft = act(story, add_free, draft, wanted=FreeLine("Screws", Decimal(10), tax_percent="7"))

    assert {percent: line.amount_minor for percent, line in rebates.items()} == {"19": -1000, "7": -1500}
    assert [amount for said, amount in texts(draft) if said == "Rebate"] == [-1000]  # taken off on purpose
    assert draft.net_minor == 10000 - 1000 + 10000 + 5000 + 1000


def test_lines_stay_in_the_currency_of_their_draft(story):
    kept, later = story.log("1"), story.log("1.55", "2026-11-17")
    draft = story.drafted()
    story.change_client(currency="JPY")

    draft = act(story, regroup, draft, group_by=GroupBy.ENTRY)
    draft = act(story, take_entries_off, draft, line_id=draft.lines[1].id, entry_ids=[later.id])

    assert [(line.unit_price, line.amount_minor) for line in draft.lines] == [("100.00", 10000)]
    assert kept.id != later.id


def test_a_draft_never_comes_to_less_than_zero(story):
    story.log("1")
    draft = story.drafted()
    act(story, adjust, draft, wanted=Adjustment("discount", "Goodwill", amount=Money(9900, "EUR")))

    with pytest.raises(RuleViolation, match="less than zero"):
        act(story, adjust, draft, wanted=Adjustment("discount", "More", amount=Money(101, "EUR")))
    with pytest.raises(RuleViolation, match="less than zero"):
        act(story, take_off, draft, line_id=draft.lines[0].id)

    assert story.invoice(draft.id).net_minor == 100
    assert story.charges() == [("hourly", hours("1"), "held")]


def test_what_is_left_for_later_is_on_the_next_draft(story):
    story.log("1", item=story.ticket("Firewall"))
    train = spend(story)
    draft = act(story, add_free, story.drafted(), wanted=FreeLine("Travel", Decimal(40)))

    for _ in range(2):
        draft = act(story, take_off, draft, line_id=draft.lines[0].id)
    freed = status_of(train)
    story.issue(draft)
    after = story.drafted(Month(2026, 12))

    assert (texts(draft), freed) == ([("Travel", 4000)], "approved")
    assert [line.kind for line in after.lines] == ["time", "expense"]
    assert faults(story) == []


def test_regrouping_keeps_every_second_its_price_and_all_other_lines(story):
    story.log("1")
    story.log("2", "2026-11-17", item=story.ticket("Firewall"))
    story.log("0.5", item=story.ticket("Rush"), rate="150")
    draft = story.drafted()
    draft = act(story, add_free, draft, wanted=FreeLine("Travel", Decimal(40)))
    act(story, adjust, draft, wanted=ten_percent(line_ids=(draft.lines[3].id,)))

    draft = act(story, regroup, draft, group_by=GroupBy.PERSON)

    assert printed(draft) == [
        ("time", "180", "100.00", 30000),
        ("time", "30", "150.00", 7500),
        ("free", None, "40.00", 4000),
        ("discount", None, "-4.00", -400),
    ]
    assert draft.group_by == "person"
    assert sorted(story.charges()) == [("hourly", seconds, "held") for seconds in (1800, 3600, 7200)]
    assert faults(story) == []


def test_a_discount_on_single_lines_of_time_is_in_the_way_of_other_lines(story):
    story.log("1")
    draft = story.drafted()
    act(story, adjust, draft, wanted=ten_percent(line_ids=(draft.lines[0].id,)))

    with pytest.raises(RuleViolation, match="Rebate is of single lines"):
        act(story, regroup, draft, group_by=GroupBy.DAY)


def test_month_end_groups_as_the_client_has_it(story):
    story.change_client(invoice_group_by="rate")
    story.log("1")
    story.log("2", item=story.ticket("Firewall"))

    assert texts(story.drafted()) == [("100.00 EUR/h", 30000)]


def test_the_second_of_two_editors_is_told_what_the_first_did_and_loses_nothing(story):
    story.log("1")
    draft = story.drafted()
    act(story, add_free, draft, wanted=FreeLine("Travel", Decimal(40)))

    with pytest.raises(Conflict, match="added 'Travel'"):
        act(story, change_text, draft, version=draft.version, line_id=draft.lines[0].id, text="Mine")
    with pytest.raises(Conflict, match="added 'Travel'"), unit_of_work() as session:
        service.issue(session, actor=SYSTEM, now=story.now, invoice_id=draft.id, version=draft.version)

    assert texts(story.invoice(draft.id))[1:] == [("Travel", 4000)]


def test_every_change_is_in_the_history_and_none_comes_after_issue(story):
    story.log("1")
    draft = act(story, add_free, story.drafted(), wanted=FreeLine("Travel", Decimal(40)))
    issued = story.issue(act(story, take_off, draft, line_id=draft.lines[1].id))

    with unit_of_work() as session:
        of_it = select(AuditRow).where(AuditRow.object_id == issued.id, AuditRow.object_kind == "invoice")
        noted = [(row.action, row.data.get("line")) for row in session.scalars(of_it.order_by(AuditRow.id))]
    assert noted[1:3] == [("line added", "Travel"), ("line taken off", "Travel")]
    with pytest.raises(Conflict, match="is issued already"):
        act(story, change_text, issued, line_id=issued.lines[0].id, text="Later")


def test_a_dropped_draft_does_not_tell_of_what_was_taken_off_before(story):
    kept, gone = story.log("1"), story.log("2", "2026-11-17")
    draft = story.drafted()
    act(story, take_entries_off, draft, line_id=draft.lines[0].id, entry_ids=[gone.id])
    story.now = DECEMBER.replace(hour=9)

    with unit_of_work() as session:
        service.drop_draft(session, actor=SYSTEM, now=story.now, invoice_id=draft.id)

    with unit_of_work() as session:
        [behind] = entries_behind(session, session.get_one(Invoice, draft.id)).values()
        assert [each.entry.id for each in behind] == [kept.id]


def credited(story: Story, issued: Invoice, wishes: dict[int, Wish], *, key: str = "k") -> Invoice:
    with unit_of_work() as session:
        note = service.credit(
            session, actor=SYSTEM, now=story.now, invoice_id=issued.id, wishes=wishes, reason="Wrong", key=key * 32
        )
    return story.invoice(note.id)


def test_a_credit_note_takes_a_discount_back_with_what_it_is_of(story):
    story.log("1")
    draft = act(story, add_free, story.drafted(), wanted=FreeLine("Cables", Decimal(50)))
    issued = story.issue(act(story, adjust, draft, wanted=ten_percent()))
    time, cables, rebate = (line.id for line in issued.lines)

    with pytest.raises(RuleViolation, match="goes back with what it is of"):
        credited(story, issued, {rebate: Wish(whole=True)})
    first = credited(story, issued, {time: Wish(whole=True)}, key="1")
    with pytest.raises(RuleViolation, match=r"Only 45\.00 was paid"):
        credited(story, issued, {cables: Wish(amount=Money(4501, "EUR"))})
    second = credited(story, issued, {cables: Wish(amount=Money(2000, "EUR"))}, key="2")
    third = credited(story, issued, {cables: Wish(whole=True), rebate: Wish(whole=True)}, key="3")

    assert [line.amount_minor for line in first.lines] == [-10000, 1000]
    assert [line.amount_minor for line in second.lines] == [-2222, 222]
    assert [line.amount_minor for line in third.lines] == [-2778, 278]
    assert first.net_minor + second.net_minor + third.net_minor == -issued.net_minor
    assert first.tax_minor + second.tax_minor + third.tax_minor == -issued.tax_minor
    assert story.invoice(issued.id).status == "credited"
    assert faults(story) == []


def test_an_amount_that_outlived_its_lines_goes_back_with_the_others(story):
    story.log("1")
    draft = act(story, add_free, story.drafted(), wanted=FreeLine("Book", Decimal(50), tax_percent="7"))
    draft = act(story, adjust, draft, wanted=Adjustment("discount", "Goodwill", amount=Money(1000, "EUR")))
    issued = story.issue(act(story, take_off, draft, line_id=draft.lines[1].id))
    time, _of_time, of_book = (line.id for line in issued.lines)

    with pytest.raises(RuleViolation, match=r"Only 90\.00 of INV-2026-0001 is left"):
        credited(story, issued, {time: Wish(whole=True)})
    first = credited(story, issued, {time: Wish(amount=Money(5000, "EUR"))}, key="1")
    second = credited(story, issued, {time: Wish(whole=True), of_book: Wish(whole=True)}, key="2")

    assert [line.amount_minor for line in issued.lines] == [10000, -667, -333]
    assert (first.net_minor, first.net_minor + second.net_minor) == (-5000, -issued.net_minor)
    assert first.tax_minor + second.tax_minor == -issued.tax_minor
    assert (story.invoice(issued.id).status, faults(story)) == ("credited", [])


def test_of_a_line_that_was_given_away_nothing_is_given_back_and_its_time_is_free_again(story):
    story.log("1")
    draft = act(story, add_free, story.drafted(), wanted=FreeLine("Cables", Decimal(100), tax_percent="7"))
    goodwill = Adjustment("discount", "Goodwill", amount=Money(10000, "EUR"), line_ids=(draft.lines[0].id,))
    issued = story.issue(act(story, adjust, draft, wanted=goodwill))
    time = issued.lines[0].id

    with pytest.raises(RuleViolation, match=r"Only 0\.00 was paid"):
        credited(story, issued, {time: Wish(amount=Money(1, "EUR"))})
    note = credited(story, issued, {time: Wish(whole=True)})

    assert ([line.amount_minor for line in note.lines], note.total_minor) == ([-10000, 10000], 0)
    assert story.charges() == []
    assert story.invoice(issued.id).status == "issued"


def test_a_discount_takes_off_no_more_than_its_lines_come_to(story):
    story.log("1")
    draft = act(story, add_free, story.drafted(), wanted=FreeLine("Cables", Decimal(20)))
    too_much = Adjustment("discount", "Goodwill", amount=Money(2001, "EUR"), line_ids=(draft.lines[1].id,))

    with pytest.raises(RuleViolation, match=r"come to 20\.00"):
        act(story, adjust, draft, wanted=too_much)


@pytest.fixture
def bookkeeper(sign_in_as, office, fixed_clock):
    fixed_clock.now = DECEMBER
    return sign_in_as(office.bookkeeper)


def test_the_page_changes_lines_and_keeps_what_was_typed(story, bookkeeper):
    story.log("1")
    draft = story.drafted()
    at, line = f"/invoices/{draft.id}", draft.lines[0].id

    moved = bookkeeper.post(f"{at}/lines/{line}", data={"version": draft.version, "act": "down", "text": "Printer fix"})
    wrong = bookkeeper.post(f"{at}/lines", data={"version": draft.version + 1, "text": "Travel", "price": "forty"})
    late = bookkeeper.post(f"{at}/lines", data={"version": draft.version, "text": "Travel", "price": "40"})
    page = bookkeeper.get(f"{at}/edit").text

    assert moved.status_code == 303
    assert wrong.status_code == 422
    assert "no plain decimal" in wrong.text
    assert 'value="forty"' in wrong.text
    assert late.status_code == 409
    assert "Bookkeeper Person changed" in late.text
    assert 'value="Travel"' in late.text
    assert 'value="Printer fix"' in page
