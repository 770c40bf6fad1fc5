"""Conversations: what a mail adds to a work item."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.accounts.models import Person
from helpdesk.clients.models import Contact
from helpdesk.infra.db import Base, one_of
from helpdesk.outbox.models import Mailbox, OutgoingMessage
from helpdesk.projects.models import WorkItem


class TicketDetails(Base):
    """What a conversation knows of a work item. One row for each ticket."""

    __tablename__ = "ticket_details"
    __table_args__ = (
        Index(
            "ix_ticket_details_related_to_id",
            "related_to_id",
            sqlite_where=text("related_to_id IS NOT NULL"),
            postgresql_where=text("related_to_id IS NOT NULL"),
        ),
        Index(
            "ix_ticket_details_spam",
            "work_item_id",
            sqlite_where=text("spam_at IS NOT NULL"),
            postgresql_where=text("spam_at IS NOT NULL"),
        ),
    )

    work_item_id: Mapped[int] = mapped_column(ForeignKey("work_items.id"), primary_key=True)
    requester_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), index=True)
    reporter_id: Mapped[int | None] = mapped_column(
        ForeignKey("contacts.id")
    )  # for the requester (docs/desk.md rule 89)
    mailbox_id: Mapped[int | None] = mapped_column(ForeignKey("mailboxes.id"))
    related_to_id: Mapped[int | None] = mapped_column(ForeignKey("work_items.id"))
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("work_items.id"), index=True)  # docs/desk.md rule 21
    reasons: Mapped[list[str]]  # why it is here (docs/mail.md rule 44)
    last_message_at: Mapped[datetime]
    reopened_count: Mapped[int] = mapped_column(default=0)
    spam_at: Mapped[datetime | None]
    spam_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))

    work_item: Mapped[WorkItem] = relationship(foreign_keys=[work_item_id])
    requester: Mapped[Contact] = relationship(foreign_keys=[requester_id])
    reporter: Mapped[Contact | None] = relationship(foreign_keys=[reporter_id])
    mailbox: Mapped[Mailbox | None] = relationship()


class Participant(Base):
    """A contact that takes part in the conversation."""

    __tablename__ = "participants"
    __table_args__ = (
        one_of("role", ("requester", "cc")),
        one_of("added_by", ("mail", "copy", "reply", "staff")),
        Index("ix_participants_contact", "contact_id", "work_item_id"),
    )

    work_item_id: Mapped[int] = mapped_column(ForeignKey("work_items.id"), primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), primary_key=True)
    role: Mapped[str]
    added_by: Mapped[str] = mapped_column(default="mail")  # wrote it, stood in To or Cc, answered, or staff did it
    added_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]  # staff took them off; a later Cc does not bring them back
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))  # by which they came

    contact: Mapped[Contact] = relationship()
    work_item: Mapped[WorkItem] = relationship()
    message: Mapped["Message | None"] = relationship()


class Message(Base):
    """One piece of a conversation: a mail that came, a reply that went, an internal note, or an event.

    ``html`` is that of a mail, for its frame alone, or of what one of us wrote formatted (docs/answering.md rule 15).
    ``reply_text`` is what was written anew, ``trimmed_text`` the rest of ``text`` (docs/mail.md rule 31);
    ``held`` marks mail of an unknown sender with a valid signature until somebody accepts it (rule 16); with
    ``discarded_at`` somebody refused it.
    """

    __tablename__ = "messages"
    __table_args__ = (
        one_of("kind", ("mail", "reply", "note", "event")),
        CheckConstraint("NOT (contact_id IS NOT NULL AND person_id IS NOT NULL)", name="has_one_author"),
        Index("ix_messages_conversation", "work_item_id", "posted_at"),
        Index("ix_messages_posted_at", "posted_at"),  # of those before a day, which is the last
        Index(
            "ix_messages_contact",
            "contact_id",
            "posted_at",
            sqlite_where=text("contact_id IS NOT NULL"),
            postgresql_where=text("contact_id IS NOT NULL"),
        ),
        Index(
            "ix_messages_person",
            "person_id",
            "posted_at",
            sqlite_where=text("person_id IS NOT NULL"),
            postgresql_where=text("person_id IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    work_item_id: Mapped[int] = mapped_column(ForeignKey("work_items.id"))
    kind: Mapped[str]
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    posted_at: Mapped[datetime]
    subject: Mapped[str] = mapped_column(default="")
    text: Mapped[str] = mapped_column(default="")
    html: Mapped[str | None]
    html_says_more: Mapped[bool | None]  # than its text (docs/desk.md rule 120); None: not decided when it came
    reply_text: Mapped[str] = mapped_column(default="")
    trimmed_text: Mapped[str] = mapped_column(default="")
    recipients: Mapped[list[dict[str, Any]]]
    message_id: Mapped[str] = mapped_column(default="")
    reply_to: Mapped[str] = mapped_column(default="")  # where answers go, if not to From (docs/mail.md rule 20)
    passed_on_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))  # a forward of staff (rule 36)
    automatic: Mapped[bool] = mapped_column(default=False)
    held: Mapped[bool] = mapped_column(default=False)
    discarded_at: Mapped[datetime | None]
    unverified: Mapped[bool] = mapped_column(default=False)  # DMARC failed: banner (rule 19)
    blocked_images: Mapped[list[str]]
    reasons: Mapped[list[str]]
    mentions: Mapped[list[dict[str, Any]]] = mapped_column(default=list, server_default="[]")  # of a note
    outgoing_message_id: Mapped[int | None] = mapped_column(ForeignKey("outgoing_messages.id"))

    work_item: Mapped[WorkItem] = relationship()
    contact: Mapped[Contact | None] = relationship()
    person: Mapped[Person | None] = relationship(foreign_keys=[person_id])
    passed_on_by: Mapped[Person | None] = relationship(foreign_keys=[passed_on_by_id])
    outgoing: Mapped[OutgoingMessage | None] = relationship()
    talk: Mapped["Talk | None"] = relationship(back_populates="message")
    attachments: Mapped[list["Attachment"]] = relationship(order_by="Attachment.position", back_populates="message")
    pictures: Mapped[list["RemotePicture"]] = relationship(order_by="RemotePicture.position", back_populates="message")


class Talk(Base):
    """A call or a visit that a note tells of (docs/desk.md rule 37).

    ``direction``: of a call whether it came in or went out, of a visit whether they came to us or we went there.
    ``name`` is as typed, of somebody who is no contact. ``answers``: it counts as an answer of ours (docs/sla.md
    rule 24).
    """

    __tablename__ = "talks"
    __table_args__ = (
        one_of("channel", ("call", "visit")),
        one_of("direction", ("in", "out")),
        Index("ix_talks_contact_id", "contact_id"),
    )

    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"), primary_key=True)
    channel: Mapped[str]
    direction: Mapped[str]
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"))
    name: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    reached: Mapped[bool] = mapped_column(default=True)
    answers: Mapped[bool] = mapped_column(default=False)

    message: Mapped[Message] = relationship(back_populates="talk")
    contact: Mapped[Contact | None] = relationship()

    @property
    def whom(self) -> str:
        """Return with whom it was."""
        return self.contact.name if self.contact is not None else self.name


class Attachment(Base):
    """A stored file of a message; ``name`` is for display only."""

    __tablename__ = "attachments"
    __table_args__ = (Index("ix_attachments_blob_sha256", "blob_sha256"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"), index=True)
    position: Mapped[int]
    blob_sha256: Mapped[str] = mapped_column(ForeignKey("blobs.sha256"))
    name: Mapped[str]
    content_type: Mapped[str]
    size_bytes: Mapped[int]
    inline: Mapped[bool] = mapped_column(default=False)
    folded: Mapped[bool] = mapped_column(default=False)  # a picture of the sender's signature (docs/mail.md rule 34)
    content_id: Mapped[str | None]

    message: Mapped[Message] = relationship(back_populates="attachments")


class RemotePicture(Base):
    """A picture from elsewhere that somebody asked to see: wanted until it is shown or missing (docs/mail.md rule 33).

    The file is what we drew of it anew. ``place`` is where the mail's HTML shows it, ``why`` says why it is missing.
    """

    __tablename__ = "remote_pictures"
    __table_args__ = (
        one_of("state", ("wanted", "shown", "missing")),
        UniqueConstraint("message_id", "place"),
        CheckConstraint("(state = 'shown') = (blob_sha256 IS NOT NULL)", name="is_shown_from_a_file"),
        Index("ix_remote_pictures_blob_sha256", "blob_sha256"),
        Index("ix_remote_pictures_wanted", "state", "asked_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"))
    position: Mapped[int]
    url: Mapped[str]
    place: Mapped[str]
    state: Mapped[str] = mapped_column(default="wanted")
    why: Mapped[str] = mapped_column(default="")
    asked_at: Mapped[datetime]
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    claimed_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    fetched_at: Mapped[datetime | None]
    blob_sha256: Mapped[str | None] = mapped_column(ForeignKey("blobs.sha256"))
    content_type: Mapped[str] = mapped_column(default="")

    message: Mapped[Message] = relationship(back_populates="pictures")


class ThreadReference(Base):
    """A Message-ID that belongs to a conversation: of its mails, or seen in their References (rule 14 c)."""

    __tablename__ = "thread_references"
    __table_args__ = (Index("ix_thread_references_message_id", "message_id"),)

    work_item_id: Mapped[int] = mapped_column(ForeignKey("work_items.id"), primary_key=True)
    message_id: Mapped[str] = mapped_column(primary_key=True)

    work_item: Mapped[WorkItem] = relationship()


class QueueAct(Base):
    """One act on many tickets of the queue, so that its person can undo it once (docs/desk.md rule 7).

    ``changes`` holds for each ticket that changed its id, what of it changed, and that before and after.
    """

    __tablename__ = "queue_acts"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    done_at: Mapped[datetime]
    changes: Mapped[list[dict[str, Any]]]
    undone_at: Mapped[datetime | None]


class SavedView(Base):
    """A narrowed view of the queue under a name: of one person, or shared with all (docs/desk.md rules 14 to 17).

    ``asked`` is what the address of the page asks for besides ``view`` and the client.
    """

    __tablename__ = "saved_views"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)  # None: shared
    name: Mapped[str]
    position: Mapped[int]
    view: Mapped[str]
    client_id: Mapped[int | None] = mapped_column(ForeignKey("clients.id"), index=True)
    asked: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


Index("uq_saved_views_name", func.coalesce(SavedView.person_id, 0), func.lower(SavedView.name), unique=True)


class ItemLink(Base):
    """One ticket or task is related to another, is part of it, or is the same as it (docs/desk.md rule 26)."""

    __tablename__ = "item_links"
    __table_args__ = (
        one_of("kind", ("related", "part", "duplicate")),
        CheckConstraint("work_item_id <> other_id", name="joins_two_items"),
    )

    work_item_id: Mapped[int] = mapped_column(ForeignKey("work_items.id"), primary_key=True)
    other_id: Mapped[int] = mapped_column(ForeignKey("work_items.id"), primary_key=True, index=True)
    kind: Mapped[str]
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))


class TicketMerge(Base):
    """One ticket was merged into another, and what an undo gives back (docs/desk.md rules 20 to 24).

    ``moved`` names what went along: ``messages``, ``people`` (contacts that came to the other by it), ``followers``,
    ``drafts`` and ``earlier`` (tickets that had been merged into this one). ``before`` has status and instant of
    closing of this ticket, and of the other where the merge opened that again.
    """

    __tablename__ = "ticket_merges"
    __table_args__ = (
        Index(
            "one_merge_of_a_ticket",
            "work_item_id",
            unique=True,
            sqlite_where=text("undone_at IS NULL"),
            postgresql_where=text("undone_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    work_item_id: Mapped[int] = mapped_column(ForeignKey("work_items.id"))
    into_id: Mapped[int] = mapped_column(ForeignKey("work_items.id"), index=True)
    merged_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    merged_at: Mapped[datetime]
    moved: Mapped[dict[str, Any]]
    before: Mapped[dict[str, Any]]
    undone_at: Mapped[datetime | None]
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))


class Draft(Base):
    """What somebody has begun to write on a work item: one reply and one note each (docs/answering.md rule 1).

    ``worked``, ``work_type_id``, ``billable`` and ``status`` are kept as they were typed; they count when it is sent.
    """

    __tablename__ = "drafts"
    __table_args__ = (one_of("kind", ("reply", "note")), Index("ix_drafts_work_item_id", "work_item_id"))

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    work_item_id: Mapped[int] = mapped_column(ForeignKey("work_items.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    body: Mapped[str] = mapped_column(default="")
    html: Mapped[str] = mapped_column(default="", server_default="")
    worked: Mapped[str] = mapped_column(default="")
    work_type_id: Mapped[int | None]  # as chosen; the form offers those that there are
    billable: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(default="")
    saved_at: Mapped[datetime]

    files: Mapped[list["DraftFile"]] = relationship(order_by="DraftFile.id", viewonly=True)


class DraftFile(Base):
    """A stored file that goes along when the draft is sent (docs/answering.md rule 13).

    With ``content_id`` it is a picture for a place between the words (rule 23).
    """

    __tablename__ = "draft_files"
    __table_args__ = (
        ForeignKeyConstraint(
            ["person_id", "work_item_id", "kind"],
            ["drafts.person_id", "drafts.work_item_id", "drafts.kind"],
            onupdate="CASCADE",  # a draft goes along with a merged ticket
        ),
        Index("ix_draft_files_draft", "person_id", "work_item_id", "kind"),
        Index("ix_draft_files_blob_sha256", "blob_sha256"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int]
    work_item_id: Mapped[int]
    kind: Mapped[str]
    blob_sha256: Mapped[str] = mapped_column(ForeignKey("blobs.sha256"))
    name: Mapped[str]
    content_type: Mapped[str]
    size_bytes: Mapped[int]
    content_id: Mapped[str | None]


class Takeback(Base):
    """What it takes to take an answer back while its mail is held (docs/answering.md rule 8).

    ``typed`` is what stood in the box beside the text, ``before`` and ``after`` what the answer changed of the ticket.
    """

    __tablename__ = "takebacks"

    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    until: Mapped[datetime]
    typed: Mapped[dict[str, Any]]
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]

    message: Mapped[Message] = relationship()


class TicketForm(Base):
    """A form for a new ticket, by the key that it was given: what it opened, so that it opens one ticket alone.

    It is there from its first file on, else from its opening on (docs/desk.md rule 86).
    """

    __tablename__ = "ticket_forms"

    key: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    begun_at: Mapped[datetime] = mapped_column(index=True)
    work_item_id: Mapped[int | None] = mapped_column(ForeignKey("work_items.id"))
    said: Mapped[str | None]  # SHA-256 of what it opened that with


class TicketFormFile(Base):
    """A stored file that goes along with what the form will write."""

    __tablename__ = "ticket_form_files"

    id: Mapped[int] = mapped_column(primary_key=True)
    form_key: Mapped[str] = mapped_column(ForeignKey("ticket_forms.key"), index=True)
    blob_sha256: Mapped[str] = mapped_column(ForeignKey("blobs.sha256"), index=True)
    name: Mapped[str]
    content_type: Mapped[str]
    size_bytes: Mapped[int]


class CannedReply(Base):
    """A text to answer with: of one person, or shared by all without ``person_id`` (docs/answering.md rule 5)."""

    __tablename__ = "canned_replies"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    name: Mapped[str]
    body: Mapped[str]
    html: Mapped[str] = mapped_column(default="", server_default="")
    changed_at: Mapped[datetime]


Index(
    "uq_canned_replies_name",
    func.coalesce(CannedReply.person_id, 0),
    func.lower(CannedReply.name),
    unique=True,
)
