"""What hangs on a ticket, a message or a contact goes along with it, and back (docs/desk.md rules 112 and 113)."""

import pkgutil
from importlib import import_module

import pytest
from sqlalchemy import select

import helpdesk
from helpdesk.clients import service as clients
from helpdesk.desk import bulk, merging_contacts, requester, splitting, talking
from helpdesk.desk import service as desk
from helpdesk.desk.bulk import Picked
from helpdesk.desk.opening import Whom
from helpdesk.desk.worked_time import WorkedTime
from helpdesk.infra.db import Base, unit_of_work
from helpdesk.notices.models import Notice
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import service as tickets
from helpdesk.tickets.models import ItemLink, Message, Participant, TicketDetails
from helpdesk.tickets.service import Spoken
from helpdesk.timekeeping.models import TimeEntry
from tests.conftest import NOW
from tests.slices.desk.conftest import open_ticket
from tests.slices.desk.test_merging import merge, people, undo

pytestmark = [pytest.mark.usefixtures("rung"), pytest.mark.on_sqlite]

STAYS = "stays: it is history of the ticket, or its money"
MESSAGES = "goes with the messages, comes back with them"
OF_ITEMS = {
    "automation_events.work_item_id": "stays: no rule acts on a merged ticket",
    "automation_runs.work_item_id": STAYS,
    "baseline_tasks.work_item_id": "of tasks alone, which are not merged",
    "drafts.work_item_id": "goes along, but where its person has begun something there",
    "expenses.work_item_id": STAYS,
    "inbound_effects.work_item_id": MESSAGES,
    "invoice_lines.work_item_id": STAYS,
    "item_followers.work_item_id": "goes along, but for who said no there",
    "item_links.other_id": "goes along, but where the two are linked, or a part would have two wholes",
    "item_links.work_item_id": "goes along, but where the two are linked, or a part would have two wholes",
    "item_presence.work_item_id": "stays, for a minute",
    "item_tags.work_item_id": STAYS,
    "line_questions.work_item_id": STAYS,
    "messages.work_item_id": MESSAGES,
    "notices.work_item_id": MESSAGES,
    "participants.work_item_id": "is copied there, and the copy goes",
    "proposal_decisions.work_item_id": "stays, and counts for the other",
    "reading_spans.work_item_id": "stays, and counts for the other",
    "satisfaction_questions.work_item_id": "stays; an answer stands on the other",
    "sla_clocks.work_item_id": "is derived anew on both",
    "task_details.parent_id": "of tasks alone, which are not merged",
    "task_details.work_item_id": "of tasks alone, which are not merged",
    "task_links.predecessor_id": "of tasks alone, which are not merged",
    "task_links.successor_id": "of tasks alone, which are not merged",
    "thread_references.work_item_id": "stays, and leads to the other",
    "ticket_details.merged_into_id": "is what a merge says",
    "ticket_details.related_to_id": STAYS,
    "ticket_details.work_item_id": STAYS,
    "ticket_dues.work_item_id": "is derived anew on both",
    "ticket_forms.work_item_id": "stays: the form says which ticket it opened",
    "ticket_merges.into_id": "earlier ones are kept as earlier",
    "ticket_merges.work_item_id": "is what a merge says",
    "time_entries.work_item_id": STAYS,
    "timer_events.work_item_id": STAYS,
    "timesheet_rows.work_item_id": STAYS,
}
OF_MESSAGES = {
    "attachments.message_id": "goes with it",
    "inbound_effects.message_id": "goes with it",
    "participants.message_id": "says by which mail they came",
    "remote_pictures.message_id": "goes with it",
    "takebacks.message_id": "goes: what is merged is taken back no more",
    "talks.message_id": "goes with it",
}
OF_CONTACTS = {
    "client_notes.contact_id": "goes along, comes back",
    "contact_merges.contact_id": "is what a merge says",
    "contact_merges.into_id": "is undone in its order",
    "contacts.same_as_id": "goes along, comes back",
    "messages.contact_id": "goes along, comes back",
    "participants.contact_id": "goes along, comes back",
    "satisfaction_questions.contact_id": "goes along, comes back",
    "talks.contact_id": "goes along, comes back",
    "ticket_details.reporter_id": "goes along, comes back",
    "ticket_details.requester_id": "goes along, comes back",
}


