"""Reply-To (docs/mail.md rule 20): used to answer, unless it could lead the answer astray."""

import pytest

from helpdesk.intake.domain.answering import Answers, ReplyTo, where_answers_go

ANN = "ann@acme.example"
ELSEWHERE = "form@customer.example"


@pytest.mark.parametrize("asked", ["", ANN])
def test_where_nothing_else_is_asked_answers_go_to_the_sender(asked):
    assert where_answers_go(ReplyTo(address=asked, sender=ANN)) == Answers()


def test_answers_go_where_the_mail_asks_and_say_so():
    answers = where_answers_go(ReplyTo(address=ELSEWHERE, sender=ANN))

    assert answers == Answers(ELSEWHERE, ("answers go to form@customer.example, as Reply-To asks",))


@pytest.mark.parametrize(
    ("doubt", "words"),
    [
        ("is_unverified", "a sender who is not proven"),
        ("is_held", "a mail that is held"),
        ("is_ours", "one of our own addresses"),
        ("is_of_another_client", "a contact of another client"),
    ],
)
def test_an_address_that_could_lead_answers_astray_is_named_and_not_used(doubt, words):
    answers = where_answers_go(ReplyTo(address=ELSEWHERE, sender=ANN, **{doubt: True}))

    assert answers.reply_to == ""
    assert words in answers.reasons[0]
    assert answers.reasons[0].endswith("answers go to ann@acme.example")
