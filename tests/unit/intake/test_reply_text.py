"""docs/mail.md rules 31 and 32: what was written anew; nothing is ever lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.intake.domain.reply import split_reply

SEPARATOR = "##- Please write above this line -##"


@pytest.mark.parametrize(
    "header",
    [
        "On Mon, Nov 2, 2026 at 9:00 AM, Desk <support@desk.example> wrote:",
        "Am 02.11.2026 um 09:00 schrieb Desk:",
        "Le lun. 2 nov. 2026 à 09:00, Desk <support@desk.example> a écrit :",
        "Op ma 2 nov. 2026 om 09:00 schreef Desk <support@desk.example>:",
        "-----Original Message-----\nFrom: Desk\nSent: Monday\nTo: Ada\nSubject: Printer",
        "________________________________\nVon: Desk <s@desk.example>\nGesendet: Montag\nAn: Ada\nBetreff: Drucker",
        "Da: Desk\nData: lunedì 2 novembre\nA: Ada\nOggetto: Stampante",
        "---- On Mon, 02 Nov 2026 09:00:00 +0100 Desk <s@desk.example> wrote ----",
        "--- s@desk.example schreef op 2 nov. 2026 ---",
        "-------- Oprindelig besked --------\nFra: Desk <s@desk.example>\nDato: 02.11.2026\nTil: Ada\nEmne: Printer",
        "-----Mensaje original-----\nDe: Desk\nEnviado el: lunes\nPara: Ada\nAsunto: Impresora",
        "-----Alkuperäinen viesti-----\n\nLähettäjä: Desk\nLähetetty: maanantai\nVastaanottaja: Ada\nAihe: Tulostin",
        "-----Исходное сообщение-----\nОт: Desk\nОтправлено: 2 ноября\nКому: Ada\nТема: Принтер",
        "ma 2. marrask. 2026 klo 9.00 Desk\n<s@desk.example> kirjoitti:",
        "Desk <s@desk.example>, 2 Kas 2026 Pzt, 09:00 tarihinde şunu yazdı:",
        "Desk <s@desk.example> 于2026年11月2日周一 09:00写道：",
        SEPARATOR,
    ],
)
def test_what_stands_below_the_header_of_a_quote_is_trimmed(header):
    split = split_reply(f"It works now.\nThanks!\n\n{header}\n\n> Does it work?\n> Desk")

    assert split.reply_text == "It works now.\nThanks!"
    assert split.trimmed_text.endswith("> Does it work?\n> Desk")


def test_our_separator_wins_and_takes_the_header_above_it_along():
    text = f"Yes.\n\nOn Monday, Desk wrote:\n> {SEPARATOR}\n> Does it work?"

    assert split_reply(text).reply_text == "Yes."


def test_the_place_that_a_mail_program_marked_is_used():
    split = split_reply("Yes.\nDoes it work?\nDesk", quote_begins_at_line=1)

    assert split.reply_text == "Yes."
    assert split.trimmed_text == "Does it work?\nDesk"


@pytest.mark.parametrize(
    "signature", ["-- \nAda Lovelace\nAcme", "--\nAda", "Sent from my phone", "Von meinem iPhone gesendet"]
)
def test_a_signature_is_trimmed(signature):
    split = split_reply(f"It works.\n\n{signature}")

    assert split.reply_text == "It works."
    assert split.trimmed_text == signature


def test_answers_between_quotes_are_never_cut():
    text = "On Monday, Desk wrote:\n> Does it work?\nYes.\n> Since when?\nSince noon."

    assert split_reply(text).reply_text == text


def test_an_answer_below_the_quote_is_never_cut():
    text = "> Does it work?\n\nYes, it does."

    assert split_reply(text).reply_text == text


def test_when_nothing_would_be_left_everything_is_shown():
    text = "On Monday, Desk wrote:\n> Does it work?"

    split = split_reply(text)

    assert split.reply_text == text
    assert split.trimmed_text == ""


@pytest.mark.parametrize(
    "text",
    [
        "The rule is ---------- drawn here, and text follows.",
        "From: now on we use the other printer.\nIs that all right?",
        "On the wall I wrote: hello.\nSee you.",
        "5 > 3 is true",
        "Finns write kirjoitti:\nand Turks write yazdı:\nin 2026.",
        "--- please note ---\nWe moved to house 7.",
        "--- step 2 ---\nWrite to bob@acme.example then.",
        "We sent with proton rockets in mind what 12 engineers built.",
    ],
)
def test_plain_sentences_are_no_quotes(text):
    assert split_reply(text).reply_text == text


@given(
    st.lists(
        st.sampled_from(
            [
                "Hello",
                "",
                "> quoted",
                "-- ",
                "On x, y wrote:",
                "From: a@b.c",
                "Sent: x",
                "To: y",
                SEPARATOR,
                "____________________",
            ],
        )
    ),
    st.none() | st.integers(0, 12),
)
def test_every_line_is_in_exactly_one_half_in_its_order(lines, marked):
    """Rule 31."""
    split = split_reply("\n".join(lines), quote_begins_at_line=marked)

    halves = [line for half in (split.reply_text, split.trimmed_text) for line in half.split("\n") if line]
    assert halves == [line for line in lines if line]


def test_a_very_long_mail_is_split_in_no_time():
    """The library is quadratic: it sees the first 400 lines, cut to 300 characters."""
    text = "Yes.\n" + "On and on and on " * 50_000 + "\n> x" * 100_000

    split = split_reply(text)

    assert split.reply_text.startswith("Yes.")


@pytest.mark.parametrize(
    "line",
    [
        "Sent from my iPhone",
        "Sent with Airmail",
        "(sent from a phone)",
        "Get Outlook for iOS<https://aka.ms/x>",
        "Von meinem iPhone gesendet",
        "Gesendet mit der GMX App",
        "Envoyé depuis mon téléphone",
        "Enviado desde mi iPhone",
        "Inviato da Outlook",
        "Verzonden met BlackBerry Work",
        "Skickat från min iPad",
        "从我的 iPhone 发送",
        "********",
        "-------",
    ],
)
def test_a_line_that_a_telephone_adds_is_no_answer(line):
    assert split_reply(f"It works.\n\n{line}\n").reply_text == "It works."


@pytest.mark.parametrize(
    "line",
    ["Sent from the warehouse yesterday, I hope it arrives.", "From me as well!", "1. ---", "-> see above", ":-)"],
)
def test_a_sentence_that_begins_like_one_stays(line):
    assert split_reply(f"It works.\n\n{line}").reply_text == f"It works.\n\n{line}"


@pytest.mark.parametrize(
    ("mark", "gap"),
    [
        ("---------- Forwarded message ---------", ""),
        ("Begin forwarded message:", "\n"),
        ("-------- Forwarded Message --------", ""),
    ],
)
def test_a_mail_that_is_only_passed_on_is_read_below_its_headers(mark, gap):
    headers = f"{mark}\n{gap}From: Bob <bob@acme.example>\nDate: Monday\nSubject: A subject\non two lines\nTo: Ann"

    split = split_reply(f"{headers}\n\n\nThe lift is stuck.\n\nOn Sunday, Eve wrote:\n> Which one?")

    assert split.reply_text == "The lift is stuck.\n\nOn Sunday, Eve wrote:\n> Which one?"
    assert split.trimmed_text == headers


def test_nothing_below_such_headers_is_shown_whole():
    text = "---------- Forwarded message ---------\nFrom: Bob\nTo: Ann"

    assert split_reply(text).reply_text == text
