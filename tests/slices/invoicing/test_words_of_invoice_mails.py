"""The mail of an invoice goes out in the company's own words where there are any, else in ours."""

import json
from itertools import product

import pytest

from helpdesk.company import letter_texts
from helpdesk.company.letter_texts import LANGUAGES, Wording
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.invoicing import invoice_letters


def word(story, wording):
    with unit_of_work() as session:
        letter_texts.word(session, actor=SYSTEM, now=story.now, key="invoice", language="de", wording=wording)


def test_own_words_go_out_in_their_language_alone_until_ours_are_taken_again(story):
    story.change_client(language="de", purchase_order="PO-118")
    story.log("2")
    story.close()
    document = json.loads(str(story.issue(story.drafted()).canonical_json))

    def sent():
        with unit_of_work() as session:
            return invoice_letters.letter(session, document)

    ours = sent()
    word(story, Wording("Rechnung {{number}} für {{client}}", "{{total}} bis {{ due }}, {{order}}, {{month}}"))
    own = sent()
    with unit_of_work() as session:
        letter_texts.reset(session, actor=SYSTEM, now=story.now, key="invoice", language="de")

    assert ours.subject == f"Rechnung {document['number']} von Halden & Okoye"
    assert own.subject == f"Rechnung {document['number']} für Acme GmbH"
    assert own.text == "238,00\xa0€ bis 15. Dezember 2026, PO-118, November 2026\n"
    assert sent() == ours


def test_our_very_words_saved_are_no_words_of_the_companys_own(story):
    with unit_of_work() as session:
        ours = letter_texts.ours(session, "invoice", "de")
    word(story, Wording(ours.subject, ours.text.replace("\n", "\r\n")))

    with unit_of_work() as session:
        assert letter_texts.own_texts(session) == set()


@pytest.mark.usefixtures("office")
def test_our_words_of_every_mail_have_only_fields_that_there_are_and_a_sample_fills_them():
    with unit_of_work() as session:
        every = [
            (kind, language, letter_texts.ours(session, kind.key, language))
            for kind, language in product(letter_texts.kinds(session), LANGUAGES)
        ]
    assert [kind.key for kind, language, _ours in every if language == "en"] == [
        *("credit_note", "invoice", "reminder_1", "reminder_2", "reminder_3", "retainer_statement")
    ]
    for kind, language, ours in every:
        words = letter_texts.check(kind.key, ours)
        shown = letter_texts.shown(kind.key, language, words)

        assert "{{" not in shown.subject + shown.text
