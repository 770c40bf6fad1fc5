"""Two contacts that are one person become one, and exactly two again (docs/desk.md rules 58 to 60)."""

import threading

import pytest
from sqlalchemy import select, text

from helpdesk.clients import notes, people, queries, service
from helpdesk.clients.domain import Known, likely_doubles, why_not_one
from helpdesk.clients.models import Contact, ContactMerge, Note
from helpdesk.desk import merging_contacts
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.models import AuditRow
from helpdesk.infra.policy import SYSTEM
from helpdesk.kernel.errors import Conflict, NotFound, RuleViolation
from helpdesk.tickets import service as tickets
from helpdesk.tickets.domain import IncomingMail
from helpdesk.tickets.models import Message, Participant, TicketDetails
from helpdesk.tickets.service import same_person
from tests.conftest import NOW
from tests.waiting import eventually

ON_SQLITE = pytest.mark.on_sqlite
TABLES = (Contact, Note, Participant, TicketDetails, Message)


def _mail(text):
    return IncomingMail(
        subject="Printer",
        text=text,
        html=None,
        reply_text=text,
        trimmed_text="",
        message_id=f"<{text}@acme.example>",
        received_at=NOW,
    )


def _contact(session, office, name, email, client_id):
    return service.add_contact(session, actor=SYSTEM, now=NOW, name=name, email=email, client_id=client_id).id


def _whose(session, address):
    found = queries.find_contact(session, address)
    return found.id if found else None


def _write(session, item_id, contact_id, text):
    tickets.add_mail(session, now=NOW, item_id=item_id, contact_id=contact_id, person_id=None, mail=_mail(text))


def _state():
    """Return all rows that a merge may touch, but the events that tell of it."""
    with unit_of_work() as session:
        rows = {
            table.__name__: [
                tuple(getattr(row, column.key) for column in table.__mapper__.column_attrs)
                for row in session.scalars(select(table).order_by(*table.__mapper__.primary_key))
                if getattr(row, "kind", "") != "event"
            ]
            for table in TABLES
        }
        return {name: [tuple(str(value) for value in row) for row in found] for name, found in rows.items()}


@pytest.fixture
def doubles(office):
    """Ann of Acme and her double: one ticket is the double's, both take part in another; notes and an address more."""
    with unit_of_work() as session:
        ann = office.acme_contact.id
        double = _contact(session, office, "Ann A.", "ann@acme.example", office.acme.id)
        for contact_id, number in ((double, 1), (ann, 2)):
            item = tickets.open_ticket(
                session,
                actor=SYSTEM,
                now=NOW,
                project_id=office.acme_project.id,
                title=f"Asked {number}",
                text="",
                requester_id=contact_id,
            )
            _write(session, item.id, contact_id, f"first-{number}")
            if number == 2:
                tickets.add_participants(session, now=NOW, item=item, contact_ids=[double])
                _write(session, item.id, double, "copied")
        manager = office.actor("manager")
        notes.add_note(session, actor=manager, now=NOW, contact_id=double, text="Calls at noon.")
        people.add_address(session, actor=manager, now=NOW, contact_id=double, email="ann@home.example")
    return double, ann


def _merge(office, double, ann, **theirs):
    with unit_of_work() as session:
        merging_contacts.merge(
            session, actor=office.actor("manager"), now=NOW, contact_id=double, into_id=ann, theirs=theirs
        )


def _undo(office, double):
    with unit_of_work() as session:
        merging_contacts.undo(session, actor=office.actor("manager"), now=NOW, contact_id=double)


def test_all_of_a_contact_goes_along_and_an_undo_gives_exactly_that_back(office, doubles):
    double, ann = doubles
    before = _state()

    _merge(office, double, ann, name=True, email=True)

    with unit_of_work() as session:
        kept = session.get_one(Contact, ann)
        assert (kept.name, kept.email) == ("Ann A.", "ann@acme.example")
        for table, whose in ((TicketDetails, TicketDetails.requester_id), (Message, Message.contact_id)):
            assert session.scalars(select(table).where(whose == double)).first() is None
        assert session.scalars(select(Participant).where(Participant.contact_id == double)).first() is None
        for address in ("ann@acme.example", "person@acme.example", "ann@home.example"):
            assert _whose(session, address) == ann
        told = session.scalars(select(Message.text).where(Message.kind == "event")).all()
        assert "merged the contact Ann A. into Ann A., who asks here from now on" in told
    _undo(office, double)

    assert _state() == before
    with unit_of_work() as session:
        trail = session.scalars(select(AuditRow.action).where(AuditRow.object_kind == "contact").order_by(AuditRow.id))
        assert [one for one in trail if "address" not in one and "note" not in one and one != "added"] == [
            "merged",
            "took in",
            "unmerged",
            "gave back",
        ]
    with pytest.raises(Conflict, match="not merged"):
        _undo(office, double)


