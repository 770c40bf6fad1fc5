"""What rules, blocked senders, floods and addresses of projects do to mail that opens a ticket."""

from dataclasses import dataclass, replace

import pytest
from sqlalchemy import select

from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.intake.domain.rules import condition
from helpdesk.intake.models import InboundEffect, InboundMessage, IntakeLimits, IntakeSource
from helpdesk.intake.service import acts, blocking, rules
from helpdesk.intake.service.rules import RuleSettings
from helpdesk.kernel.errors import RuleViolation
from helpdesk.notices.models import Notice
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.projects import service as projects
from helpdesk.projects.models import Project, WorkItem
from tests.conftest import NOW
from tests.mails import mail

pytestmark = pytest.mark.usefixtures("rung")

STRANGER = "Mon <alerts@mon.elsewhere.example>"
MACHINE = {"Auto-Submitted": "auto-generated"}
DOWN = RuleSettings(
    name="Monitoring", conditions=(condition(field="subject", operator="contains", value="down"),), priority="urgent"
)


def rule(**changes):
    with unit_of_work() as session:
        return rules.add_rule(session, actor=SYSTEM, now=NOW, settings=replace(DOWN, **changes)).id


@dataclass(frozen=True)
class Opened:
    """The ticket that a mail opened."""

    project_id: int
    project_name: str
    assignee_id: int | None
    priority: str
    tags: list[str]


def ticket_of(line):
    with unit_of_work() as session:
        item = session.get_one(WorkItem, session.get_one(InboundEffect, line.id).work_item_id)
        tags = [one.tag for one in item.tags]
        return Opened(item.project_id, item.project.name, item.assignee_id, item.priority, tags)


def tickets():
    with unit_of_work() as session:
        return len(list(session.scalars(select(InboundEffect))))


def project(office, name="Ops", client=None):
    with unit_of_work() as session:
        client_id = (client or office.house).id
        return projects.add_project(
            session, actor=SYSTEM, now=NOW, client_id=client_id, name=name, billing="internal"
        ).id


def acknowledgements():
    with unit_of_work() as session:
        return len(list(session.scalars(select(OutgoingMessage).where(OutgoingMessage.purpose == "acknowledgement"))))


