"""The limits that people set, and raw mail that goes after its time or by hand: rows first, files after."""

import os

import pytest
from sqlalchemy import select

from helpdesk.doctor import examine
from helpdesk.infra import blobs, clock
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.models import AuditRow, Blob
from helpdesk.infra.policy import SYSTEM
from helpdesk.intake.models import InboundEffect, InboundMessage, IntakeLimits
from helpdesk.intake.service import erasing, limits
from helpdesk.tickets import queries as tickets
from helpdesk.tickets.models import Attachment
from tests.access.tables.intake import LIMITS
from tests.conftest import NOW
from tests.mails import mail
from workers import jobs

pytestmark = pytest.mark.usefixtures("rung")

BULK = {"Precedence": "bulk"}


@pytest.fixture
def kept_for(inbox):
    """Keep raw mail for so many days, and let so many pass; every file is as old as the test."""

    def pass_by(*, days, keep=30):
        with unit_of_work() as session:
            limits.change(session, actor=SYSTEM, now=NOW, values={"retention_days": keep})
        for path in blobs.store().root.glob("??/*"):
            os.utime(path, (NOW.timestamp(), NOW.timestamp()))
        inbox.clock.advance(days=days)

    return pass_by


def line_of(inbound):
    with unit_of_work() as session:
        return session.get_one(InboundMessage, inbound.id)


def is_stored(inbound):
    return blobs.store().path_of(inbound.blob_sha256).exists()


def findings():
    with unit_of_work() as session:
        return [each.message for each in examine(session, store=blobs.store(), now=clock.now())]


def test_the_page_shows_the_limits_that_hold_and_changes_them(office, sign_in_as):
    browser = sign_in_as(office.admin)

    before = browser.get("/settings/mail-limits").text
    status = browser.post("/settings/mail-limits", data=LIMITS | {"retention_days": "90", "largest_mail_mb": "10"})

    with unit_of_work() as session:
        row = session.get_one(IntakeLimits, 1)
        (audit,) = session.scalars(select(AuditRow).where(AuditRow.object_kind == "mail_limits"))
    assert 'value="32"' in before
    assert (status.status_code, row.retention_days, row.largest_mail_mb) == (303, 90, 10)
    assert (audit.actor_name, audit.data) == ("Admin Person", {"retention_days": 90, "largest_mail_mb": 10})


def test_what_is_beyond_its_time_goes_and_what_became_of_it_stays(inbox, kept_for):
    raw = mail(subject="Printer")
    line = inbox.receive(raw)
    kept_for(days=31)

    jobs.erase_old_mail()

    after = line_of(line)
    assert not is_stored(line)
    assert (after.from_address, after.from_name, after.subject) == ("", "", "")
    assert (after.erased_by, after.erased_why, after.outcome) == ("Retention", "kept for 30 days", "ticket")
    assert (after.content_hash, after.message_id) == (line.content_hash, line.message_id)
    assert findings() == []


def test_what_is_within_its_time_or_kept_for_ever_stays(inbox, kept_for):
    line = inbox.receive(mail())
    kept_for(days=29)

    jobs.erase_old_mail()
    kept_for(days=1000, keep=None)
    jobs.erase_old_mail()

    assert line_of(line).erased_at is None
    assert is_stored(line)


@pytest.mark.parametrize("state", ["received", "quarantined", "held"])
def test_what_waits_for_somebody_is_never_erased(inbox, kept_for, state):
    line = inbox.receive(mail(headers=BULK))
    with unit_of_work() as session:
        session.get_one(InboundMessage, line.id).state = state
    kept_for(days=400)

    jobs.erase_old_mail()

    assert line_of(line).erased_at is None
    assert is_stored(line)


def test_files_of_a_ticket_stay_and_so_does_its_conversation(inbox, kept_for):
    line = inbox.receive(mail("It burns.", files={"scan.pdf": b"%PDF-1.4"}))
    kept_for(days=31)

    jobs.erase_old_mail()

    with unit_of_work() as session:
        (file,) = session.scalars(select(Attachment))
        (message,) = tickets.conversation(session, session.get_one(InboundEffect, line.id).work_item_id)
    assert blobs.store().get(file.blob_sha256) == b"%PDF-1.4"
    assert message.reply_text == "It burns."
    assert findings() == []


