"""What a client answers that was asked for more hours of a month, and taking that back (docs/billing.md rule 14).

A link is good for one answer, until it expires or its month is closed. What was shown, who answered, when and from
which address stay as evidence.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from helpdesk.accounts.models import Person
from helpdesk.infra import audit
from helpdesk.infra.db import insert_of
from helpdesk.infra.policy import SYSTEM, Actor
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.kernel.periods import Month
from helpdesk.notices import service as notices
from helpdesk.notices.service import News
from helpdesk.outbox import service as outbox
from helpdesk.outbox.domain import Address
from helpdesk.retainers import letters, queries
from helpdesk.retainers.models import Agreement, HoursAnswer, HoursAsked
from helpdesk.retainers.service.asking import hash_of

LONGEST_TOKEN = 64
NO_LINK = "There is nothing here, or it is not for you."


def open_link(session: Session, *, token: str, now: datetime) -> HoursAsked:
    """Return what a link asks.

    Raises:
        NotFound: there is no such link, or it was answered, taken back, is too old, or its month is closed; which of
            these it is nobody is told.
    """
    if len(token) > LONGEST_TOKEN:
        raise NotFound(NO_LINK)
    query = (
        select(HoursAsked)
        .where(HoursAsked.token_hash == hash_of(token))
        .options(joinedload(HoursAsked.agreement).joinedload(Agreement.client), selectinload(HoursAsked.answers))
    )
    asked = session.scalar(query.execution_options(populate_existing=True))
    if asked is None or asked.answers or asked.expires_at <= now or asked.agreement.client.archived_at is not None:
        raise NotFound(NO_LINK)
    closed = queries.closed_periods(session, agreement_ids=[asked.agreement_id]).get(asked.agreement_id, {})
    if Month.of(asked.month) in closed:
        raise NotFound(NO_LINK)
    return asked


def answer(
    session: Session, *, now: datetime, token: str, grants: bool, name: str, note: str, address: str
) -> HoursAsked:
    """Keep what the client answers, tell whoever asked, and return what was asked. One link takes one answer.

    Raises:
        NotFound: as for `open_link`; also where another answer was faster.
        RuleViolation: nobody says who answers.
    """
    agreement_id = open_link(session, token=token, now=now).agreement_id
    if not name.strip():
        message = "Say who answers."
        raise RuleViolation(message)
    queries.lock_agreement(session, agreement_id)
    asked = open_link(session, token=token, now=now)  # its month may have been closed meanwhile
    kind = "granted" if grants else "refused"
    _keep(session, asked, kind=kind, name=name.strip(), note=note.strip(), address=address, now=now)
    audit.record(
        session,
        actor=SYSTEM,
        action=f"hours {kind}",
        kind="agreement",
        object_id=asked.agreement_id,
        now=now,
        month=str(Month.of(asked.month)),
        seconds=asked.seconds,
        name=name.strip(),
        address=address,
    )
    _tell(session, asked, name=name.strip(), note=note.strip(), grants=grants, now=now)
    return asked


def revoke(
    session: Session, *, actor: Actor, now: datetime, agreement_id: int, asked_id: int, reason: str, address: str
) -> None:
    """Take back what was asked, or what was granted of it, by a row of its own; its link leads nowhere any more.

    What was approved beyond the cap by then stays approved.

    Raises:
        NotFound: no such agreement or question, not for this actor, or it was taken back before.
        RuleViolation: no reason, or the client declined.
    """
    agreement = queries.get_agreement(session, actor=actor, agreement_id=agreement_id)
    queries.lock_agreement(session, agreement.id)
    query = select(HoursAsked).where(HoursAsked.id == asked_id, HoursAsked.agreement_id == agreement.id)
    asked = session.scalar(query.options(selectinload(HoursAsked.answers)).execution_options(populate_existing=True))
    if asked is None:
        message = "There is no such question to the client."
        raise NotFound(message)
    if any(each.kind == "refused" for each in asked.answers):
        message = "The client declined; there is nothing to take back."
        raise RuleViolation(message)
    if not reason.strip():
        message = "Say why it is taken back."
        raise RuleViolation(message)
    _keep(
        session,
        asked,
        kind="revoked",
        name=actor.name,
        note=reason.strip(),
        address=address,
        now=now,
        person_id=actor.person_id,
    )
    audit.record(
        session,
        actor=actor,
        action="hours revoked",
        kind="agreement",
        object_id=agreement.id,
        now=now,
        month=str(Month.of(asked.month)),
        seconds=asked.seconds,
        reason=reason.strip(),
    )


def _keep(
    session: Session,
    asked: HoursAsked,
    *,
    kind: str,
    name: str,
    note: str,
    address: str,
    now: datetime,
    person_id: int | None = None,
) -> None:
    """Add the answer.

    Raises:
        NotFound: there is one of its kind already.
    """
    values = {
        "asked_id": asked.id,
        "kind": kind,
        "name": name,
        "note": note,
        "address": address,
        "shown": asked.says,
        "shown_sha256": asked.says_sha256,
        "answered_at": now,
        "person_id": person_id,
    }
    added = insert_of(session, HoursAnswer).values(**values).on_conflict_do_nothing().returning(HoursAnswer.id)
    if session.scalar(added) is None or (kind != "revoked" and _is_revoked(session, asked.id)):
        raise NotFound(NO_LINK)
    session.expire(asked, ["answers"])


def _is_revoked(session: Session, asked_id: int) -> bool:
    query = select(HoursAnswer.id).where(HoursAnswer.asked_id == asked_id, HoursAnswer.kind == "revoked")
    return session.scalar(query) is not None


def _tell(session: Session, asked: HoursAsked, *, name: str, note: str, grants: bool, now: datetime) -> None:
    mailbox, client = outbox.default_mailbox(session), asked.agreement.client
    for person_id in filter(None, dict.fromkeys((asked.asked_by_id, client.account_manager_id))):
        reader = session.get(Person, person_id)
        if reader is None:
            continue
        letter = letters.answered(asked, name=name, note=note, grants=grants, language=reader.language)
        news = News("retainer", f"hours:{asked.id}", letter.subject, f"/retainers/{asked.agreement_id}")
        notices.tell(session, actor=SYSTEM, now=now, news=news, person_ids=[reader.id], has_letter=True)
        if mailbox is None or not notices.wants_mail(session, reader, "retainer"):
            continue
        outbox.queue(
            session,
            now=now,
            mailbox_id=mailbox.id,
            idempotency_key=f"hours:{asked.id}:{reader.id}",
            purpose="notification",
            about=("agreement", asked.agreement_id),
            to=[Address(reader.name, reader.email)],
            subject=letter.subject,
            text=letter.text,
            automatic=True,
        )