@pytest.mark.parametrize(
    ("table", "decided"), [("work_items", OF_ITEMS), ("messages", OF_MESSAGES), ("contacts", OF_CONTACTS)]
)
def test_of_everything_that_refers_to_them_somebody_has_said_what_a_merge_does_with_it(table, decided):
    for module in pkgutil.walk_packages(helpdesk.__path__, "helpdesk."):
        if module.name.endswith(".models"):
            import_module(module.name)

    found = {
        f"{one.name}.{column.name}"
        for one in Base.metadata.tables.values()
        for column in one.columns
        if any(key.column.table.name == table for key in column.foreign_keys)
    }

    assert found == set(decided)


def item_at(session, number):
    return session.scalars(select(WorkItem).where(WorkItem.number == number)).one()


def id_of(number):
    with unit_of_work() as session:
        return item_at(session, number).id


def links(number):
    """Return to what a ticket leads: the number of the other, and what this one is to it."""
    with unit_of_work() as session:
        item = item_at(session, number)
        rows = session.scalars(
            select(ItemLink).where((ItemLink.work_item_id == item.id) | (ItemLink.other_id == item.id))
        )
        ends = [
            (row.other_id, row.kind, True) if row.work_item_id == item.id else (row.work_item_id, row.kind, False)
            for row in rows
        ]
        numbers = {one.id: one.number for one in session.scalars(select(WorkItem))}
        return sorted((numbers[far], kind, below) for far, kind, below in ends)


def link(office, number, other, how):
    with unit_of_work() as session:
        ends = [item_at(session, one) for one in (number, other)]
        tickets.link(session, actor=office.actor("technician"), now=NOW, item=ends[0], other=ends[1], how=how)


def test_links_go_along_with_a_merge_and_come_back(office):
    item, into, part, near, whole, both = (open_ticket(office, title=f"Ticket {n}") for n in range(6))
    link(office, part, item, "part")
    link(office, item, near, "related")
    link(office, item, whole, "part")
    link(office, item, both, "duplicate")
    link(office, into, both, "related")
    before = {number: links(number) for number in (item, into, part, near, whole, both)}

    merge(office, item, into)

    assert links(item) == [(both, "duplicate", True)]
    assert links(into) == [
        (part, "part", False),
        (near, "related", True),
        (whole, "part", True),
        (both, "related", True),
    ]
    link(office, into, open_ticket(office, title="Since"), "related")
    with unit_of_work() as session:
        near_now = item_at(session, near)
        tickets.unlink(
            session,
            actor=office.actor("technician"),
            now=NOW,
            item=near_now,
            other=item_at(session, into),
        )
    undo(office, item)
    assert links(item) == [one for one in before[item] if one[0] != near]
    assert [one[1:] for one in links(into)] == [("related", True), ("related", True)]
    assert (links(part), links(whole)) == (before[part], before[whole])


def test_no_circle_and_no_second_whole_comes_of_a_merge(office):
    item, into, above, part = (open_ticket(office, title=f"Ticket {n}") for n in range(4))
    link(office, into, above, "part")
    link(office, item, part, "part")
    link(office, above, item, "part")

    merge(office, item, into)

    assert links(item) == [(above, "part", False), (part, "part", True)]
    assert links(into) == [(above, "part", True)]


def test_what_people_are_told_leads_to_where_it_stands_by_now(office, mailbox, sign_in_as):
    item, into = open_ticket(office), open_ticket(office)
    with unit_of_work() as session:
        who = {"actor": office.actor("manager"), "now": NOW}
        desk.assign(session, **who, number=item, assignee_id=office.technician.id)
        note = desk.add_note(session, **who, number=item, text="Look at this.").id
    with unit_of_work() as session:
        row = session.scalars(select(Notice).where(Notice.key == f"message:{note}")).one()
        kept = {one.key: getattr(row, one.key) for one in Notice.__mapper__.column_attrs if one.key != "id"}
        session.add(Notice(**{**kept, "kind": "undelivered", "key": "undelivered:7:1"}))

    def told():
        with unit_of_work() as session:
            keys = (f"message:{note}", "undelivered:7:1")
            rows = session.scalars(select(Notice).where(Notice.key.in_(keys))).all()
            first, second = [(row.work_item_id, row.path, row.read_at is not None) for row in rows]
            assert first == second
            return first

    assert told() == (id_of(item), f"/items/{item}#m{note}", False)
    merge(office, item, into)
    assert told() == (id_of(into), f"/items/{into}#m{note}", False)
    undo(office, item)
    assert told() == (id_of(item), f"/items/{item}#m{note}", False)
    with unit_of_work() as session:
        new = splitting.split(session, **who, item=item_at(session, item), message_id=note, title="Apart")
        number, new_id = new.number, new.id
    assert told() == (new_id, f"/items/{number}#m{note}", False)
    sign_in_as(office.technician).post(f"/items/{number}/noticed", data={"until": "99"})
    assert told() == (new_id, f"/items/{number}#m{note}", True)


