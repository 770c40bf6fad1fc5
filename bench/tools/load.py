"""Mail as a support mailbox gets it: 60 % plain, 20 % with HTML, 10 % with a file of 100 KiB, 10 % answers.

Fifty client domains with eight people each, in six languages, each written in the charsets its mail programs use and
encoded both ways. The same seed makes the same bytes.
"""

import html
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

DOMAINS = 50
PEOPLE = 8
FILE_BYTES = 100 * 1024
SUPPORT = "support@desk.example"
FIRST_AT = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
TWENTY = ("plain",) * 12 + ("html",) * 4 + ("file",) * 2 + ("answer",) * 2
PAGE = (
    '<html><head><style>.note {{ color: #333; margin: 4px }}</style></head><body><div class="note">{paragraphs}</div>'
    '<hr><table width="420"><tr><td><b>{name}</b><br><a href="https://{domain}/contact">{domain}</a></td></tr></table>'
    "</body></html>"
)


@dataclass(frozen=True)
class Language:
    """How a firm writes: in which charsets, what its people are called and what they say."""

    charsets: tuple[str, ...]
    names: tuple[str, ...]
    subjects: tuple[str, ...]
    sentences: tuple[str, ...]
    greeting: str
    regards: str


LANGUAGES = (
    Language(
        ("utf-8", "us-ascii"),
        ("Ruth Calder", "Omar Siddiqui", "Wendy Prior", "Callum Reid"),
        ("Scanner {n} jams", "Shared drive is full", "Please unlock account {n}", "Phones are dead in room {n}"),
        (
            "The scanner in room {n} stops after two pages.",
            "We moved desks last week and nothing rings any more.",
            "Is there a spare one that we could borrow until Thursday?",
            "Ticket {n} from last spring looked much the same.",
        ),
        "Hello,",
        "Best wishes",
    ),
    Language(
        ("iso-8859-1", "utf-8"),
        ("Jörg Händel", "Grete Süß", "Lutz Kämpfer", "Doris Öhler"),
        ("Kasse {n} ohne Netz", "Bitte Zugang für Frau Öhler", "Sicherung unvollständig", "Bildschirm {n} flackert"),
        (
            "Die Kasse {n} findet seit gestern Abend kein Netz mehr.",
            "Wir können solange nur Bargeld annehmen, das ist ärgerlich.",
            "Das Gerät wurde zuletzt im März geprüft.",
            "Wäre ein Rückruf vor zwölf möglich?",
        ),
        "Sehr geehrte Damen und Herren,",
        "Viele Grüße",
    ),
    Language(
        ("windows-1252", "utf-8"),
        ("Aurélie Bâtisse", "Loïc Prévert", "Cécile Hoüel", "Rémi Garçon"),
        ("Écran noir au poste {n}", "Boîte aux lettres pleine", "Accès à l’archive n° {n}", "Clé perdue"),
        (
            "L’écran du poste {n} reste noir après l’allumage.",
            "Nous avons changé le câble, sans succès.",
            "La comptable en a besoin pour clôturer le mois.",
            "Merci de nous dire à quelle heure vous passerez.",
        ),
        "Bonjour à tous,",
        "Cordialement",
    ),
    Language(
        ("iso-8859-2", "utf-8"),
        ("Łucja Wójcik", "Bożena Żak", "Paweł Śliwa", "Zdzisław Gąska"),
        ("Brak sieci w pokoju {n}", "Hasło wygasło", "Drukarka gubi strony", "Prośba o dostęp {n}"),
        (
            "W pokoju {n} od rana nie działa sieć.",
            "Próbowaliśmy już zresetować przełącznik.",
            "Księgowość czeka, a jutro mija termin.",
            "Proszę o telefon na numer wewnętrzny {n}.",
        ),
        "Dzień dobry,",
        "Z poważaniem",
    ),
    Language(
        ("koi8-r", "windows-1251", "utf-8"),
        ("Вера Тихонова", "Глеб Савин", "Нина Орлова", "Тимур Ильин"),
        ("Не открывается архив {n}", "Пропал звук", "Просьба продлить доступ", "Медленно работает база"),
        (
            "Архив {n} не открывается ни на одном компьютере.",
            "Вчера вечером всё было в порядке.",
            "Если нужно, мы можем оставить машину включённой на ночь.",
            "Пожалуйста, сообщите, когда ждать специалиста.",
        ),
        "Здравствуйте!",
        "С уважением",
    ),
    Language(
        ("iso-2022-jp", "utf-8"),
        ("佐藤 明", "高橋 恵", "伊藤 健", "渡辺 葵"),
        ("会議室{n}の画面が映りません", "共有フォルダに入れません", "新しい席の電話について", "印刷が遅いです"),
        (
            "今朝から会議室{n}の画面が映りません。",
            "再起動しても同じでした。",
            "午後に来客があるので、早めに見ていただけますか。",
            "内線は{n}です。",
        ),
        "お世話になっております。",
        "よろしくお願いいたします。",
    ),
)


@dataclass(frozen=True)
class Writer:
    """Somebody who writes to support."""

    name: str
    local: str
    domain: str
    language: Language

    @property
    def address(self) -> str:
        """Return the plain address."""
        return f"{self.local}@{self.domain}"


