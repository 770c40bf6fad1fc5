"""The test of a mailbox against real servers: what fails is told apart, and nothing is changed or sent."""

from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import select

from helpdesk.infra import blobs, clock
from helpdesk.infra.db import unit_of_work
from helpdesk.intake import imap_check
from helpdesk.intake.gateway import Access
from helpdesk.intake.gateway import connect as imap
from helpdesk.intake.models import InboundMessage, IntakeSource
from helpdesk.intake.process import check, fetch
from helpdesk.intake.service import sources
from helpdesk.kernel.errors import ExternalFailure, RuleViolation
from helpdesk.outbox import gateway as smtp_gateway
from helpdesk.outbox import smtp_check
from helpdesk.outbox.gateway import Access as SmtpAccess
from helpdesk.outbox.models import Mailbox
from tests import certificates
from tests.access.tables.intake import MAILBOX
from tests.dovecot import PASSWORD, running_dovecot
from tests.mails import mail
from tests.slices.conftest import connect

pytestmark = pytest.mark.usefixtures("rung")


def steps_of(report):
    return {step.step: step for step in report}


def failed(report):
    return [step for step in report if not step.ok]


@pytest.fixture
def box(office, account, smtp):
    """A mailbox on real servers: its id."""
    return connect(imap_port=account.port, user=account.user, password=PASSWORD, smtp_port=smtp.port)[0]


def source_of(mailbox_id):
    with unit_of_work() as session:
        source = session.scalars(select(IntakeSource).where(IntakeSource.mailbox_id == mailbox_id)).one()
        assert source.mailbox.address
        return source


def test_a_good_mailbox_passes_every_step_and_nothing_is_sent(box, account, smtp, fixed_clock):
    account.deliver(mail())

    report = steps_of(check.check_mailbox(box, unit_of_work, clock=clock.now))

    assert [step for step in report.values() if not step.ok] == []
    assert report["IMAP: folder"].says == "“INBOX” holds 1 messages."
    assert report["IMAP: news"].says == "The server tells of new mail at once."
    assert report["IMAP: quota"].says == "The server does not tell how full the mailbox is."
    assert report["SMTP: sender"].says == "support@halden-okoye.example may send here. Nothing was sent."
    assert report["SMTP: size"].says == "Mails of up to 32 MB are taken."
    assert smtp.taken == []
    assert all(rb"\Seen" not in flags for flags in account.flags().values())
    assert source_of(box).tested_at == fixed_clock()


def test_a_missing_folder_is_told_with_those_that_are_there(account):
    access = replace(account.access, folder="Support")

    (step,) = failed(imap_check.check(access))

    assert step.step == "IMAP: folder"
    assert "Folders that are there: INBOX" in step.says


def test_a_wrong_password_is_told(account):
    (step,) = failed(imap_check.check(replace(account.access, password="wrong")))

    assert step.step == "IMAP: sign-in"
    assert step.says.startswith("User name or password is wrong. The server said: [AUTHENTICATIONFAILED]")


@pytest.mark.parametrize(
    ("change", "step", "says"),
    [
        ({"host": "nowhere.invalid"}, "IMAP: name", "There is no server called nowhere.invalid"),
        ({"port": 1}, "IMAP: connection", "nothing listens on port 1"),
        ({"security": "tls"}, "IMAP: encryption", "does not speak TLS"),
        ({"security": "starttls"}, "IMAP: encryption", "does not offer STARTTLS"),
    ],
)
def test_a_server_that_is_not_reached_is_told_apart(account, change, step, says):
    report = imap_check.check(replace(account.access, **change))

    assert (report[-1].step, report[-1].ok) == (step, False)
    assert says in report[-1].says


@contextmanager
def speaking_tls(folder, **how):
    certificate = certificates.make(folder / "tls", **how)
    with running_dovecot(certificate=certificate) as server:
        yield certificate, Access("127.0.0.1", server.tls_port, "tls", "user", PASSWORD), server


def test_a_certificate_of_an_authority_that_we_know_is_taken_directly_and_after_starttls(tmp_path, monkeypatch):
    with speaking_tls(tmp_path) as (certificate, access, server):
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.authority))

        direct = imap_check.check(replace(access, host="localhost"))
        later = imap_check.check(replace(access, port=server.port, security="starttls"))

    assert (failed(direct), failed(later)) == ([], [])
    assert steps_of(direct)["IMAP: encryption"].says == "Encrypted; the certificate was checked by name and authority."


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({}, "comes from an authority that this machine does not know"),
        ({"self_signed": True}, "is signed by itself"),
        ({"expired": True, "trusted": True}, "has expired"),
        ({"name": "mail.elsewhere.example", "trusted": True}, "is for another"),
    ],
)
def test_faults_of_certificates_are_told_apart_with_a_way_to_trust_them(tmp_path, monkeypatch, how, says):
    trusted = how.pop("trusted", False)
    with speaking_tls(tmp_path, **how) as (certificate, access, _server):
        if trusted:
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate.authority))

        (step,) = failed(imap_check.check(access))

    assert step.step == "IMAP: encryption"
    assert says in step.says
    assert certificate.fingerprint in step.says.replace(":", "")


def test_a_pinned_certificate_is_taken_and_any_other_one_refused(tmp_path):
    with speaking_tls(tmp_path, self_signed=True) as (certificate, access, _server):
        pinned = imap_check.check(replace(access, fingerprint=certificate.fingerprint))
        other = imap_check.check(replace(access, fingerprint="0" * 64))
        with pytest.raises(ExternalFailure, match="another certificate"), imap(replace(access, fingerprint="0" * 64)):
            pass

    assert failed(pinned) == []
    assert [step.step for step in failed(other)] == ["IMAP: encryption"]


