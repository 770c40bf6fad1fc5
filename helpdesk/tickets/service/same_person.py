"""Tickets of one contact become those of another who is the same person, and come back (docs/desk.md rule 58)."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from helpdesk.clients.models import Client, Contact
from helpdesk.infra.policy import Actor
from helpdesk.infra.sql import among
from helpdesk.projects.models import OPEN_STATUSES, Project, WorkItem
from helpdesk.tickets.models import Message, Participant, Talk, TicketDetails
from helpdesk.tickets.service.writing import add_event

TOLD = 200
"""So many open tickets are told who asks there now."""


def elsewhere(session: Session, *, contact_id: int, client_id: int | None) -> bool:
    """Return whether a contact asked or takes part at a client other than this one and our own company."""
    query = (
        select(Participant.work_item_id)
        .join(WorkItem, WorkItem.id == Participant.work_item_id)
        .join(Project, Project.id == WorkItem.project_id)
        .join(Client, Client.id == Project.client_id)
        .where(Participant.contact_id == contact_id, Client.is_internal.is_(False), Client.id != (client_id or 0))
    )
    return client_id is not None and session.scalar(query.limit(1)) is not None


def bring_tickets(session: Session, *, contact_id: int, into_id: int) -> dict[str, Any]:
    """Let the tickets and mails of one contact be those of the other, and return what an undo needs."""
    session.flush()
    requests = _ids(session, select(TicketDetails.work_item_id).where(TicketDetails.requester_id == contact_id))
    messages = _ids(session, select(Message.id).where(Message.contact_id == contact_id))
    talks = _ids(session, select(Talk.message_id).where(Talk.contact_id == contact_id))
    reports = _ids(session, select(TicketDetails.work_item_id).where(TicketDetails.reporter_id == contact_id))
    theirs = session.scalars(select(Participant).where(Participant.contact_id == contact_id)).all()
    here = {
        one.work_item_id: one
        for one in session.scalars(
            select(Participant).where(
                Participant.contact_id == into_id,
                Participant.work_item_id.in_(
                    select(Participant.work_item_id).where(Participant.contact_id == contact_id)
                ),
            )
        )
    }
    both = [{**_plain(one), "kept": _plain(here[one.work_item_id])} for one in theirs if one.work_item_id in here]
    alone = sorted(one.work_item_id for one in theirs if one.work_item_id not in here)
    for one in theirs:
        known = here.get(one.work_item_id)
        if known is not None:
            known.role = "requester" if "requester" in (one.role, known.role) else known.role
            known.removed_at = known.removed_at if one.removed_at is not None else None
            session.delete(one)
    session.flush()
    _give(session, Participant, Participant.work_item_id, alone, of=contact_id, to=into_id)
    _give(session, TicketDetails, TicketDetails.work_item_id, requests, of=contact_id, to=into_id)
    _give_reports(session, reports, of=contact_id, to=into_id)
    _give(session, Message, Message.id, messages, of=contact_id, to=into_id)
    _give(session, Talk, Talk.message_id, talks, of=contact_id, to=into_id)
    session.expire_all()
    also = {"talks": talks, "reports": reports}
    return {"requests": requests, "messages": messages, **also, "taking_part": {"alone": alone, "both": both}}


def give_tickets_back(session: Session, *, contact_id: int, into_id: int, moved: dict[str, Any]) -> None:
    """Give back what :func:`bring_tickets` moved and nobody has given to somebody else since.

    Who wrote on one of these tickets since takes part there still.
    """
    session.flush()
    part, messages = moved["taking_part"], moved["messages"]
    _give(session, TicketDetails, TicketDetails.work_item_id, moved["requests"], of=into_id, to=contact_id)
    _give_reports(session, moved.get("reports", ()), of=into_id, to=contact_id)
    _give(session, Message, Message.id, messages, of=into_id, to=contact_id)
    _give(session, Talk, Talk.message_id, moved.get("talks", ()), of=into_id, to=contact_id)
    wrote = set(
        session.scalars(
            select(Message.work_item_id).where(
                Message.contact_id == into_id, among(session, Message.work_item_id, part["alone"])
            )
        )
    )
    staying = session.scalars(
        select(Participant).where(Participant.contact_id == into_id, among(session, Participant.work_item_id, wrote))
    ).all()
    copies = [_plain(one) for one in staying]
    _give(session, Participant, Participant.work_item_id, part["alone"], of=into_id, to=contact_id)
    session.expire_all()
    for one in copies:
        session.add(_participant({**one, "role": "cc"}, into_id))
    for one in part["both"]:
        if session.get(Participant, (one["item"], contact_id)) is None:
            session.add(_participant(one, contact_id))
        kept = session.get(Participant, (one["item"], into_id))
        if kept is not None:
            kept.role = one["kept"]["role"]
            if kept.removed_at is None:
                kept.removed_at = _instant(one["kept"]["removed_at"])
    session.flush()


def gather_strays(session: Session) -> int:
    """Give to whoever is meant what came for somebody in the very moment in which they were merged; return how much.

    A mail that was read before the merge and written after it names the row that is a mere address by then.
    """
    is_address = Contact.same_as_id.is_not(None)
    pairs = set[tuple[int, int]]()
    for whose in (TicketDetails.requester_id, Participant.contact_id, Message.contact_id):
        query = select(Contact.id, Contact.same_as_id).join_from(Contact, whose.class_, whose == Contact.id)
        pairs |= {(row[0], row[1]) for row in session.execute(query.where(is_address)) if row[1] is not None}
    gathered = 0
    for contact_id, into_id in sorted(pairs):
        both = select(Contact).where(Contact.id.in_((contact_id, into_id))).order_by(Contact.id).with_for_update()
        locked = {one.id: one for one in session.scalars(both.execution_options(populate_existing=True))}
        if locked[contact_id].same_as_id == into_id:  # they may be two again by now
            bring_tickets(session, contact_id=contact_id, into_id=into_id)
            gathered += 1
    return gathered


def tell_open_tickets(session: Session, *, actor: Actor, now: datetime, item_ids: Collection[int], words: str) -> None:
    """Let the conversations of open tickets say who asks there now."""
    query = select(WorkItem.id).where(among(session, WorkItem.id, item_ids), WorkItem.status.in_(OPEN_STATUSES))
    for item_id in session.scalars(query.order_by(WorkItem.id.desc()).limit(TOLD)).all():
        add_event(session, actor=actor, now=now, item_id=item_id, text=words)


def _ids(session: Session, query: Any) -> list[int]:  # noqa: ANN401 - a query of ids
    return sorted(session.scalars(query))


def _give(session: Session, model: Any, key: Any, ids: Collection[int], *, of: int, to: int) -> None:  # noqa: ANN401
    whose = model.requester_id if model is TicketDetails else model.contact_id
    statement = update(model).where(among(session, key, ids), whose == of).values({whose: to})
    if ids:
        session.execute(statement.execution_options(synchronize_session=False))


def _give_reports(session: Session, ids: Collection[int], *, of: int, to: int) -> None:
    """Let the one of them have reported what the other did."""
    theirs = update(TicketDetails).where(among(session, TicketDetails.work_item_id, ids))
    if ids:
        statement = theirs.where(TicketDetails.reporter_id == of).values(reporter_id=to)
        session.execute(statement.execution_options(synchronize_session=False))


def _plain(one: Participant) -> dict[str, Any]:
    return {
        "item": one.work_item_id,
        "role": one.role,
        "added_by": one.added_by,
        "added_at": one.added_at.isoformat(),
        "removed_at": one.removed_at.isoformat() if one.removed_at else None,
        "message": one.message_id,
    }


def _participant(plain: dict[str, Any], contact_id: int) -> Participant:
    return Participant(
        work_item_id=plain["item"],
        contact_id=contact_id,
        role=plain["role"],
        added_by=plain["added_by"],
        added_at=datetime.fromisoformat(plain["added_at"]),
        removed_at=_instant(plain["removed_at"]),
        message_id=plain["message"],
    )


def _instant(said: str | None) -> datetime | None:
    return datetime.fromisoformat(said) if said else None
