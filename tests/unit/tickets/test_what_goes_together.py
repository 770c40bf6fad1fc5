"""Which tickets can be merged: what a client wrote stays with that client (docs/desk.md rule 20)."""

from dataclasses import replace

import pytest

from helpdesk.tickets.domain import Side, why_not_merged

ACME, GLOBEX = 1, 2
ANNS = Side(
    number=7,
    is_ticket=True,
    is_spam=False,
    merged_into=None,
    client_id=ACME,
    requester_id=10,
    requester_name="Ann",
    requester_of=ACME,
)
BOBS = replace(ANNS, number=8, requester_id=11, requester_name="Bob")
EVES = replace(ANNS, number=9, client_id=GLOBEX, requester_id=12, requester_name="Eve", requester_of=GLOBEX)
IN_TRIAGE = replace(ANNS, client_id=None, requester_of=None)
OTHER_IN_TRIAGE = replace(BOBS, client_id=None, requester_of=None)
STRANGERS = (
    "Nobody knows whether Ann and Bob belong together. Move one of the two tickets to its client first.",
    "Nobody knows whether Ann and Eve belong together. Move one of the two tickets to its client first.",
)


@pytest.mark.parametrize(
    ("ticket", "into", "why"),
    [
        (ANNS, BOBS, ""),
        (IN_TRIAGE, BOBS, ""),
        (IN_TRIAGE, EVES, ""),
        (replace(IN_TRIAGE, requester_of=ACME), BOBS, ""),
        (IN_TRIAGE, replace(OTHER_IN_TRIAGE, requester_id=10), ""),
        (replace(IN_TRIAGE, requester_of=ACME), replace(OTHER_IN_TRIAGE, requester_of=ACME), ""),
        (ANNS, EVES, "#9 is not of the same client; the conversations of clients stay apart."),
        (ANNS, OTHER_IN_TRIAGE, "#8 is not of the same client; the conversations of clients stay apart."),
        (
            replace(IN_TRIAGE, requester_of=ACME),
            EVES,
            "Ann is a contact of another client than that of #9.",
        ),
        (IN_TRIAGE, OTHER_IN_TRIAGE, STRANGERS[0]),
        (replace(IN_TRIAGE, requester_of=ACME), replace(EVES, client_id=None), STRANGERS[1]),
        (ANNS, ANNS, "A ticket is not merged into itself."),
        (ANNS, replace(BOBS, is_ticket=False), "#8 is a task; only tickets are merged."),
        (replace(ANNS, is_spam=True), BOBS, "#7 is marked as spam."),
        (ANNS, replace(BOBS, merged_into=7), "#8 was merged into #7 already."),
        (replace(ANNS, merged_into=5), BOBS, "#7 was merged into #5 already."),
    ],
)
def test_only_what_reaches_the_same_client_goes_together(ticket, into, why):
    assert why_not_merged(ticket, into) == why
