"""What the story must come to, counted by hand from the sample mails and the hours below, not by the program.

Mails: 34 delivered, and one more that answers our acknowledgement. 22 letters of clients and one of a stranger open
a ticket (23); 7 answer an earlier letter and one our acknowledgement (8); an out-of-office, a newsletter, a bounce
and the second copy of one letter are ignored (4). Three people open two tickets within ten minutes and are acknowledged
once each: 20 acknowledgements. With the technician's reply and the four invoices 25 mails leave.

Time of the month that is closed, rounded up to 15 minutes an entry:

    Kühn         1:25 -> 1:30, 0:50 -> 1:00, 4:00, 3:10 -> 3:15, 2:20 -> 2:30, 0:15        12:30
    Blue Heron   6:00, 5:30                                                                11:30
    Harrow       2:40 -> 2:45, 2:00                                                         4:45
    Oliveira     1:10 -> 1:15, 0:40 -> 0:45                                                 2:00

and of this month: two timers of a moment (0:15 each) and a reply with 0:15, together 0:45. All is approved but 0:30
that the manager rejects: 31:30 are 113,400 seconds in 15 of 16 entries.

Kühn's retainer covers 10:00; 2:30 (9,000 s) go beyond at 120.00. The invoice: fee 1,200.00 + 2.5 x 120.00 = 1,500.00,
19 % VAT 285.00, together 1,785.00. Four clients have an invoice, in the order of their names: Blue Heron 0001,
Harrow 0002, Kühn 0003, Oliveira 0004; Verdant has no time and no retainer.

What is going on since then, counted apart: Verdant's second cold store.

    approved    Tomasz 6:00, 6:00, 5:00, 5:00, 4:00; Priya 3:30, 6:00, 6:00; Lin 2:30          9 entries, 44:00
    submitted   Priya 11:30 (long, and out of hours), 3:00 (no note);
                Lin 3:00 and 1:30 (each overlaps the other), 4:00                              5 entries, 23:00
    drafts      Tomasz 4:00 and 3:15 there, 2:00 and 1:45 on the mail migration, and 0:15
                that he accepted of what was proposed to him                                   5 entries, 11:15

Four of the five that wait stand out. Gone of the store's 90:00 are 44:00 + 23:00 + 7:15 = 74:15, 82 %; of 8,000.00
at 95.00 an hour 4,180.00 + 2,185.00 + 688.75 = 7,053.75, 88 %. Its approved time brings 44 x 95.00 = 4,180.00 and
costs 26 x 52.00 + 15.5 x 49.00 + 2.5 x 47.00 = 1,352.00 + 759.50 + 117.50 = 2,229.00; 1,951.00 are left.

To Tomasz are proposed 0:10 (a note of 40 words at 10:12 takes 1 + 1 minutes, and the task is under way at 10:20) and
the 0:12 that he read, together 0:22; the 0:15 are what he recovered. One timer is forgotten. Of three expenses Lin's is
a draft, Tomasz's 84.40 wait with their receipt, and Priya's 126 km at 0.30, 37.80, are approved.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class WorkLine:
    """One typed entry: who, on a letter's ticket or (``task``) on the task of a client's domain, when, how long."""

    person: str
    on: str
    day: int
    worked: str
    note: str
    task: bool = False


WORK = (
    WorkLine("tomasz", "kuehn-printer", 3, "9:15-10:40", "Driver rolled back on hall 2 A"),
    WorkLine("priya", "kuehn-printer", 4, "0:50", "Held the update on the print server"),
    WorkLine("lin", "kuehn.example", 5, "4h", "Templates for pallets and boxes", task=True),
    WorkLine("lin", "kuehn.example", 6, "3h10", "Test print with the warehouse", task=True),
    WorkLine("tomasz", "kuehn-backup", 10, "2h20", "Agent reinstalled, restore tested"),
    WorkLine("priya", "kuehn-vpn", 12, "15", "Certificate renewed"),
    WorkLine("lin", "heron-upload", 4, "6:00", "Upload limit, proxy and form"),
    WorkLine("priya", "blueheron.example", 7, "5h30", "Updates on nine servers", task=True),
    WorkLine("tomasz", "harrow-starter", 9, "2:40", "Laptop, mail and phone"),
    WorkLine("tomasz", "harrowstreet.example", 11, "2h", "Rules agreed with the partners", task=True),
    WorkLine("priya", "oliveira-scanners", 5, "70", "Scanners paired again"),
    WorkLine("lin", "oliveira.example", 14, "0:40", "Printer profiles", task=True),
)
REJECTED = WorkLine("priya", "verdant-labels", 13, "0:30", "Search for the old template")

TICKETS = 23
REPLIES = 8
IGNORED = 4
ENTRIES = 16
APPROVED_SECONDS = 113_400
OVERAGE_SECONDS = 9_000
INVOICE_NUMBER = "HO-{year}-0003"
INVOICE_TOTAL = "1785.00"
INVOICES = 4
ACKNOWLEDGEMENTS = 20
MAILS_SENT = ACKNOWLEDGEMENTS + 1 + INVOICES


@dataclass(frozen=True)
class SiteLine:
    """One entry on the second cold store: ``day`` is (week, weekday) from this week's Monday, or working days ago."""

    person: str
    on: str
    day: tuple[int, int]
    worked: str
    note: str