class TestRules:
    def test_a_rule_gives_a_ticket_its_project_person_priority_and_tags_and_says_so(self, inbox, office):
        ops = project(office)
        rule(name="Other", conditions=(condition(field="subject", operator="is", value="x"),))
        rule(project_id=ops, assignee_id=office.technician.id, tags=("disk", "monitoring"))

        line = inbox.receive(mail(subject="db1 is down", sender=STRANGER))

        item = ticket_of(line)
        assert (item.project_id, item.assignee_id, item.priority) == (ops, office.technician.id, "urgent")
        assert item.tags == ["disk", "monitoring"]
        name = office.technician.name
        said = f"rule 2 'Monitoring': project Ops, assigned to {name}, priority urgent, tags disk monitoring"
        assert said in line.reasons
        assert "project by a rule: Ops" in line.reasons
        with unit_of_work() as session:
            told = session.scalars(select(Notice)).one()
            letter = session.scalars(select(OutgoingMessage).where(OutgoingMessage.purpose == "notification")).one()
        assert (told.person_id, told.kind, told.mail_due_at) == (office.technician.id, "assigned", None)
        assert letter.to[0]["address"] == office.technician.email

    def test_the_first_rule_that_fits_counts_and_one_that_is_off_does_not(self, inbox):
        rule(name="Off", active=False, priority="low")
        rule(name="First")
        rule(name="Second", priority="high")

        assert ticket_of(inbox.receive(mail(subject="down"))).priority == "urgent"

    def test_an_answer_to_a_ticket_skips_the_rules(self, inbox):
        first = inbox.receive(mail(subject="Printer"))
        rule(ignore_reason="noise", priority=None)

        line = inbox.receive(mail(subject="Re: it is down", headers={"In-Reply-To": first.message_id}))

        assert line.outcome == "reply"

    def test_a_rule_ignores_mail_with_its_reason_in_the_log(self, inbox):
        rule(name="News", ignore_reason="a newsletter", priority=None)

        line = inbox.receive(mail(subject="Prices go down"))

        assert (line.state, line.outcome, line.reasons) == ("ignored", "rule", ["rule 1 'News': ignored, a newsletter"])
        assert (tickets(), acknowledgements()) == (0, 0)

    def test_a_person_makes_a_ticket_of_what_a_rule_ignored(self, inbox, office):
        rule(name="News", ignore_reason="a newsletter", priority=None)
        line = inbox.receive(mail(subject="Prices go down"))

        with unit_of_work() as session:
            acts.make_ticket(session, actor=office.actor("manager"), inbound_id=line.id, now=NOW)

        assert inbox.handle(line.id).outcome == "ticket"

    def test_a_monitoring_system_opens_tickets_by_rule_and_is_never_answered(self, inbox):
        assert inbox.receive(mail(subject="db1 down", sender=STRANGER, headers=MACHINE)).state == "ignored"
        rule(automatic_may_open=True)

        line = inbox.receive(mail(subject="db2 down", sender=STRANGER, headers=MACHINE))

        assert (line.outcome, ticket_of(line).priority) == ("ticket", "urgent")
        assert "not acknowledged: automatic mail" in line.reasons
        assert "rule 1 'Monitoring': priority urgent, a machine may open tickets" in line.reasons
        assert acknowledgements() == 0

    def test_the_contacts_client_comes_before_the_project_of_a_rule(self, inbox, office):
        rule(project_id=office.globex_project.id)

        line = inbox.receive(mail(subject="down", sender="Acme Person <person@acme.example>"))

        assert ticket_of(line).project_id == office.acme_project.id
        said = (
            f"rule 1 'Monitoring': not project {office.globex_project.name}: the sender's client, or the mailbox, "
            "comes first, priority urgent"
        )
        assert said in line.reasons

    def test_a_rule_chooses_among_the_projects_of_the_contacts_client(self, inbox, office):
        website = project(office, "Website", office.acme)
        rule(project_id=website)

        lines = [inbox.receive(mail(subject="down", sender="person@acme.example")) for _ in range(2)]

        assert [ticket_of(line).project_id for line in lines] == [website, website]

    def test_the_mailbox_comes_before_a_rule_and_a_rule_before_the_domain(self, inbox, office):
        rule(project_id=project(office))
        by_rule = inbox.receive(mail(subject="down", sender="new@acme.example"))
        with unit_of_work() as session:
            session.get_one(IntakeSource, inbox.source_id).default_project_id = office.globex_project.id

        by_mailbox = inbox.receive(mail(subject="down", sender=STRANGER))

        assert ticket_of(by_rule).project_name == "Ops"
        assert ticket_of(by_mailbox).project_id == office.globex_project.id

    def test_a_rule_that_names_what_is_no_longer_there_does_the_rest(self, inbox, office):
        ops = project(office)
        rule(project_id=ops, assignee_id=office.technician.id, tags=("x",))
        with unit_of_work() as session:
            session.get_one(Project, ops).status = "done"
            session.merge(office.technician).active = False

        line = inbox.receive(mail(subject="down", sender=STRANGER))

        item = ticket_of(line)
        assert (item.project_id, item.assignee_id, item.tags) == (office.triage.id, None, ["x"])
        assert "not project Ops: it is closed" in " ".join(line.reasons)
        assert "does not work on tickets" in " ".join(line.reasons)


