"""The mails that go out by themselves, as we word them: ours in every language, or the company's own in some.

A slice that writes such a mail offers its kind here; all of them are edited on the same pages.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from babel import Locale
from flask_babel import force_locale
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.company.models import LetterText
from helpdesk.infra import audit
from helpdesk.infra.i18n import letter_language
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.kernel.fields import check_fields, filled

LANGUAGES = ("en", "de", "es", "fr", "pt")


@dataclass(frozen=True)
class Wording:
    """Subject and text of a mail, with fields such as ``{{client}}``; ``is_own`` where the company wrote them."""

    subject: str
    text: str
    is_own: bool = False


@dataclass(frozen=True)
class LetterKind:
    """A mail that goes out by itself: its fields with what they are, our wording and values to show it with.

    ``ours`` and ``sample`` answer in the present language. One that is not ``is_used`` at present is not offered; what
    the company wrote of it waits.
    """

    key: str
    label: str
    fields: Mapping[str, str]
    ours: Callable[[Session], Wording]
    sample: Callable[[], Mapping[str, str]]
    is_used: Callable[[Session], bool] = lambda _session: True


_KINDS: dict[str, LetterKind] = {}


def offer(kind: LetterKind) -> None:
    """Let the pages of the settings offer a kind of mail; a slice does this once, when it is imported."""
    _KINDS[kind.key] = kind


def kinds(session: Session) -> list[LetterKind]:
    """Return the kinds of mail that are used, in a fixed order."""
    return [_KINDS[key] for key in sorted(_KINDS) if _KINDS[key].is_used(session)]


def kind_of(session: Session, key: str, language: str) -> LetterKind:
    """Return one kind of mail.

    Raises:
        NotFound: there is no such kind, or no such language of letters.
    """
    if key not in _KINDS or language not in LANGUAGES or not _KINDS[key].is_used(session):
        message = "There is no such mail."
        raise NotFound(message)
    return _KINDS[key]


def own_texts(session: Session) -> set[tuple[str, str]]:
    """Return kind and language of the mails that the company words itself."""
    return {(kind, language) for kind, language in session.execute(select(LetterText.kind, LetterText.language))}


def ours(session: Session, key: str, language: str) -> Wording:
    """Return our own wording in a language."""
    with force_locale(letter_language(language)):
        return _KINDS[key].ours(session)


def wording(session: Session, *, key: str, language: str) -> Wording:
    """Return how a mail is worded in a client's language: as the company wrote it, else as we did."""
    base = Locale.parse(letter_language(language)).language
    row = session.get(LetterText, (key, base))
    return ours(session, key, language) if row is None else Wording(row.subject, row.text, is_own=True)


def written(session: Session, *, key: str, language: str, values: Mapping[str, str]) -> Wording:
    """Return a mail as it goes out, its fields filled in."""
    found = wording(session, key=key, language=language)
    subject = " ".join(filled(found.subject, values).split())
    return Wording(subject, filled(found.text, values).strip() + "\n", found.is_own)


def shown(key: str, language: str, wording: Wording) -> Wording:
    """Return a mail as it would go out to a client that there is not."""
    with force_locale(letter_language(language)):
        values = _KINDS[key].sample()
    return Wording(filled(wording.subject, values), filled(wording.text, values), wording.is_own)


def check(key: str, wording: Wording) -> Wording:
    """Return a wording that can go out.

    Raises:
        RuleViolation: it has no subject or no text, or a field that this kind of mail has not.
    """
    for at, text in (("subject", wording.subject), ("text", wording.text)):
        if not text.strip():
            message = "This cannot be empty."
            raise RuleViolation(message, field=at)
        check_fields(text, tuple(_KINDS[key].fields), at=at)
    return wording


def word(session: Session, *, actor: Actor, now: datetime, key: str, language: str, wording: Wording) -> None:
    """Let a mail go out as the company words it; our very words are no words of its own.

    Raises:
        NotFound: there is no such mail.
        RuleViolation: see `check`.
    """
    kind_of(session, key, language)
    check(key, wording)
    standard = ours(session, key, language)
    if (wording.subject.strip(), _plain(wording.text)) == (standard.subject.strip(), _plain(standard.text)):
        reset(session, actor=actor, now=now, key=key, language=language)
        return
    row = session.get(LetterText, (key, language)) or LetterText(kind=key, language=language)
    row.subject, row.text, row.changed_at = wording.subject.strip(), _plain(wording.text), now
    session.add(row)
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="worded",
        kind="letter_text",
        object_id=None,
        now=now,
        letter=key,
        language=language,
    )


def reset(session: Session, *, actor: Actor, now: datetime, key: str, language: str) -> None:
    """Let a mail go out as we word it again.

    Raises:
        NotFound: there is no such mail.
    """
    kind_of(session, key, language)
    row = session.get(LetterText, (key, language))
    if row is None:
        return
    session.delete(row)
    session.flush()
    audit.record(
        session, actor=actor, action="reset", kind="letter_text", object_id=None, now=now, letter=key, language=language
    )


def _plain(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())