@dataclass(frozen=True)
class _Begun:
    """A mail that somebody may answer."""

    writer: Writer
    subject: str
    text: str
    message_id: str


def domains() -> list[str]:
    """Return the mail domains of the clients."""
    return [f"firm{number:02}.example" for number in range(DOMAINS)]


def mails(count: int, *, seed: int = 7) -> Iterator[bytes]:
    """Yield so many mails; each twenty have the exact mix, and answers come after what they answer."""
    chance = random.Random(seed)  # noqa: S311 - the same mail in every run
    writers = _writers(chance)
    begun: list[_Begun] = []
    for number in range(count):
        if number % len(TWENTY) == 0:
            kinds = list(TWENTY) if number == 0 else chance.sample(TWENTY, len(TWENTY))
        kind = kinds[number % len(TWENTY)]
        earlier = chance.choice(begun[-300:]) if kind == "answer" else None
        raw, first = _mail(chance, writers, number, kind, earlier)
        if first is not None:
            begun.append(first)
        yield raw


def _writers(chance: random.Random) -> list[Writer]:
    languages = {domain: LANGUAGES[index % len(LANGUAGES)] for index, domain in enumerate(domains())}
    return [
        Writer(chance.choice(language.names), f"p{number}", domain, language)
        for domain, language in languages.items()
        for number in range(PEOPLE)
    ]


def _mail(
    chance: random.Random, writers: list[Writer], number: int, kind: str, earlier: _Begun | None
) -> tuple[bytes, _Begun | None]:
    writer = _who(chance, writers, earlier)
    language = writer.language
    paragraphs = [
        " ".join(_filled(chance, chance.choice(language.sentences)) for _ in range(chance.randint(1, 4)))
        for _ in range(chance.randint(2, 5))
    ]
    text = "\n\n".join((language.greeting, *paragraphs, f"{language.regards}\n{writer.name}")) + "\n"
    subject = _filled(chance, chance.choice(language.subjects))
    if earlier is not None:
        subject = f"Re: {earlier.subject}"
        text += "".join(f"> {line}\n" for line in earlier.text.splitlines())
    charset = next((name for name in _shuffled(chance, language.charsets) if _fits(text, name)), "utf-8")
    how = {"charset": charset, "cte": chance.choice(("base64", "quoted-printable"))}
    message_id = f"<{number}.{chance.getrandbits(60):x}@{writer.domain}>"
    message = _headed(chance, writers, writer, number, message_id=message_id, subject=subject, earlier=earlier)
    message.set_content(text, **how)
    if kind == "html":
        shown = "".join(f"<p>{html.escape(one)}</p>" for one in paragraphs)
        page = PAGE.format(paragraphs=shown, name=html.escape(writer.name), domain=writer.domain)
        message.add_alternative(page, subtype="html", charset="utf-8", cte=how["cte"])
    elif kind == "file":
        content = chance.randbytes(FILE_BYTES)
        message.add_attachment(content, maintype="application", subtype="pdf", filename=f"Übersicht {number}.pdf")
    if message.is_multipart():
        message.set_boundary(f"--part-{chance.getrandbits(80):x}")
    return message.as_bytes(), None if earlier else _Begun(writer, subject, text, message_id)


def _headed(
    chance: random.Random,
    writers: list[Writer],
    writer: Writer,
    number: int,
    *,
    message_id: str,
    subject: str,
    earlier: _Begun | None,
) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    at = format_datetime(FIRST_AT + timedelta(minutes=4 * number))
    message["Return-Path"] = f"<{writer.address}>"
    message["Received"] = f"from out.{writer.domain} by mx.desk.example with ESMTPS id {number:X}; {at}"
    message["Date"] = at
    message["From"] = Address(writer.name, addr_spec=writer.address)
    message["To"] = Address("Support", addr_spec=SUPPORT)
    if chance.random() < 0.15:  # noqa: PLR2004 - one mail in seven is in copy to a colleague
        beside = chance.choice([one for one in writers if one.domain == writer.domain])
        message["Cc"] = Address(beside.name, addr_spec=beside.address)
    message["Subject"] = subject
    message["Message-ID"] = message_id
    if earlier is not None:
        message["In-Reply-To"] = earlier.message_id
        message["References"] = earlier.message_id
    return message


def _who(chance: random.Random, writers: list[Writer], earlier: _Begun | None) -> Writer:
    """Return who writes: an answer comes from the same person, or, one in five, from a colleague."""
    if earlier is None:
        return chance.choice(writers)
    if chance.random() < 0.8:  # noqa: PLR2004 - as said
        return earlier.writer
    return chance.choice([one for one in writers if one.domain == earlier.writer.domain])


def _filled(chance: random.Random, sentence: str) -> str:
    return sentence.format(n=chance.randint(1, 900))


def _shuffled(chance: random.Random, names: tuple[str, ...]) -> list[str]:
    return chance.sample(names, len(names))


def _fits(text: str, charset: str) -> bool:
    try:
        text.encode(charset)
    except UnicodeEncodeError:
        return False
    return True
