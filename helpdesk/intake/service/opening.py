"""Mail that belongs to no ticket: it opens one, once for all our mailboxes (docs/mail.md rules 6, 37 and 39)."""

from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.clients import service as clients
from helpdesk.infra.db import write_leaves
from helpdesk.infra.policy import SYSTEM
from helpdesk.intake import queries
from helpdesk.intake.domain.decisions import OPEN_TICKET
from helpdesk.intake.domain.matching import Decision
from helpdesk.intake.domain.subject import plain_subject
from helpdesk.intake.service import acknowledge, answering, forwards, log, notifying, placing, recording, ruling
from helpdesk.intake.service.matching import Arrival
from helpdesk.projects import service as projects
from helpdesk.projects import teams
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import service as tickets
from helpdesk.tickets.domain import NewAttachment

TITLE_LIMIT = 300


def open_ticket(
    session: Session, arrival: Arrival, decision: Decision, files: tuple[NewAttachment, ...], now: datetime
) -> None:
    """Open a ticket, unless the same mail opened it in another mailbox that leads to the same project (rule 6)."""
    unfolded = forwards.unfold(session, arrival)
    arrival = unfolded.arrival if unfolded is not None else arrival
    place = placing.place(session, arrival)
    twin = queries.twin_item(session, arrival.inbound)
    if twin is not None and twin.project_id == place.project.id and OPEN_TICKET not in arrival.inbound.decisions:
        reason = f"the same mail came to another mailbox: ticket #{twin.number}"
        log.finish(arrival.inbound, state="ignored", outcome="duplicate", reasons=[reason], now=now)
        return
    contact, ruled = placing.requester(session, arrival, now=now), arrival.ruling
    assigned = ruling.assignment(session, ruled, place.project)
    of_mailbox = arrival.source.team_id if arrival.source is not None else None
    team = teams.default(session, project=place.project, mailbox_team_id=of_mailbox)
    done_by_rule = () if ruled is None else (ruling.sentence(ruled, project=place.project, assigned=assigned),)
    wrote_themselves = unfolded is None and arrival.written_by is None
    if wrote_themselves and not (decision.unverified_sender or arrival.incoming.automatic_reasons):
        clients.heard_from(contact)
    asked = answering.answers(session, arrival, decision, client_id=place.project.client_id)
    silence = acknowledge.refusal(session, arrival, contact, unverified=decision.unverified_sender, now=now)
    if unfolded is not None:
        silence = "passed on by a colleague: whoever wrote is the requester, and is not acknowledged"
    said = silence or acknowledge.said(arrival)
    why = (*decision.reasons, place.reason, *team.reasons, *done_by_rule, *_of_twin(twin), *asked.reasons, said)
    reasons = recording.reasons(session, arrival, why)
    opened = tickets.open_by_mail(
        session,
        now=arrival.happened_at(now),
        project_id=place.project.id,
        requester_id=contact.id,
        mailbox_id=arrival.inbound.mailbox_id,
        title=plain_subject(arrival.mail.subject)[:TITLE_LIMIT],
        mail=recording.message(arrival, decision, files, reasons, asked.reply_to),
        related_to_id=decision.possibly_related_to or (twin.id if twin is not None else None),
        priority=ruled.priority if ruled is not None else "normal",
        assignee_id=assigned.person_id,
        team_id=team.team_id,
        person_id=arrival.written_by,
    )
    if unfolded is not None or ruled is not None or acknowledge.is_fresh(arrival):
        write_leaves(session)  # what follows reads what was opened
    if ruled is not None:
        projects.add_tags(session, item_id=opened.work_item_id, tags=ruled.rule.tags)
    if unfolded is not None:
        forwards.settle(
            session,
            actor=SYSTEM,
            now=now,
            message=opened,
            person_id=unfolded.person_id,
            contact=contact,
            inner=unfolded.inner,
        )
    taking_part = None if unfolded is not None else (contact.id,)
    recording.bring_in(session, arrival, None, opened, now, known=taking_part)
    if acknowledge.is_fresh(arrival):
        notifying.tell_opened(session, message=opened, now=now)
    if silence is None:
        acknowledge.send(session, arrival, contact, opened.work_item, now=now)
    recording.done(session, arrival, decision, opened, "ticket", reasons, now)


def _of_twin(twin: WorkItem | None) -> tuple[str, ...]:
    return () if twin is None else (f"the same mail came to another mailbox: ticket #{twin.number}",)
