"""What a rule would have done to mail that is stored already: read from the headers, without any effect (rule 41)."""

import email
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from helpdesk.accounts.models import Person
from helpdesk.clients import queries as clients
from helpdesk.infra.ahead import Question, rows_of
from helpdesk.infra.blobs import BlobStore
from helpdesk.intake.domain.limits import ALL_HEADERS_BYTES, readable_head
from helpdesk.intake.domain.rules import Letter, Rule, first_that_fits, fits, project_counts
from helpdesk.intake.models import InboundEffect, InboundMessage, IntakeSource
from helpdesk.intake.parser.header_text import body_charset, read_headers
from helpdesk.intake.parser.recipients import recipients_of
from helpdesk.intake.service.rules import RuleSettings
from helpdesk.kernel.errors import NotFound
from helpdesk.projects.models import Project, WorkItem

MAILS = 500
HEAD_BYTES = 4 * ALL_HEADERS_BYTES
OPEN_TO_RULES = frozenset({"ticket", "automatic", "rule", "capped"})


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that would have been otherwise; ``what`` is ignored, opened, project, project_kept, assignee, …."""

    what: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """A mail that the rule fits: what became of it, and what would have been otherwise (nothing: an empty tuple)."""

    inbound_id: int
    received_at: datetime
    from_address: str
    subject: str
    outcome: str
    item_number: int | None
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Trial:
    """What a rule would have done. ``skipped`` fit, but belong to a conversation; ``earlier`` meet a rule before it.

    ``unreadable`` mails are no longer stored. ``finished`` is false where the time was over before the last one.
    """

    looked_at: int
    skipped: int
    earlier: int
    unreadable: int
    finished: bool
    cases: tuple[Case, ...]


def try_rule(
    session: Session,
    *,
    store: BlobStore,
    rule: Rule,
    settings: RuleSettings,
    before: Sequence[Rule],
    has_time: Callable[[], bool],
    limit: int = MAILS,
) -> Trial:
    """Return what ``rule``, behind the rules ``before`` it, would have done to the newest stored mails.

    Nothing changes. ``has_time`` is asked before each mail, so that a page comes back in time.
    """
    looked_at = skipped = earlier = unreadable = 0
    hits: list[int] = []
    finished = True
    for inbound in _newest(session, limit):
        if not has_time():
            finished = False
            break
        looked_at += 1
        letter = _letter(inbound, store)
        if letter is None:
            unreadable += 1
        elif not fits(rule, letter):
            continue
        elif inbound.matched_by or inbound.outcome not in OPEN_TO_RULES:
            skipped += 1
        elif first_that_fits(before, letter) is not None:
            earlier += 1
        else:
            hits.append(inbound.id)
    return Trial(looked_at, skipped, earlier, unreadable, finished, _cases(session, hits, settings))


def _newest(session: Session, limit: int) -> Sequence[InboundMessage]:
    query = select(InboundMessage).options(joinedload(InboundMessage.mailbox))
    return session.scalars(query.order_by(InboundMessage.id.desc()).limit(limit)).all()


def _letter(inbound: InboundMessage, store: BlobStore) -> Letter | None:
    try:
        head = store.start_of(inbound.blob_sha256, size_bytes=HEAD_BYTES)
    except NotFound:
        return None
    message = email.message_from_bytes(readable_head(head))
    return Letter(
        sender=inbound.from_address,
        recipients=recipients_of(message),
        subject=inbound.subject,
        headers=read_headers(message, body_charset(message)),
        mailbox=inbound.mailbox.address,
    )


def _cases(session: Session, inbound_ids: Sequence[int], settings: RuleSettings) -> tuple[Case, ...]:
    query = select(InboundMessage).where(InboundMessage.id.in_(inbound_ids)).order_by(InboundMessage.id.desc())
    item = joinedload(InboundMessage.effect).joinedload(InboundEffect.work_item)
    loaded = query.options(
        item.joinedload(WorkItem.project), item.joinedload(WorkItem.assignee), item.selectinload(WorkItem.tags)
    )
    found = session.scalars(loaded).all() if inbound_ids else []
    wish = _Wish.of(session, settings, found)
    return tuple(
        Case(
            inbound_id=one.id,
            received_at=one.received_at,
            from_address=one.from_address,
            subject=one.subject,
            outcome=one.outcome,
            item_number=one.effect.work_item.number if one.effect else None,
            changes=wish.changes(one),
        )
        for one in found
    )


def asked() -> list[Question]:
    """Return what `try_rule` asks whatever mails there are, to be asked together with others."""
    return [_sources()]


def _sources() -> Question:
    """Return the question whose mail it is that a folder of a mailbox brings."""
    query = select(IntakeSource.mailbox_id, IntakeSource.folder, Project.client_id)
    return query.join(Project, Project.id == IntakeSource.default_project_id)


@dataclass(frozen=True)
class _Wish:
    """What the rule wants, with the names of what it names, and whose the senders are."""

    settings: RuleSettings
    project: Project | None
    assignee: Person | None
    clients: dict[str, int | None]
    mailboxes: dict[tuple[int, str], int]

    @classmethod
    def of(cls, session: Session, settings: RuleSettings, mails: Iterable[InboundMessage]) -> "_Wish":
        addresses = {one.from_address.lower() for one in mails}
        return cls(
            settings=settings,
            project=session.get(Project, settings.project_id) if settings.project_id else None,
            assignee=session.get(Person, settings.assignee_id) if settings.assignee_id else None,
            clients={
                address: contact.client_id for address, contact in clients.contacts_by_address(session, addresses)
            },
            mailboxes={(mailbox, folder): client_id for mailbox, folder, client_id in rows_of(session, _sources())},
        )

    def changes(self, inbound: InboundMessage) -> tuple[Change, ...]:
        """Return what would have been otherwise with this mail."""
        if self.settings.ignore_reason:
            was_ignored = inbound.outcome in ("automatic", "rule")
            return () if was_ignored else (Change("ignored", after=self.settings.ignore_reason),)
        if inbound.effect is not None:
            return self._of_ticket(inbound, inbound.effect.work_item)
        if inbound.outcome == "automatic":
            return (Change("opened"),) if self.settings.automatic_may_open else ()
        return (Change("opened"),) if inbound.outcome == "rule" else ()

    def _of_ticket(self, inbound: InboundMessage, item: WorkItem) -> tuple[Change, ...]:
        found = [] if self.project is None else list(self._of_project(inbound, item, self.project))
        if self.assignee is not None and item.assignee_id != self.assignee.id:
            found.append(Change("assignee", item.assignee.name if item.assignee else "", self.assignee.name))
        if self.settings.priority is not None and item.priority != self.settings.priority:
            found.append(Change("priority", item.priority, self.settings.priority))
        missing = set(self.settings.tags) - {one.tag for one in item.tags}
        if missing:
            found.append(Change("tags", after=", ".join(sorted(missing))))
        return tuple(found)

    def _of_project(self, inbound: InboundMessage, item: WorkItem, project: Project) -> Iterable[Change]:
        if item.project_id == project.id:
            return ()
        of_contact = self.clients.get(inbound.from_address.lower())
        of_mailbox = self.mailboxes.get((inbound.mailbox_id, inbound.folder))
        counts = project_counts(project.client_id, of_contact=of_contact, of_mailbox=of_mailbox)
        return (Change("project" if counts else "project_kept", item.project.name, project.name),)
