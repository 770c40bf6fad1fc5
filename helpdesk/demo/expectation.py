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
