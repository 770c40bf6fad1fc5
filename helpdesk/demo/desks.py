"""What waits on the desks of the demo: time to approve, a week half filled, expenses, proposals, a forgotten timer."""

from uuid import NAMESPACE_OID, uuid5

from sqlalchemy import select

from helpdesk.demo.calendar import Days
from helpdesk.demo.expectation import DRAFTS, SUBMITTED, LateLine
from helpdesk.demo.mails.files import train_ticket
from helpdesk.demo.site import NAME, Crew, write
from helpdesk.expenses import process as receiving
from helpdesk.expenses import service as expenses
from helpdesk.expenses.domain.facts import Facts
from helpdesk.expenses.domain.receipts import NewReceipt
from helpdesk.expenses.models import Expense, ExpenseCategory, ExpenseRate
from helpdesk.infra import blobs
from helpdesk.projects import service as projects
from helpdesk.projects.models import Project, WorkItem
from helpdesk.proposals import service as proposals
from helpdesk.tickets import service as tickets
from helpdesk.timekeeping import service as timekeeping
from helpdesk.timekeeping.models import TimeEntry
from helpdesk.timekeeping.service import events

MAIL_TASK = "Mail migration, wave 2"
READ_MINUTES = 12
COPIED = (
    "Mailboxes of the first floor are copied, forty-one of forty-one, and none lost a message. Shared calendars follow "
    "tonight. Two people still open their old mail by bookmark; I wrote to both. @Amara Okoye, which floor is the "
    "next one?"
)
TESTED = "Test account moved there and back; filters and signatures came along, the colours of the calendar did not."


def open_receipt() -> NewReceipt:
    """Return the receipt of the train ticket, opened in a process of its own: no transaction may be open meanwhile."""
    return receiving.receive_receipt(train_ticket(), name="ticket.png", store=blobs.store())


def write_late_time(crew: Crew, days: Days, ids: dict[str, int]) -> None:
    """Fill the last working days: what Priya and Lin submitted, and the sheet that Tomasz has not submitted yet."""
    written = [_late(crew, days, line, ids) for line in SUBMITTED]
    for key in ("priya", "lin"):
        own = [entry.id for entry in written if entry.person_id == crew.people[key].id]
        timekeeping.submit(crew.session, actor=crew.actor(key), now=days.at(days.before(1), "19:30"), entry_ids=own)
    for line in DRAFTS:
        _late(crew, days, line, ids)


def forget_a_timer(crew: Crew, days: Days, item_id: int) -> None:
    """Let Élodie's timer run on from the afternoon of the last working day, and ask her in the evening."""
    day, elodie = days.before(1), crew.actor("elodie")
    entry = timekeeping.start_timer(
        crew.session, actor=elodie, now=days.at(day, "16:10"), item_id=item_id, note="Planning call with Verdant"
    )
    events.ask(crew.session, now=days.at(day, "18:52"), entry=entry, reason="idle", until=days.at(day, "16:52"))


def leave_traces(crew: Crew, days: Days, mail_id: int, read_id: int) -> None:
    """Let Tomasz work without a timer: a note whose time he took up, one with a status for Amara, and long reading."""
    session, tomasz = crew.session, crew.actor("tomasz")
    fifth, fourth, second = days.before(5), days.before(4), days.before(2)
    tickets.add_note(session, actor=tomasz, now=days.at(fifth, "11:00"), item_id=mail_id, text=TESTED)
    evening = days.at(fifth, "17:00")
    [one] = proposals.proposed(session, actor=tomasz, now=evening)
    proposals.accept(session, actor=tomasz, now=evening, key=one.proposal.key, worked="0:15", note="Test account moved")
    tickets.add_note(session, actor=tomasz, now=days.at(fourth, "10:12"), item_id=mail_id, text=COPIED)
    projects.set_status(session, actor=tomasz, now=days.at(fourth, "10:20"), item_id=mail_id, status="in_progress")
    number = session.get_one(WorkItem, read_id).number
    for minute in range(1, READ_MINUTES + 1):
        proposals.note_reading(
            session,
            actor=tomasz,
            now=days.at(second, f"14:{2 + minute:02}"),
            number=number,
            span=str(uuid5(NAMESPACE_OID, "the demo's reading")),
            seconds=60 * minute,
        )


def spend(crew: Crew, days: Days, receipt: NewReceipt) -> None:
    """Write three expenses: a train ticket that waits with its receipt, kilometres that are approved, and a draft."""
    session, amara = crew.session, crew.actor("manager")
    project_id = session.scalars(select(Project.id).where(Project.name == NAME)).one()
    car = expenses.add_rate(
        session,
        actor=amara,
        now=days.now,
        unit="km",
        name="Car",
        currency="EUR",
        effective_on=days.of_week(-52, 0),
        amount="0.30",
    )
    train = _expense(
        crew, days, "tomasz", 3, project_id, amount="84.40", note="Train to Bordeaux and back", of="Travel"
    )
    expenses.add_receipts(session, actor=crew.actor("tomasz"), now=days.now, expense=train, files=[receipt])
    drive = _expense(
        crew, days, "priya", 2, project_id, rate=car, distance="126", note="To the site with twelve screens"
    )
    _expense(crew, days, "lin", 1, project_id, amount="19.90", note="Label rolls to test with", of="Hardware")
    for key, expense in (("tomasz", train), ("priya", drive)):
        expenses.submit(session, actor=crew.actor(key), now=days.now, expense_ids=[expense.id])
    expenses.approve(session, actor=amara, now=days.now, expense_ids=[drive.id])


def _late(crew: Crew, days: Days, line: LateLine, ids: dict[str, int]) -> TimeEntry:
    return write(crew, days, line, days.before(line.days_ago), ids[line.on])


def _expense(
    crew: Crew,
    days: Days,
    key: str,
    days_ago: int,
    project_id: int,
    *,
    note: str,
    of: str = "Mileage",
    amount: str = "",
    rate: ExpenseRate | None = None,
    distance: str = "",
) -> Expense:
    category_id = crew.session.scalars(select(ExpenseCategory.id).where(ExpenseCategory.name == of)).one()
    facts = Facts(
        kind="mileage" if rate else "amount",
        spent_on=days.before(days_ago),
        category_id=category_id,
        note=note,
        amount=amount,
        currency="" if rate else "EUR",
        rate_id=rate.id if rate else None,
        distance=distance,
    )
    return expenses.add_expense(crew.session, actor=crew.actor(key), now=days.now, facts=facts, project_id=project_id)