class TestAddressesOfProjects:
    def test_a_plus_address_leads_to_its_project(self, inbox, office):
        ops = project(office)
        with unit_of_work() as session:
            projects.set_mail_slug(session, actor=SYSTEM, now=NOW, project_id=ops, slug="Ops")

        line = inbox.receive(mail(sender=STRANGER, to="Support+OPS@halden-okoye.example"))
        foreign = inbox.receive(mail(sender="Bob <bob@b.example>", to="support+ops@elsewhere.example"))

        assert ticket_of(line).project_id == ops
        assert "project by address: Ops" in line.reasons
        assert ticket_of(foreign).project_id == office.triage.id

    @pytest.mark.usefixtures("inbox")
    def test_the_page_of_a_project_shows_its_whole_address(self, office, sign_in_as):
        browser = sign_in_as(office.manager)

        browser.post(f"/projects/{office.acme_project.id}/address", data={"slug": "Acme-Web"})
        page = browser.get(f"/projects/{office.acme_project.id}").text
        form = browser.get(f"/projects/{office.acme_project.id}/address").text

        assert "support+acme-web@halden-okoye.example" in page.replace("<wbr>", "")
        assert 'value="acme-web"' in form

    def test_a_contact_of_another_client_stays_with_their_own(self, inbox, office):
        with unit_of_work() as session:
            project_id = office.globex_project.id
            projects.set_mail_slug(session, actor=SYSTEM, now=NOW, project_id=project_id, slug="globex")

        line = inbox.receive(mail(sender="person@acme.example", to="support+globex@halden-okoye.example"))

        assert ticket_of(line).project_id == office.acme_project.id

    @pytest.mark.parametrize("slug", ["t.1", "s.1.2.x", "a", "ä", "-ops", "two words", "x" * 41])
    def test_what_could_be_mistaken_for_a_signed_address_is_refused(self, office, slug):
        with unit_of_work() as session, pytest.raises(RuleViolation, match="Small letters"):
            projects.set_mail_slug(session, actor=SYSTEM, now=NOW, project_id=office.triage.id, slug=slug)

    def test_two_projects_never_share_an_address(self, office):
        with unit_of_work() as session:
            projects.set_mail_slug(session, actor=SYSTEM, now=NOW, project_id=office.triage.id, slug="ops")

        with unit_of_work() as session, pytest.raises(RuleViolation, match="already"):
            projects.set_mail_slug(session, actor=SYSTEM, now=NOW, project_id=office.acme_project.id, slug="OPS")


class TestBlockedSenders:
    @pytest.mark.parametrize("pattern", ["eve@spam.example", "spam.example"])
    def test_mail_of_a_blocked_sender_is_spam_in_the_log_and_nothing_else(self, inbox, pattern):
        with unit_of_work() as session:
            blocking.block(session, actor=SYSTEM, now=NOW, pattern=pattern)

        line = inbox.receive(mail(sender="Eve <EVE@spam.example>"))

        assert (line.state, line.outcome) == ("ignored", "spam")
        assert "is blocked" in line.reasons[0]
        assert (tickets(), acknowledgements()) == (0, 0)

    def test_a_blocked_domain_covers_what_lies_below_it_and_nothing_beside(self, inbox):
        with unit_of_work() as session:
            blocking.block(session, actor=SYSTEM, now=NOW, pattern="spam.example")

        below = inbox.receive(mail(sender="eve@a.spam.example"))
        beside = inbox.receive(mail(sender="eve@notspam.example"))

        assert (below.outcome, beside.outcome) == ("spam", "ticket")

    def test_a_person_makes_a_ticket_of_what_was_called_spam(self, inbox, office):
        with unit_of_work() as session:
            blocking.block(session, actor=SYSTEM, now=NOW, pattern="spam.example")
        line = inbox.receive(mail(sender="eve@spam.example"))

        with unit_of_work() as session:
            acts.make_ticket(session, actor=office.actor("manager"), inbound_id=line.id, now=NOW)

        assert inbox.handle(line.id).outcome == "ticket"

    def test_mail_that_a_filter_took_for_spam_is_a_ticket_without_an_acknowledgement(self, inbox):
        line = inbox.receive(mail(headers={"X-Spam-Flag": "YES"}))

        assert line.outcome == "ticket"
        assert "not acknowledged: a filter took the mail for spam" in line.reasons
        assert any("marked it as spam" in reason for reason in line.reasons)
        assert acknowledgements() == 0


