"""Rules over mail as an administrator sets them up, and tries them out over stored mail first."""

import pytest
from sqlalchemy import select

from helpdesk.infra.db import unit_of_work
from helpdesk.intake.models import BlockedSender, InboundMessage, MailRule
from helpdesk.intake.service import dry_run
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.projects.models import WorkItem
from tests.access.tables.intake import RULE
from tests.mails import mail

pytestmark = [pytest.mark.usefixtures("rung"), pytest.mark.on_sqlite]

URL = "/settings/mail-rules"


def rules():
    with unit_of_work() as session:
        return list(session.scalars(select(MailRule).order_by(MailRule.position)))


def add(browser, **fields):
    answer = browser.post(f"{URL}/new", data=RULE | fields)
    assert answer.status_code == 303, answer.text


def test_a_rule_is_entered_with_several_conditions_and_shown_in_words(office, sign_in_as):
    browser = sign_in_as(office.admin)

    add(
        browser,
        name="Monitoring",
        field_1="header",
        operator_1="exists",
        header_1="X-Monitor",
        project_id=str(office.acme_project.id),
        assignee_id=str(office.technician.id),
        priority="urgent",
        tags="Disk, monitoring disk",
        automatic_may_open="y",
    )
    page = browser.get(URL).text

    (rule,) = rules()
    assert (rule.position, rule.active, rule.tags, rule.automatic_may_open) == (1, True, ["disk", "monitoring"], True)
    assert [one["field"] for one in rule.conditions] == ["subject", "header"]
    assert "Subject contains “printer”" in page
    assert "X-Monitor is there" in page
    assert "assign to" in page
    assert "priority urgent" in page


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"field_0": ""}, "at least one condition"),
        ({"priority": ""}, "at least one thing"),
        ({"ignore_reason": "newsletter"}, "does nothing else"),
        ({"value_0": ""}, "what to compare with"),
        ({"field_0": "header", "header_0": ""}, "name of the header"),
        ({"operator_0": "in_domain"}, "can lie in a domain"),
        ({"name": ""}, "This field is required"),
        ({"tags": " ".join(f"t{n}" for n in range(11))}, "At most 10 tags"),
        ({"project_id": "99999"}, "Not a valid choice"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_and_keeps_what_was_typed(office, sign_in_as, change, says):
    answer = sign_in_as(office.admin).post(f"{URL}/new", data=RULE | change)

    assert answer.status_code == 422
    assert says in answer.text
    assert 'value="x-ignored"' in answer.text
    assert rules() == []


def test_rules_are_put_in_order_switched_off_and_deleted(office, sign_in_as):
    browser = sign_in_as(office.admin)
    for name in ("First", "Second", "Third"):
        add(browser, name=name)
    first, _, third = (rule.id for rule in rules())

    browser.post(f"{URL}/{third}/up")
    browser.post(f"{URL}/{first}/up")
    browser.post(f"{URL}/{first}/off")
    browser.post(f"{URL}/{third}/delete")

    assert [(rule.name, rule.position, rule.active) for rule in rules()] == [("First", 1, False), ("Second", 2, True)]
    assert "Off" in browser.get(URL).text


def test_a_rule_is_changed_and_keeps_its_place(office, sign_in_as):
    browser = sign_in_as(office.admin)
    add(browser, name="First")
    add(browser, name="Second")
    (first, _) = rules()
    page = browser.get(f"{URL}/{first.id}").text

    answer = browser.post(f"{URL}/{first.id}", data=RULE | {"name": "Was first", "value_0": "scanner"})

    assert 'value="printer"' in page
    assert answer.status_code == 303
    assert [(rule.name, rule.position) for rule in rules()] == [("Was first", 1), ("Second", 2)]
    assert rules()[0].conditions[0]["value"] == "scanner"


class TestTryingARule:
    def test_it_lists_what_would_have_been_otherwise_and_changes_nothing(self, office, inbox, sign_in_as):
        inbox.receive(mail(subject="The printer is on fire"))
        inbox.receive(mail(subject="Lunch"))
        machine = inbox.receive(mail(subject="Printer alert", headers={"Auto-Submitted": "auto-generated"}))
        with unit_of_work() as session:
            before = (session.query(WorkItem).count(), session.query(OutgoingMessage).count())
        browser = sign_in_as(office.admin)

        answer = browser.post(f"{URL}/new", data=RULE | {"act": "try", "tags": "paper", "automatic_may_open": "y"})

        assert answer.status_code == 200
        assert "Looked at 3 stored mails" in answer.text
        assert "The rule fits 2 of them." in answer.text
        assert "priority urgent, not normal" in answer.text.replace("Urgent", "urgent").replace("Normal", "normal")
        assert "tags paper" in answer.text
        assert "Ignored as automatic" in answer.text
        assert "a ticket" in answer.text
        assert "Lunch" not in answer.text
        assert rules() == []
        with unit_of_work() as session:
            assert (session.query(WorkItem).count(), session.query(OutgoingMessage).count()) == before
            assert session.get_one(InboundMessage, machine.id).state == "ignored"

    def test_answers_and_mail_that_an_earlier_rule_decides_are_counted_apart(self, office, inbox, sign_in_as):
        first = inbox.receive(mail(subject="Printer", message_id="<one@acme.example>"))
        inbox.receive(mail(subject="Re: Printer", headers={"In-Reply-To": first.message_id}))
        inbox.receive(mail(subject="Printer in the cellar"))
        browser = sign_in_as(office.admin)
        add(browser, name="Cellar", value_0="cellar")

        page = browser.post(f"{URL}/new", data=RULE | {"act": "try"}).text

        assert "The rule fits 1 of them." in page
        assert "1 more meets the conditions, but belongs to a ticket" in page
        assert "For 1 more an earlier rule counts." in page

    def test_a_saved_rule_is_tried_from_the_list(self, office, inbox, sign_in_as):
        inbox.receive(mail(subject="Printer"))
        browser = sign_in_as(office.admin)
        add(browser)

        page = browser.get(f"{URL}/{rules()[0].id}?try=1").text

        assert "The rule fits 1 of them." in page

    def test_it_asks_as_little_for_many_mails_as_for_few(self, office, inbox, sign_in_as, count_queries):
        browser = sign_in_as(office.admin)
        place = {"project_id": str(office.globex_project.id), "assignee_id": str(office.technician.id)}
        add(browser, name="Before", value_0="scanner", **place)
        add(browser, name="Tried", tags="paper", **place)
        asked = {}
        for mails in (1, 5):
            for number in range(mails):
                who = f"Somebody <{number}-{mails}@{'acme' if number else 'elsewhere'}.example>"
                inbox.receive(mail(sender=who, subject=f"Printer {number}"))
            with count_queries() as statements:
                page = browser.get(f"{URL}/{rules()[1].id}?try=1").text
            asked[mails] = [one for one in statements if one != "BEGIN"]

        assert "The rule fits 6 of them." in page
        assert len(asked[5]) == len(asked[1])
        assert len(asked[5]) <= 8, "\n".join(asked[5])

    def test_it_stops_when_its_time_is_over_and_says_so(self, office, inbox, sign_in_as, monkeypatch):
        inbox.receive(mail(subject="Printer"))
        monkeypatch.setattr("helpdesk.intake.views.rules.TRIAL_SECONDS", -1.0)

        page = sign_in_as(office.admin).post(f"{URL}/new", data=RULE | {"act": "try"}).text

        assert "Looked at 0 stored mails" in page
        assert "The time was over" in page

    def test_it_looks_at_the_newest_mails_only(self, office, inbox, sign_in_as, monkeypatch):
        monkeypatch.setattr(dry_run.try_rule, "__kwdefaults__", {"limit": 2})
        for number in range(3):
            inbox.receive(mail(subject=f"Printer {number}"))

        page = sign_in_as(office.admin).post(f"{URL}/new", data=RULE | {"act": "try"}).text

        assert "Looked at 2 stored mails" in page
        assert "Printer 0" not in page


class TestBlockedSenders:
    def test_a_sender_is_blocked_and_let_in_again(self, office, sign_in_as):
        browser = sign_in_as(office.admin)

        browser.post("/settings/blocked-senders", data={"pattern": "Eve@Spam.example"})
        browser.post("/settings/blocked-senders", data={"pattern": "junk.example"})
        page = browser.get(URL).text
        browser.post("/settings/blocked-senders/unblock", data={"pattern": "eve@spam.example"})

        assert "eve@spam.example" in page
        assert office.admin.name in page
        with unit_of_work() as session:
            assert list(session.scalars(select(BlockedSender.pattern))) == ["@junk.example"]

    @pytest.mark.parametrize(
        ("pattern", "says"),
        [
            ("gmail.com", "Anybody can have an address"),
            ("support@halden-okoye.example", "of our own"),
            ("halden-okoye.example", "of our own"),
            ("acme.example", "belongs to Acme"),
            ("nonsense", "no mail domain"),
            ("a b@c.example", "no e-mail address"),
        ],
    )
    @pytest.mark.usefixtures("inbox")
    def test_what_would_shut_out_the_wrong_people_is_refused(self, office, sign_in_as, pattern, says):
        answer = sign_in_as(office.admin).post("/settings/blocked-senders", data={"pattern": pattern})

        assert answer.status_code == 422
        assert says in answer.text

    def test_a_clients_domain_is_blocked_by_who_is_sure(self, office, sign_in_as):
        answer = sign_in_as(office.admin).post(
            "/settings/blocked-senders", data={"pattern": "acme.example", "sure": "y"}
        )

        assert answer.status_code == 303