@dataclass(frozen=True)
class LateLine:
    """One entry of the last working days, ``days_ago`` counted in these."""

    person: str
    on: str
    days_ago: int
    worked: str
    note: str


APPROVED_ON_SITE = (
    SiteLine("tomasz", "Survey the site", (-3, 0), "6:00", "Measured both halls, drew the cable ways"),
    SiteLine("tomasz", "Survey the site", (-3, 1), "6:00", "Tested radio between the racks"),
    SiteLine("lin", "Survey the site", (-3, 2), "2:30", "Where labels are printed and read"),
    SiteLine("priya", "Order switches and access points", (-3, 3), "3:30", "Three offers compared, one ordered"),
    SiteLine("tomasz", "Lay out the network", (-2, 0), "5:00", "Racks mounted, ways drilled"),
    SiteLine("tomasz", "Lay out the network", (-2, 1), "5:00", "Hall 1 cabled"),
    SiteLine("tomasz", "Lay out the network", (-2, 2), "4:00", "Hall 2 cabled as far as the switches reach"),
    SiteLine("priya", "Set up twelve desks", (-1, 0), "6:00", "Desks 1 to 5"),
    SiteLine("priya", "Set up twelve desks", (-1, 1), "6:00", "Desks 6 to 10, two screens exchanged"),
)
SUBMITTED = (
    LateLine("priya", "Set up twelve desks", 2, "7:00-18:30", "Desks 11 and 12, all twelve tested with their people"),
    LateLine("priya", "Set up twelve desks", 1, "3:00", ""),
    LateLine("lin", "Label printers at the gates", 1, "9:00-12:00", "Layouts for pallets in both languages"),
    LateLine("lin", "Label printers at the gates", 1, "11:30-13:00", "Call with the maker of the printers"),
    LateLine("lin", "Lay out the network", 2, "4:00", "Drew the racks as they are"),
)
DRAFTS = (
    LateLine("tomasz", "Lay out the network", 3, "4:00", "Switches unpacked and named"),
    LateLine("tomasz", "Mail migration, wave 2", 3, "2:00", "Second floor copied"),
    LateLine("tomasz", "Lay out the network", 2, "3:15", "Uplink of hall 1"),
    LateLine("tomasz", "Mail migration, wave 2", 1, "1:45", "Shared calendars"),
)
COSTS = {"elodie": "58.00", "tomasz": "52.00", "priya": "49.00", "lin": "47.00"}
BUDGET_SECONDS = 90 * 3600
BUDGET_MINOR = 800_000
SINCE: dict[str, object] = {
    "hours_gone_percent": 82,
    "money_gone_percent": 88,
    "revenue_minor": 418_000,
    "margin_minor": 195_100,
    "waiting": 5,
    "waiting_seconds": 82_800,
    "standing_out": 4,
    "draft_seconds": 40_500,
    "proposed_seconds": 1_320,
    "recovered_seconds": 900,
    "asking": 1,
    "expenses_minor": {"draft": 1_990, "submitted": 8_440, "approved": 3_780},
    "receipts": 1,
    "templates": 1,
}
