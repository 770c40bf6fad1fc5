"""docs/mail.md rules 14 to 20, and the attacks of thread hijacking: who may write where."""

from dataclasses import replace
from typing import Any

import pytest

from helpdesk.intake.domain.dmarc import Dmarc
from helpdesk.intake.domain.matching import Decision, Incoming, Outcome, decide
from helpdesk.intake.domain.standing import Candidate, MatchedBy, Sender

ACME, GLOBEX, OURSELVES = 1, 2, 3
ADA = Sender(address="ada@acme.example", contact_of=frozenset({ACME}))
BOB = Sender(address="bob@acme.example", contact_of=frozenset({ACME}))
EVE = Sender(address="eve@globex.example", contact_of=frozenset({GLOBEX}))
TECHNICIAN = Sender(address="tina@desk.example", person_id=7)
STRANGER = Sender(address="who@nowhere.example")
NEWCOMER = Sender(address="new@acme.example", domain_of=frozenset({ACME}))
ALL_WAYS = list(MatchedBy)
SIGNED = [MatchedBy.SIGNED_ADDRESS, MatchedBy.OWN_MESSAGE_ID]
UNSIGNED = [MatchedBy.FOREIGN_MESSAGE_ID, MatchedBy.SUBJECT_TOKEN]


def ticket(matched_by: MatchedBy, **changes: Any) -> Candidate:
    base = Candidate(
        matched_by=matched_by,
        work_item_id=42,
        number=12,
        client_id=ACME,
        requester="ada@acme.example",
        participants=frozenset({"ada@acme.example", "cc@partner.example"}),
    )
    return replace(base, **changes)


def decided(sender: Sender, *candidates: Candidate, **changes: Any) -> Decision:
    return decide(Incoming(sender=sender, **changes), candidates)


@pytest.mark.parametrize("way", ALL_WAYS)
def test_the_requester_writes_on_the_ticket_by_every_way(way):
    decision = decided(ADA, ticket(way))

    assert decision == Decision(
        Outcome.MESSAGE,
        work_item_id=42,
        matched_by=way,
        reasons=(way.sentence, "sender is the requester"),
    )


def test_the_best_match_wins_whatever_the_order():
    """Rule 14."""
    other = ticket(MatchedBy.SUBJECT_TOKEN, work_item_id=43, number=13)

    decision = decided(ADA, other, ticket(MatchedBy.SIGNED_ADDRESS))

    assert decision.work_item_id == 42
    assert decision.matched_by is MatchedBy.SIGNED_ADDRESS


@pytest.mark.parametrize("way", SIGNED)
def test_a_stranger_with_a_valid_signature_is_held(way):
    """Rule 16."""
    decision = decided(STRANGER, ticket(way))

    assert decision.outcome is Outcome.MESSAGE
    assert decision.held
    assert "the sender is unknown on ticket #12" in decision.reasons


@pytest.mark.parametrize("way", UNSIGNED)
def test_a_stranger_without_signature_gets_a_new_ticket(way):
    """Rule 16, forged References and subject tokens: nothing attaches."""
    decision = decided(STRANGER, ticket(way))

    assert decision.outcome is Outcome.NEW_TICKET
    assert decision.work_item_id is None
    assert decision.possibly_related_to == 42
    assert not decision.held


@pytest.mark.parametrize("way", ALL_WAYS)
def test_nobody_writes_across_clients(way):
    """Rule 16: not even with a valid signature, not even held."""
    decision = decided(EVE, ticket(way))

    assert decision.outcome is Outcome.NEW_TICKET
    assert "the sender belongs to another client than ticket #12" in decision.reasons


def test_a_colleague_of_the_same_client_may_answer():
    decision = decided(BOB, ticket(MatchedBy.FOREIGN_MESSAGE_ID))

    assert decision.work_item_id == 42
    assert "sender is a contact of the client" in decision.reasons


def test_a_colleague_may_not_enter_by_the_subject_alone():
    """Rule 17."""
    decision = decided(BOB, ticket(MatchedBy.SUBJECT_TOKEN))

    assert decision.outcome is Outcome.NEW_TICKET
    assert decision.possibly_related_to == 42


def test_a_third_party_in_copy_may_answer():
    """Rule 21: who takes part is no contact of the client."""
    partner = Sender(address="cc@partner.example")

    assert decided(partner, ticket(MatchedBy.SUBJECT_TOKEN)).work_item_id == 42


def test_staff_may_answer_but_not_by_the_subject_alone():
    assert decided(TECHNICIAN, ticket(MatchedBy.OWN_MESSAGE_ID)).work_item_id == 42
    assert decided(TECHNICIAN, ticket(MatchedBy.SUBJECT_TOKEN)).outcome is Outcome.NEW_TICKET


def test_a_new_colleague_counts_by_the_whole_domain():
    """Rule 16."""
    decision = decided(NEWCOMER, ticket(MatchedBy.SIGNED_ADDRESS))

    assert not decision.held
    assert "the sender's domain belongs to the client alone" in decision.reasons


def test_a_domain_of_two_clients_opens_nothing():
    shared = replace(NEWCOMER, domain_of=frozenset({ACME, GLOBEX}))

    assert decided(shared, ticket(MatchedBy.SIGNED_ADDRESS)).held
    assert decided(shared, ticket(MatchedBy.FOREIGN_MESSAGE_ID)).outcome is Outcome.NEW_TICKET


def test_a_freemail_domain_opens_nothing():
    freemail = Sender(address="ada@gmail.com", domain_of=frozenset({ACME}))

    assert decided(freemail, ticket(MatchedBy.FOREIGN_MESSAGE_ID)).outcome is Outcome.NEW_TICKET