def test_an_act_is_not_undone_on_a_ticket_that_was_merged_since_until_the_merge_is(office):
    item, into, actor = open_ticket(office), open_ticket(office), office.actor("technician")
    with unit_of_work() as session:
        how = {"actor": actor, "now": NOW}
        act_id = bulk.act(session, **how, picked=[Picked(item, 1)], what="priority", value="high").act_id or 0
    merge(office, item, into)

    with unit_of_work() as session:
        refused = bulk.undo(session, **how, act_id=act_id)
    assert [one.why for one in refused.refusals] == [
        f"#{item} was merged into #{into}. Go on there, or undo the merge first."
    ]
    undo(office, item)
    with unit_of_work() as session:
        assert bulk.undo(session, **how, act_id=act_id).changed == 1
    with unit_of_work() as session:
        assert item_at(session, item).priority == "normal"


def add_contact(office, name):
    with unit_of_work() as session:
        how = {"actor": office.actor("manager"), "now": NOW, "client_id": office.acme.id}
        return clients.add_contact(session, **how, name=name, email=f"{name.lower()}@acme.example").id


def be_one(office, contact_id, into_id):
    with unit_of_work() as session:
        merging_contacts.merge(
            session, actor=office.actor("manager"), now=NOW, contact_id=contact_id, into_id=into_id, theirs={}
        )


def test_whoever_was_merged_into_somebody_since_goes_home_with_the_ticket(office):
    ann, double = add_contact(office, "Ann"), add_contact(office, "Annie")
    item, into = open_ticket(office), open_ticket(office)
    with unit_of_work() as session:
        tickets.add_participants(session, now=NOW, item=item_at(session, item), contact_ids=[double])
    before = people(id_of(into))
    merge(office, item, into)
    assert people(id_of(into)) == sorted([*before, "annie@acme.example"])

    be_one(office, double, ann)
    undo(office, item)

    assert people(id_of(into)) == before
    assert "ann@acme.example" in people(id_of(item))


def test_another_requester_is_undone_though_they_are_somebody_else_by_now(office):
    ann, double = add_contact(office, "Ann"), add_contact(office, "Annie")
    number, actor = open_ticket(office), office.actor("technician")
    with unit_of_work() as session:
        asked = session.get_one(TicketDetails, item_at(session, number).id).requester_id
        act_id = requester.change(
            session, actor=actor, now=NOW, number=number, whom=Whom(contact_id=double), former_in_copy=True
        )
    be_one(office, double, ann)

    with unit_of_work() as session:
        assert bulk.undo(session, actor=actor, now=NOW, act_id=act_id).refusals == ()

    with unit_of_work() as session:
        assert session.get_one(TicketDetails, item_at(session, number).id).requester_id == asked
        assert session.get(Participant, (item_at(session, number).id, ann)) is None


def test_a_call_that_a_merge_brought_is_deleted_with_its_time_on_the_other_ticket(office):
    item, into, actor = open_ticket(office), open_ticket(office), office.actor("technician")
    with unit_of_work() as session:
        spoken, time = Spoken("call", "Monday.", who=office.acme_contact.name), WorkedTime("10m", None, "billable")
        call = talking.log_talk(session, actor=actor, now=NOW, number=item, spoken=spoken, time=time).id
    merge(office, item, into)

    with unit_of_work() as session:
        talking.remove_talk(session, actor=actor, now=NOW, number=into, message_id=call)

    with unit_of_work() as session:
        assert session.scalars(select(TimeEntry)).all() == []
        assert session.get_one(Message, call).kind == "event"
    undo(office, item)
    with unit_of_work() as session:
        assert session.get_one(Message, call).work_item_id == item_at(session, item).id