@ON_SQLITE
def test_what_came_since_stays_where_it_came(office, doubles):
    double, ann = doubles
    _merge(office, double, ann)
    with unit_of_work() as session:
        item_id = session.scalars(
            select(TicketDetails.work_item_id).where(TicketDetails.requester_id == ann).order_by("work_item_id")
        ).all()[0]
        _write(session, item_id, ann, "since")
        people.set_details(
            session,
            actor=office.actor("manager"),
            now=NOW,
            contact_id=ann,
            details=people.ContactDetails(name="Ann the Second", phone="1"),
        )

    _undo(office, double)

    with unit_of_work() as session:
        assert session.scalars(select(Message.contact_id).where(Message.text == "since")).one() == ann
        assert session.get_one(TicketDetails, item_id).requester_id == double
        assert {one.contact_id for one in session.scalars(select(Participant).filter_by(work_item_id=item_id))} == {
            ann,
            double,
        }
        assert session.get_one(Contact, ann).name == "Ann the Second"


@ON_SQLITE
def test_an_address_that_became_the_main_one_goes_home_with_its_owner(office, doubles):
    double, ann = doubles
    _merge(office, double, ann)
    with unit_of_work() as session:
        people.make_main(session, actor=office.actor("manager"), now=NOW, contact_id=ann, address_id=double)

    _undo(office, double)

    with unit_of_work() as session:
        assert session.get_one(Contact, ann).email == "person@acme.example"
        assert session.get_one(Contact, double).email == "ann@acme.example"


@ON_SQLITE
def test_nobody_is_merged_across_clients_or_with_who_takes_part_at_another_one(office, doubles):
    double, ann = doubles
    with pytest.raises(RuleViolation, match="two clients"):
        _merge(office, double, office.globex_contact.id)
    with unit_of_work() as session:
        stranger = _contact(session, office, "Ann", "ann@gmail.example", None)
        tickets.add_participants(session, now=NOW, item=office.globex_ticket, contact_ids=[stranger], known=())
    with pytest.raises(RuleViolation, match="another client"):
        _merge(office, stranger, ann)
    with unit_of_work() as session, pytest.raises(NotFound):  # somebody who does not see Globex is told nothing
        merging_contacts.merge(
            session,
            actor=office.actor("technician"),
            now=NOW,
            contact_id=double,
            into_id=office.globex_contact.id,
            theirs={},
        )


@ON_SQLITE
def test_somebody_unknown_becomes_a_contact_of_the_client_and_a_chain_is_undone_from_its_end(office, doubles):
    double, ann = doubles
    with unit_of_work() as session:
        stranger = _contact(session, office, "Ann", "ann@gmail.example", None)
    _merge(office, stranger, double)
    _merge(office, double, ann)

    with pytest.raises(Conflict, match="merged on"):
        _undo(office, stranger)
    with unit_of_work() as session:
        assert _whose(session, "ann@gmail.example") == ann
    _undo(office, double)
    _undo(office, stranger)
    with unit_of_work() as session:
        assert _whose(session, "ann@gmail.example") == stranger
        assert session.get_one(Contact, stranger).client_id is None


def test_what_came_in_the_moment_of_a_merge_finds_whoever_is_meant(office, doubles):
    double, ann = doubles
    _merge(office, double, ann)
    with unit_of_work() as session:  # read before the merge, written after it
        item = tickets.open_ticket(
            session,
            actor=SYSTEM,
            now=NOW,
            project_id=office.acme_project.id,
            title="Late",
            text="",
            requester_id=double,
        )
        _write(session, item.id, double, "late")
        item_id = item.id

    with unit_of_work() as session:
        assert same_person.gather_strays(session) == 1
        assert same_person.gather_strays(session) == 0
    with unit_of_work() as session:
        assert session.get_one(TicketDetails, item_id).requester_id == ann
        assert session.scalars(select(Message.contact_id).where(Message.text == "late")).one() == ann