class TestFloods:
    @pytest.fixture(autouse=True)
    def at_most_two_an_hour(self, inbox):
        assert inbox.source_id
        with unit_of_work() as session:
            session.add(IntakeLimits(new_tickets_an_hour=2))

    def test_a_sender_who_opens_too_many_tickets_is_held_until_the_hour_is_over(self, inbox, fixed_clock):
        lines = [inbox.receive(mail(subject=f"Alarm {number}")) for number in range(4)]
        other = inbox.receive(mail(sender="bob@acme.example"))
        fixed_clock.advance(minutes=61)
        later = inbox.receive(mail(subject="Alarm again"))

        assert [(line.state, line.outcome) for line in lines] == [("done", "ticket")] * 2 + [("held", "capped")] * 2
        assert lines[2].reasons[0] == "held: ann@acme.example opened 2 tickets within an hour"
        assert (other.outcome, later.outcome) == ("ticket", "ticket")

    def test_an_answer_is_never_held(self, inbox):
        lines = [inbox.receive(mail(subject=f"Alarm {number}")) for number in range(2)]

        answer = inbox.receive(mail(headers={"In-Reply-To": lines[0].message_id}))

        assert answer.outcome == "reply"

    def test_capitals_in_the_address_make_no_other_sender(self, inbox):
        senders = ("ann@acme.example", "Ann@acme.example", "ANN@ACME.example")

        assert [inbox.receive(mail(sender=one)).outcome for one in senders] == ["ticket", "ticket", "capped"]

    def test_the_backlog_of_a_mailbox_is_no_flood(self, inbox, fixed_clock):
        with unit_of_work() as session:
            session.get_one(IntakeSource, inbox.source_id).starts_at = fixed_clock.advance(minutes=1)
        fixed_clock.advance(minutes=-1)

        assert {inbox.receive(mail(subject=f"Alarm {number}")).outcome for number in range(4)} == {"ticket"}


class TestDecidingAboutAFlood:
    @pytest.fixture
    def held(self, inbox):
        with unit_of_work() as session:
            session.add(IntakeLimits(new_tickets_an_hour=1))
        inbox.receive(mail(sender="bob@acme.example"))
        inbox.receive(mail(sender="bob@acme.example"))
        return [inbox.receive(mail(subject=f"Alarm {number}")) for number in range(3)][1:]

    @pytest.mark.usefixtures("held")
    def test_the_log_shows_a_group_for_each_sender_with_its_acts(self, office, sign_in_as):
        page = sign_in_as(office.manager).get("/inbound?outcome=held").text

        assert "Make tickets of all 2" in page
        assert "Make a ticket of it" in page
        assert "the newest: “Alarm 2”" in page

    def test_all_held_mail_of_a_sender_becomes_tickets_without_acknowledgements(self, inbox, office, held, sign_in_as):
        before = acknowledgements()

        answer = sign_in_as(office.manager).post("/inbound/floods/open", data={"address": "ann@acme.example"})
        lines = [inbox.handle(line.id) for line in held]

        assert answer.status_code == 303
        assert [(line.outcome, line.decisions) for line in lines] == [("ticket", ["open_ticket"])] * 2
        assert acknowledgements() == before
        page = sign_in_as(office.manager).get("/inbound?outcome=held").text
        assert ("Alarm" in page, "bob@" in page.replace("<wbr>", "")) == (False, True)

    def test_all_held_mail_of_a_sender_is_ignored_and_can_still_become_a_ticket(self, inbox, office, held, sign_in_as):
        browser = sign_in_as(office.manager)

        browser.post("/inbound/floods/ignore", data={"address": "ann@acme.example"})

        with unit_of_work() as session:
            lines = [session.get_one(InboundMessage, line.id) for line in held]
        assert {(line.state, line.outcome) for line in lines} == {("ignored", "set_aside")}
        assert lines[0].reasons[0] == "ignored by Manager Person: too many at once"
        browser.post(f"/inbound/{held[0].id}/make-ticket")
        assert inbox.handle(held[0].id).outcome == "ticket"

    def test_what_somebody_decided_already_is_a_conflict(self, office, sign_in_as):
        answer = sign_in_as(office.manager).post("/inbound/floods/open", data={"address": "x@y.example"})

        assert answer.status_code == 409