def test_bytes_that_another_line_still_needs_stay_until_that_one_goes(inbox, kept_for):
    raw = mail(headers=BULK)
    first = inbox.receive(raw)
    kept_for(days=20)
    second = inbox.receive(raw)
    kept_for(days=15)

    jobs.erase_old_mail()
    stored = is_stored(first)
    kept_for(days=20)
    jobs.erase_old_mail()

    assert (first.blob_sha256, stored) == (second.blob_sha256, True)
    assert not is_stored(first)
    assert findings() == []


def test_a_kill_between_rows_and_files_leaves_a_file_that_the_sweep_removes(inbox, kept_for):
    line = inbox.receive(mail())
    kept_for(days=31)
    with unit_of_work() as session:
        erasing.erase_older(session, now=clock.now())
    left = is_stored(line)
    inbox.clock.advance(hours=4)
    told = findings()

    jobs.sweep_files()

    assert left
    assert any("was to be erased" in each for each in told)
    assert not is_stored(line)
    assert findings() == []


def test_the_same_mail_once_more_brings_its_bytes_back(inbox, kept_for):
    raw = mail(headers=BULK)
    line = inbox.receive(raw)
    kept_for(days=31)
    jobs.erase_old_mail()

    again = inbox.receive(raw)
    jobs.sweep_files()

    with unit_of_work() as session:
        blob = session.get_one(Blob, again.blob_sha256)
    assert again.outcome == "duplicate"
    assert is_stored(again)
    assert (blob.erased_at, line_of(line).erased_by) == (None, "Retention")
    assert findings() == []


def test_many_batches_are_erased_to_the_end(inbox, kept_for, monkeypatch):
    monkeypatch.setattr(erasing, "BATCH", 3)
    lines = [inbox.receive(mail(headers=BULK)) for _ in range(8)]
    kept_for(days=31)

    jobs.erase_old_mail()

    assert all(line_of(line).erased_at is not None for line in lines)


def test_an_administrator_erases_one_mail_with_a_reason(office, inbox, sign_in_as):
    line = inbox.receive(mail(subject="My card 4111", headers=BULK))
    browser = sign_in_as(office.admin)

    refused = browser.post(f"/inbound/{line.id}/erase", data={"why": " "}).status_code
    done = browser.post(f"/inbound/{line.id}/erase", data={"why": "holds a card number"}).status_code
    page, raw = browser.get(f"/inbound/{line.id}"), browser.get(f"/inbound/{line.id}/raw")

    assert (refused, done, page.status_code, raw.status_code) == (422, 303, 200, 410)
    assert "holds a card number" in page.text
    assert "Erased on 18 Nov 2026, 11:00 by Admin Person" in page.text
    assert "was erased on 18 Nov 2026" in raw.text
    assert "My card" not in page.text + browser.get("/inbound").text


def test_what_is_erased_can_neither_be_erased_again_nor_handled(office, inbox, sign_in_as):
    line = inbox.receive(mail(headers=BULK))
    browser = sign_in_as(office.admin)
    browser.post(f"/inbound/{line.id}/erase", data={"why": "asked for"})

    answers = [
        browser.post(f"/inbound/{line.id}/{act}", data={"why": "again"}).status_code
        for act in ("erase", "retry", "make-ticket", "not-automatic")
    ]

    assert answers == [409, 409, 409, 409]


def test_a_mail_that_nobody_decided_about_is_not_erased_by_hand(office, inbox, sign_in_as):
    inbox.folder.deliver(mail())
    inbox.fetch()

    answer = sign_in_as(office.admin).post("/inbound/1/erase", data={"why": "asked for"})

    assert answer.status_code == 409
    assert "Make it a ticket or ignore it first" in answer.text