def test_a_mailbox_that_is_nearly_full_is_warned_of():
    with running_dovecot(quota_kilobytes=100) as server:
        account = server.account()
        account.deliver(mail("x" * 95_000))

        step = steps_of(imap_check.check(account.access))["IMAP: quota"]

    assert (step.ok, step.warns) == (True, True)
    assert "% full" in step.says


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("550 5.1.8 sender not allowed", "The server refuses me@x.example: 550 5.1.8 sender not allowed"),
        ("451 4.3.0 come later", "The server for now refuses me@x.example: 451 4.3.0 come later"),
    ],
)
def test_a_refused_sender_is_told_with_the_servers_words(smtp, answer, says):
    smtp.refuses["me@x.example"] = answer

    (step,) = failed(smtp_check.check(SmtpAccess("127.0.0.1", smtp.port, "none"), "me@x.example"))

    assert (step.step, step.says) == ("SMTP: sender", says)


def test_an_smtp_server_without_starttls_is_told(smtp):
    (step,) = failed(smtp_check.check(SmtpAccess("127.0.0.1", smtp.port, "starttls"), "me@x.example"))

    assert step.says == "The server does not offer STARTTLS on this port."


def test_connecting_tries_first_says_what_failed_and_lets_people_connect_anyway(office, sign_in_as, account, smtp):
    admin = sign_in_as(office.admin)
    typed = MAILBOX | {
        "imap_host": "127.0.0.1",
        "imap_port": str(account.port),
        "imap_tls": "none",
        "smtp_host": "127.0.0.1",
        "smtp_port": str(smtp.port),
        "smtp_tls": "none",
        "username": account.user,
        "password": "not this one",
        "anyway": "",
    }

    first = admin.post("/settings/mailboxes/new", data=typed)
    kept = first.text.partition('name="kept_password"')[2].partition('value="')[2].partition('"')[0]
    again = admin.post("/settings/mailboxes/new", data=typed | {"password": "", "kept_password": kept, "anyway": "1"})

    assert first.status_code == 422
    assert "User name or password is wrong." in first.text
    assert "not this one" not in first.text
    assert again.status_code == 303
    with unit_of_work() as session:
        assert session.scalars(select(Mailbox.address)).all() == ["hello@halden-okoye.example"]


def test_connecting_with_the_right_password_needs_no_second_try(office, sign_in_as, account, smtp):
    typed = MAILBOX | {
        "imap_host": "127.0.0.1",
        "imap_port": str(account.port),
        "imap_tls": "none",
        "smtp_host": "127.0.0.1",
        "smtp_port": str(smtp.port),
        "smtp_tls": "none",
        "username": account.user,
        "password": PASSWORD,
        "anyway": "",
    }

    answer = sign_in_as(office.admin).post("/settings/mailboxes/new", data=typed)

    assert answer.status_code == 303, answer.text


def test_the_report_stands_on_the_page_of_the_mailbox(office, sign_in_as, box):
    with unit_of_work() as session:
        session.scalars(select(IntakeSource)).one().folder = "Support"
    admin = sign_in_as(office.admin)

    admin.post(f"/settings/mailboxes/{box}/test")
    page = admin.get(f"/settings/mailboxes/{box}").text

    assert "Something does not work" in page
    assert "The folder “Support” cannot be opened" in page
    assert "may send here. Nothing was sent." in page


def fetched(box):
    source = source_of(box)
    with imap(sources.access_of(source)) as folder:
        fetch.fetch(source.id, folder, unit_of_work, store=blobs.store(), clock=clock.now)


def test_a_mail_to_a_plus_address_that_arrives_is_no_ticket_and_says_so(office, sign_in_as, box, account, smtp, rung):
    fetched(box)
    rung.clear()
    admin = sign_in_as(office.admin)
    admin.post(f"/settings/mailboxes/{box}/probe")
    waiting = admin.get(f"/settings/mailboxes/{box}").text
    (sent,) = smtp.taken
    account.deliver(sent.content)

    fetched(box)

    assert sent.recipients[0].startswith("support+t.0.1")
    assert "Waiting for the mail to arrive." in waiting
    assert "each ticket has an answer address of its own" in admin.get(f"/settings/mailboxes/{box}").text
    with unit_of_work() as session:
        line = session.scalars(select(InboundMessage)).one()
    assert (line.state, line.outcome) == ("ignored", "probe")
    assert rung == []


def test_a_mail_to_a_plus_address_that_is_lost_ends_signed_addresses(office, sign_in_as, box, fixed_clock):
    admin = sign_in_as(office.admin)
    admin.post(f"/settings/mailboxes/{box}/probe")
    fixed_clock.advance(minutes=11)

    fetched(box)

    assert source_of(box).mailbox.plus_addresses is False
    assert "It did not arrive within 10 minutes" in admin.get(f"/settings/mailboxes/{box}").text


def test_a_probe_that_cannot_be_sent_is_told_and_counts_as_none(box, smtp):
    smtp.says = ["550 no"]

    with pytest.raises(ExternalFailure, match="550 no"):
        check.send_probe(box, unit_of_work, clock=clock.now, send=smtp_gateway.send)

    assert source_of(box).probe_sent_at is None


def test_a_paused_mailbox_sends_no_probe(box):
    with unit_of_work() as session:
        session.scalars(select(IntakeSource)).one().active = False

    with pytest.raises(RuleViolation, match="paused"):
        check.send_probe(box, unit_of_work, clock=clock.now)