@pytest.mark.parametrize("app", ["postgres"], indirect=True)  # SQLite lets one write at a time
def test_strays_stay_where_the_two_are_made_two_again_in_that_moment(app, office, doubles):
    double, ann = doubles
    _merge(office, double, ann)
    with unit_of_work() as session:
        item = tickets.open_ticket(
            session,
            actor=SYSTEM,
            now=NOW,
            project_id=office.acme_project.id,
            title="Late",
            text="",
            requester_id=double,
        )
        item_id, gathered = item.id, []

    def gather():
        with app.app_context(), unit_of_work() as session:
            gathered.append(same_person.gather_strays(session))

    other = threading.Thread(target=gather)
    with unit_of_work() as session:
        merging_contacts.undo(session, actor=office.actor("manager"), now=NOW, contact_id=double)
        other.start()
        eventually(lambda: session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))
    other.join()

    assert gathered == [0]
    with unit_of_work() as session:
        assert session.get_one(TicketDetails, item_id).requester_id == double


@pytest.mark.parametrize("app", ["postgres"], indirect=True)
def test_two_who_merge_the_same_at_once_merge_once(app, office, doubles):
    double, ann = doubles
    refused, gate = [], threading.Barrier(2)

    def attempt(contact_id, into_id):
        with app.app_context():
            gate.wait()
            try:
                _merge(office, contact_id, into_id)
            except RuleViolation as refusal:
                refused.append(str(refusal))

    threads = [threading.Thread(target=attempt, args=pair) for pair in ((double, ann), (ann, double))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(refused) == 1
    with unit_of_work() as session:
        assert len(session.scalars(select(ContactMerge)).all()) == 1
        assert len(session.scalars(select(Contact).where(Contact.same_as_id.is_not(None))).all()) == 2


def test_doubles_share_a_name_a_phone_or_an_address():
    known = [
        Known(1, "Ida Kühn", "ida@kuehn.example", "+49 711 123456"),
        Known(2, "KUHN, Ida", "i.kuehn@kuehn.example", ""),
        Known(3, "Info", "ida+shop@kuehn.example", ""),
        Known(4, "Info", "info@kuehn.example", "0711/12 34 56"),
        Known(5, "Bo Berg", "ida@berg.example", "12"),
        Known(6, "Cy Berg", "cy@berg.example", "12"),
    ]

    assert likely_doubles(known) == [(1, 2, "name"), (1, 3, "address"), (1, 4, "phone")]


@pytest.mark.parametrize(
    ("of", "ours", "into", "fits"),
    [(1, False, 1, True), (None, False, 1, True), (9, True, 1, True), (1, False, 2, False), (1, False, None, False)],
)
def test_one_client_or_nobodys_go_together(of, ours, into, fits):
    assert (why_not_one(of=of, of_is_ours=ours, into=into, is_same=False) == "") is fits


@ON_SQLITE
def test_the_pages_offer_compare_merge_and_undo(office, doubles, sign_in_as):
    double, ann = doubles
    with unit_of_work() as session:
        session.get_one(Contact, double).name = "Person, Acme"
    browser = sign_in_as(office.manager)

    assert f"/contacts/{double}/merge?into={ann}" in browser.get(f"/clients/{office.acme.id}").text
    assert "Acme Person" in browser.get(f"/contacts/{double}/merge").text
    both = browser.get(f"/contacts/{double}/merge?into={ann}").text
    assert both.count('type="radio"') == 4  # name and address differ
    merged = browser.post(f"/contacts/{double}/merge", data={"into": ann, "name": "merged"}, follow_redirects=True)
    assert "Make two of them again" in merged.text
    assert browser.get(f"/contacts/{double}").headers["Location"] == f"/contacts/{ann}"
    again = browser.post(f"/contacts/{double}/unmerge", follow_redirects=True)
    assert "two again since" in again.text
    assert browser.get(f"/contacts/{double}").status_code == 200
