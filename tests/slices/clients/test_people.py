"""People at clients: details, further addresses, notes and who has left (docs/desk.md rules 54 to 57)."""

import pytest
from sqlalchemy import select

from helpdesk.clients import notes, people, queries, service
from helpdesk.clients.models import Contact, Note
from helpdesk.clients.people import ContactDetails
from helpdesk.desk import contact_addresses
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.models import AuditRow
from helpdesk.infra.policy import SYSTEM
from helpdesk.kernel.errors import NotFound, RuleViolation
from tests.conftest import NOW

pytestmark = pytest.mark.on_sqlite


@pytest.fixture
def ann(office):
    return office.acme_contact.id


def _add(office, ann, email, role="manager"):
    with unit_of_work() as session:
        contact_addresses.add(session, actor=office.actor(role), now=NOW, contact_id=ann, email=email)


def test_mail_from_a_further_address_is_that_of_the_contact(office, ann):
    _add(office, ann, "ann@home.example")

    with unit_of_work() as other:
        found = service.add_contact(
            other, actor=office.actor("manager"), now=NOW, name="Ann", email="ANN@home.example", client_id=None
        )
        assert found.id == ann
    with unit_of_work() as other:
        many = queries.foresee_contacts(other, ["ann@home.example", "person@acme.example"])
        assert [contact.id for contact in many] == [ann]


@pytest.mark.parametrize(
    ("email", "why"),
    [
        ("person@globex.example", "somebody of another client"),
        ("technician@halden-okoye.example", "colleague"),
        ("nobody", "no e-mail address"),
    ],
)
def test_an_address_that_is_somebody_elses_is_refused_and_names_nobody_of_another_client(office, ann, email, why):
    with pytest.raises(RuleViolation, match=why) as refusal:
        _add(office, ann, email)

    assert "Globex" not in str(refusal.value)


def test_the_main_address_changes_places_with_a_further_one_and_forgets_its_bounces(session, office, ann):
    _add(office, ann, "ann@home.example")
    with unit_of_work() as other:
        service.note_bounce(other, now=NOW, email="person@acme.example", hard=True, why="gone")
        row = other.scalars(select(Contact).where(Contact.same_as_id == ann)).one()
        kept = people.make_main(other, actor=office.actor("manager"), now=NOW, contact_id=ann, address_id=row.id)
        assert (kept.email, kept.undeliverable_at, row.email) == ("ann@home.example", None, "person@acme.example")
    with unit_of_work() as other:
        service.note_bounce(other, now=NOW, email="person@acme.example", hard=True, why="gone")  # an old mail of ours
    assert session.get_one(Contact, ann).undeliverable_at is None


def test_an_address_that_is_taken_off_is_somebody_new(session, office, ann):
    _add(office, ann, "ann@home.example")
    with unit_of_work() as other:
        row = other.scalars(select(Contact).where(Contact.same_as_id == ann)).one()
        with pytest.raises(NotFound):
            people.remove_address(
                other, actor=office.actor("manager"), now=NOW, contact_id=office.globex_contact.id, address_id=row.id
            )
        people.remove_address(other, actor=office.actor("manager"), now=NOW, contact_id=ann, address_id=row.id)

    assert queries.find_contact(session, "ann@home.example") is None


def test_details_of_a_contact_are_set_and_the_trail_has_what_changed_alone(session, office, ann):
    details = ContactDetails(name="Ann Acme", title="Head of IT", time_zone="America/New_York")
    for _again in range(2):
        with unit_of_work() as other:
            people.set_details(other, actor=office.actor("technician"), now=NOW, contact_id=ann, details=details)

    rows = session.scalars(select(AuditRow).where(AuditRow.object_kind == "contact", AuditRow.action == "changed"))
    assert [row.data for row in rows] == [{"name": "Ann Acme", "title": "Head of IT", "time_zone": "America/New_York"}]
    with pytest.raises(RuleViolation):
        ContactDetails(name="Ann", time_zone="Mars/Olympus")


def test_who_has_left_is_offered_no_more_and_is_taken_back(session, office, ann):
    actor = office.actor("manager")
    for retired in (True, True, False):
        with unit_of_work() as other:
            people.retire(other, actor=actor, now=NOW, contact_id=ann, retired=retired)
            offered = [one.id for one in queries.contacts_to_name(other, actor=actor)]
            assert (ann in offered) is not retired

    actions = session.scalars(select(AuditRow.action).where(AuditRow.object_kind == "contact"))
    assert list(actions) == ["retired", "reactivated"]


def test_notes_are_kept_changed_and_deleted_with_who_did_it(office, ann):
    with unit_of_work() as other:
        kept = notes.add_note(other, actor=office.actor("technician"), now=NOW, contact_id=ann, text="  Calls back. ")
        note_id = kept.id
    with unit_of_work() as other:
        notes.change_note(other, actor=office.actor("manager"), now=NOW, note_id=note_id, text="Calls at noon.")
        found = other.get_one(Note, note_id)
        wrote = (office.technician.id, office.manager.id)
        assert (found.text, found.written_by_id, found.changed_by_id) == ("Calls at noon.", *wrote)
    with unit_of_work() as other, pytest.raises(RuleViolation):
        notes.change_note(other, actor=office.actor("manager"), now=NOW, note_id=note_id, text=" ")
    with unit_of_work() as other:
        notes.delete_note(other, actor=office.actor("manager"), now=NOW, note_id=note_id)
        trail = other.scalars(select(AuditRow).where(AuditRow.action.endswith("note")).order_by(AuditRow.id)).all()
    assert [row.action for row in trail] == ["added note", "changed note", "deleted note"]
    assert all("noon" not in str(row.data) for row in trail)


def test_the_page_of_a_contact_tells_of_them_in_a_few_questions(office, ann, sign_in_as, count_queries):
    _add(office, ann, "ann@home.example")
    with unit_of_work() as session:
        actor = office.actor("technician")
        notes.add_note(session, actor=actor, now=NOW, contact_id=ann, text="Calls <b>back</b>.\nAt noon.")
        details = ContactDetails(name="Ann", phone="+49 711 1, +49 170 2", time_zone="America/New_York")
        people.set_details(session, actor=actor, now=NOW, contact_id=ann, details=details)
    browser = sign_in_as(office.technician)

    with count_queries() as asked:
        page = browser.get(f"/contacts/{ann}")

    assert len([one for one in asked if one != "BEGIN"]) <= 8, "\n".join(asked)
    for words in ("ann@<wbr>", "tel:+491702", "05:00", "America/New York", "&lt;b&gt;back", "Technician Person"):
        assert words.replace("ann@<wbr>", "home.example") in page.text
    assert browser.get("/search/results?q=home").text.count(f"/contacts/{ann}") == 1


def test_who_writes_from_a_domain_of_the_client_and_belongs_nowhere_becomes_its_contact(office, sign_in_as):
    with unit_of_work() as session:
        for email in ("new@acme.example", "new@notacme.example", "deep@sub.acme.example"):
            service.add_contact(session, actor=SYSTEM, now=NOW, name=email, email=email, client_id=None)
    browser, page = sign_in_as(office.manager), f"/clients/{office.acme.id}"

    assert "1 person who belongs nowhere yet writes from it" in browser.get(page).text
    said = browser.post(f"{page}/domains/acme.example/adopt", follow_redirects=True).text
    assert "1 person is a contact of this client now" in said
    with unit_of_work() as session:
        theirs = {one.email for one in queries.contacts_of(session, office.acme.id)}
    assert theirs == {"person@acme.example", "new@acme.example"}
