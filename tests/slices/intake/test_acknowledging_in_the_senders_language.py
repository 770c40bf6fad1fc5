"""An acknowledgement is wholly in the language of whoever wrote, or wholly in English."""

import pytest
from sqlalchemy import select, update

from helpdesk.clients.models import Client, Contact
from helpdesk.infra.db import unit_of_work
from helpdesk.outbox.models import OutgoingMessage
from tests.mails import mail

pytestmark = [pytest.mark.usefixtures("rung"), pytest.mark.on_sqlite]

ENGLISH = "Hello Ann Berg,\n\nwe have received your message “Printer”."
GREETINGS = {
    "en": ENGLISH,
    "de": "Guten Tag Ann Berg,\n\nwir haben Ihre Nachricht „Printer“ erhalten.",
    "es": "Estimado/a Ann Berg:\n\nHemos recibido su mensaje «Printer»",
    "fr": "Bonjour Ann Berg,\n\nNous avons bien reçu votre message «\N{NO-BREAK SPACE}Printer\N{NO-BREAK SPACE}»",
    "pt": "Estimado/a Ann Berg,\n\nrecebemos a sua mensagem “Printer”",
    "de-CH": "Guten Tag Ann Berg,\n\nwir haben Ihre Nachricht „Printer“ erhalten.",
    "vi": ENGLISH,
    "tlh": ENGLISH,
}


def acknowledgement_of(inbox) -> OutgoingMessage:
    inbox.receive(mail(subject="Printer"))
    with unit_of_work() as session:
        return session.scalars(select(OutgoingMessage).where(OutgoingMessage.purpose == "acknowledgement")).one()


def letter_of(sent: OutgoingMessage) -> str:
    """Return the text below the line above which people answer (docs/mail.md rule 32)."""
    line, _, letter = sent.text.partition("\n\n")
    assert line.startswith("##- ")
    assert line.endswith(" -##")
    return letter


@pytest.mark.parametrize("language", GREETINGS)
def test_the_acknowledgement_is_in_the_contacts_language(inbox, office, language):
    with unit_of_work() as session:
        known = Contact(
            client_id=office.acme.id,
            name="Ann Berg",
            email="ann@acme.example",
            language=language,
            created_at=office.acme.created_at,
        )
        session.add(known)

    sent = acknowledgement_of(inbox)

    number = sent.subject.partition("]")[0].removeprefix("[")
    assert letter_of(sent).startswith(GREETINGS[language])
    assert number in sent.text
    assert "%(" not in sent.text


def test_who_is_new_is_answered_in_the_language_of_their_client(inbox, office):
    with unit_of_work() as session:
        session.execute(update(Client).where(Client.id == office.acme.id).values(language="fr"))

    sent = acknowledgement_of(inbox)

    assert sent.text.startswith("##- Veuillez écrire au-dessus de cette ligne -##\n\n")
    assert letter_of(sent).startswith(GREETINGS["fr"])