def test_a_domain_opens_nothing_when_dmarc_fails():
    """Rule 19."""
    spoofed = replace(NEWCOMER, dmarc=Dmarc.FAIL)

    decision = decided(spoofed, ticket(MatchedBy.SIGNED_ADDRESS))

    assert decision.held
    assert decision.unverified_sender


@pytest.mark.parametrize("dmarc", [Dmarc.FAIL, Dmarc.NONE])
@pytest.mark.parametrize("way", UNSIGNED)
def test_an_unsigned_match_needs_a_dmarc_pass_where_our_server_checks(way, dmarc):
    """Rule 16: a spoofed From with a guessed subject or a forged reference is held."""
    decision = decided(replace(ADA, dmarc=dmarc), ticket(way))

    assert decision.work_item_id == 42
    assert decision.held


@pytest.mark.parametrize("way", ALL_WAYS)
def test_a_dmarc_pass_is_told(way):
    decision = decided(replace(ADA, dmarc=Dmarc.PASS), ticket(way))

    assert not decision.held
    assert "DMARC pass" in decision.reasons


def test_a_signed_match_with_a_failed_dmarc_is_shown_as_unverified():
    """Rule 19: a banner, never dropped."""
    decision = decided(replace(ADA, dmarc=Dmarc.FAIL), ticket(MatchedBy.SIGNED_ADDRESS))

    assert decision.work_item_id == 42
    assert decision.unverified_sender


@pytest.mark.parametrize("sender", [BOB, TECHNICIAN, NEWCOMER], ids=["contact", "staff", "domain"])
def test_in_triage_only_participants_match(sender):
    """Rule 16."""
    triage = ticket(MatchedBy.FOREIGN_MESSAGE_ID, in_triage=True)

    assert decided(sender, triage).outcome is Outcome.NEW_TICKET
    assert decided(ADA, triage).work_item_id == 42


def test_an_empty_from_is_nobody():
    nobody = Sender(address="")

    decision = decided(nobody, ticket(MatchedBy.SUBJECT_TOKEN, requester="", participants=frozenset({""})))

    assert decision.outcome is Outcome.NEW_TICKET


def test_a_refused_match_does_not_hide_a_good_one():
    other = ticket(MatchedBy.OWN_MESSAGE_ID, client_id=GLOBEX, requester="x@globex.example", participants=frozenset())

    decision = decided(ADA, other, ticket(MatchedBy.SUBJECT_TOKEN, work_item_id=43))

    assert decision.work_item_id == 43


def test_an_answer_to_a_ticket_closed_long_ago_opens_a_linked_one():
    """Rule 39."""
    decision = decided(ADA, ticket(MatchedBy.SIGNED_ADDRESS, closed_too_long=True))

    assert decision.outcome is Outcome.NEW_TICKET
    assert decision.possibly_related_to == 42
    assert decision.reasons == ("ticket #12 was closed long ago",)


def test_mail_without_any_match_is_a_new_ticket():
    decision = decided(STRANGER)

    assert decision == Decision(Outcome.NEW_TICKET, reasons=("belongs to no earlier conversation",))


def test_mail_of_our_own_is_ignored():
    """Rule 27."""
    decision = decided(ADA, ticket(MatchedBy.SIGNED_ADDRESS), from_ourselves=True)

    assert decision == Decision(Outcome.IGNORED, reasons=("sent by ourselves",))


def test_automatic_mail_is_recorded_on_its_ticket_and_opens_none():
    """Rule 24."""
    on_ticket = decided(ADA, ticket(MatchedBy.SIGNED_ADDRESS), automatic_reasons=("Precedence: bulk",))
    without = decided(ADA, automatic_reasons=("Precedence: bulk",))

    assert on_ticket.work_item_id == 42
    assert "automatic: Precedence: bulk" in on_ticket.reasons
    assert without.outcome is Outcome.IGNORED
    assert "automatic: Precedence: bulk" in without.reasons


def test_a_monitoring_sender_may_open_tickets_by_rule():
    """Rule 24."""
    decision = decided(STRANGER, automatic_reasons=("Auto-Submitted: auto-generated",), automatic_may_open=True)

    assert decision.outcome is Outcome.NEW_TICKET


def test_a_bounce_is_noted_where_our_mail_came_from_whoever_reports_it():
    """Rule 28."""
    decision = decided(Sender("mailer-daemon@mx.example"), ticket(MatchedBy.OWN_MESSAGE_ID), is_bounce=True)

    assert decision.outcome is Outcome.BOUNCE
    assert decision.work_item_id == 42
    assert not decision.held


@pytest.mark.parametrize("candidates", [(), (ticket(MatchedBy.SUBJECT_TOKEN),)], ids=["none", "by subject"])
def test_a_bounce_that_proves_nothing_makes_no_ticket(candidates):
    """Rule 28: a list of bounces, never a ticket."""
    decision = decided(Sender("mailer-daemon@mx.example"), *candidates, is_bounce=True)

    assert decision.outcome is Outcome.BOUNCE
    assert decision.work_item_id is None


@pytest.mark.parametrize("sender", [ADA, BOB, EVE, TECHNICIAN, STRANGER, NEWCOMER])
@pytest.mark.parametrize("way", ALL_WAYS)
def test_every_decision_says_why(sender, way):
    """Rule 44."""
    assert all(decided(sender, ticket(way)).reasons)
    assert decided(sender, ticket(way)).reasons
