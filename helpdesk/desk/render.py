"""The values that the item page shows, made of rows: who wrote what, the time on it, the hours left."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from math import ceil

from flask import url_for
from markupsafe import Markup

from helpdesk.desk.no_text import instead_of_text
from helpdesk.desk.pictures_panel import PicturesPanel, pictures_panel
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import APPROVERS, Actor
from helpdesk.infra.rich_text import ShownPicture, shown
from helpdesk.intake.domain.answering import REFUSED
from helpdesk.outbox.domain import without_token
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.outbox.service import again_key
from helpdesk.projects.models import WorkItem
from helpdesk.rates.models import RoundingPolicyRow
from helpdesk.retainers import render as retainers
from helpdesk.retainers.books import MonthView
from helpdesk.retainers.words import label_of_span
from helpdesk.tickets import service as tickets
from helpdesk.tickets.domain import is_forward
from helpdesk.tickets.mail_markup import says_more
from helpdesk.tickets.mentions import marked, pieces
from helpdesk.tickets.models import Attachment, Message, Participant, TicketDetails
from helpdesk.timekeeping import render as time_render
from helpdesk.timekeeping.models import TimeEntry
from helpdesk.timekeeping.queries import entries as time
from helpdesk.timekeeping.queries.lines import of_entry
from helpdesk.timekeeping.render import EntryLine

RECIPIENTS_SHOWN = 3


@dataclass(frozen=True)
class ItemFacts:
    """A work item with what stands around it."""

    number: int
    version: int
    kind: str
    title: str
    status: str
    priority: str
    assignee_id: int | None
    assignee_name: str | None
    team_id: int | None
    project_id: int
    project_name: str
    in_triage: bool
    is_internal: bool
    client_id: int
    client_name: str
    due_on: date | None
    estimate_seconds: int | None
    tags: list[str]
    snoozed_until: datetime | None
    type_id: int | None


@dataclass(frozen=True)
class AnswerLine:
    """To whom an answer goes; ``outside`` are those who need a word of confirmation first."""

    to_name: str
    to_address: str
    instead_of: str
    copies: list[str]
    outside: list[str]
    without_address: str = ""


@dataclass(frozen=True)
class PersonLine:
    """Somebody who takes part in the conversation, and how they came."""

    contact_id: int
    name: str
    email: str
    how: str
    is_requester: bool
    removed: bool
    undeliverable_why: str


@dataclass(frozen=True)
class TicketFacts:
    """Who asked, how it came, and why it is here; ``can_send`` where there is a mailbox from which answers leave."""

    requester_id: int
    requester_name: str
    requester_title: str
    requester_email: str
    requester_phone: str
    there: datetime
    reasons: list[str]
    mailbox_address: str | None
    can_send: bool
    is_merged: bool
    other_open: int
    answers_to: AnswerLine
    reporter_id: int | None = None
    reporter_name: str = ""


@dataclass(frozen=True)
class DeliveryLine:
    """What became of one mail of ours: queued, sent, failed or bounced; ``words`` are those of the servers."""

    id: int
    purpose: str
    state: str
    at: datetime
    words: str
    recipients: str
    to_correct: str
    can_send_again: bool


@dataclass(frozen=True)
class TalkLine:
    """A call or a visit: its channel, in words with whom and which way, and whether the reader can correct it."""

    channel: str
    words: str
    reached: bool
    is_own: bool


@dataclass(frozen=True)
class MessageLine:
    """One piece of the conversation; ``text`` is what was written anew."""

    id: int
    kind: str
    author_name: str
    ours: bool
    posted_at: datetime
    to_line: str
    text: str
    pieces: list[tuple[str, bool]]
    no_text: str
    forwarded: bool
    from_outside: bool
    talk: TalkLine | None
    html: Markup | None
    trimmed_text: str
    trimmed_lines: int
    has_html: bool
    shows_html: bool
    automatic: bool
    automatic_kind: str
    held: bool
    discarded: bool
    sender_address: str
    inbound_id: int | None
    reply_to: str
    reply_to_refused: str
    passed_on_by: str
    may_become_contact: bool
    unverified: bool
    pictures: PicturesPanel | None
    reasons: list[str]
    worked_seconds: int
    delivery: DeliveryLine | None
    undo_seconds: int
    attachments: Sequence[Attachment]
    signature_images: Sequence[Attachment]

    @property
    def frame_height(self) -> int:
        """Return about how many pixels its HTML takes, so that little moves once the frame has measured it."""
        lines = sum(1 + len(line) // 100 for line in self.text.split("\n"))
        return 16 + 21 * min(max(lines, 1), 40)


@dataclass(frozen=True)
class TimePanel:
    """The time on an item, and whether the reader's timer runs here or elsewhere."""

    total_seconds: int
    note: str
    running_here: bool
    running_elsewhere: int | None
    entries: list[EntryLine]


@dataclass(frozen=True)
class RetainerPanel:
    """Hours left in the retainer that covers an item, in this month or quarter of the contract."""

    agreement_id: int
    title: str
    left_seconds: int
    allowance_seconds: int
    used_seconds: int
    pending_seconds: int
    used_percent: int
    pending_percent: int
    alert: retainers.Alert | None
    visible: bool


def item_facts(item: WorkItem) -> ItemFacts:
    """Return an item as its page shows it."""
    details = item.task_details
    return ItemFacts(
        number=item.number,
        version=item.version,
        kind=item.kind,
        title=item.title,
        status=item.status,
        priority=item.priority,
        assignee_id=item.assignee_id,
        assignee_name=item.assignee.name if item.assignee else None,
        team_id=item.team_id,
        project_id=item.project_id,
        project_name=item.project.name,
        in_triage=item.project.is_triage,
        is_internal=item.project.client.is_internal,
        client_id=item.project.client_id,
        client_name=item.project.client.name,
        due_on=details.due_on if details else None,
        estimate_seconds=details.estimate_seconds if details else None,
        tags=[one.tag for one in item.tags],
        snoozed_until=item.snoozed_until,
        type_id=item.type_id,
    )


def ticket_facts(
    details: TicketDetails,
    *,
    other_open: int,
    answers_to: AnswerLine,
    can_send: bool,
    there: datetime,
) -> TicketFacts:
    """Return what makes an item a ticket; ``there`` is now on the requester's clock."""
    return TicketFacts(
        requester_id=details.requester_id,
        requester_title=details.requester.title,
        there=there,
        requester_name=details.requester.name,
        requester_email=details.requester.email,
        requester_phone=details.requester.phone,
        reasons=details.reasons,
        mailbox_address=details.mailbox.address if details.mailbox else None,
        can_send=can_send,
        is_merged=details.merged_into_id is not None,
        other_open=other_open,
        answers_to=answers_to,
        reporter_id=details.reporter_id,
        reporter_name=details.reporter.name if details.reporter else "",
    )


def answer_line(whom: tickets.Recipients) -> AnswerLine:
    """Return to whom an answer goes, as the reply form says it."""
    copies = [person.name or person.address for person in whom.cc]
    return AnswerLine(whom.to.name, whom.to.address, whom.instead_of, copies, list(whom.outside), whom.without_address)


def person_line(participant: Participant, messages: Mapping[int, Message]) -> PersonLine:
    """Return somebody who takes part, with how they came: by whose mail, by an answer of theirs, or by us."""
    contact, message = participant.contact, messages.get(participant.message_id or 0)
    author = message.person or message.contact if message is not None else None
    words = {
        "copy": _("was in To or Cc of %(name)s's mail", name=author.name if author else _("a mail")),
        "reply": _("answered, and so takes part"),
        "staff": _("added by us"),
        "mail": _("wrote first"),
    }
    return PersonLine(
        contact_id=contact.id,
        name=contact.name,
        email=contact.email,
        how=words["mail" if participant.role == "requester" else participant.added_by],
        is_requester=participant.role == "requester",
        removed=participant.removed_at is not None,
        undeliverable_why=contact.undeliverable_why or _("Mail to this address came back.")
        if contact.undeliverable_at
        else "",
    )


def message_line(
    message: Message, *, actor: Actor, now: datetime, worked_seconds: int, inbound_id: int | None = None
) -> MessageLine:
    """Return one piece of the conversation, as the actor sees it."""
    author = message.person or message.contact
    outgoing = message.outgoing
    forwarded = is_forward(message.kind, message.outgoing_message_id)
    is_mail = message.kind == "mail" or message.contact_id is not None
    return MessageLine(
        id=message.id,
        kind=message.kind,
        author_name=author.name if author else "Helpdesk",
        ours=message.person is not None,
        posted_at=message.posted_at,
        to_line=_to_line([entry["name"] or without_token(entry["address"]) for entry in message.recipients]),
        text=message.reply_text if forwarded else message.reply_text or message.text,
        forwarded=forwarded,
        from_outside=message.kind == "note" and message.contact_id is not None,
        talk=_talk_line(message, actor),
        pieces=_pieces(message),
        no_text=instead_of_text(message),
        trimmed_text=message.trimmed_text,
        trimmed_lines=len(message.trimmed_text.splitlines()),
        html=_formatted(message) if message.html and not is_mail else None,
        has_html=message.html is not None and is_mail,
        shows_html=is_mail and _shows_html(message),
        automatic=message.automatic,
        automatic_kind=automatic_kind(message.reasons) if message.automatic else "",
        held=message.held,
        discarded=message.discarded_at is not None,
        inbound_id=inbound_id,
        reply_to=message.reply_to,
        reply_to_refused=next((reason for reason in message.reasons if reason.startswith(REFUSED)), ""),
        sender_address=message.contact.email if message.contact else "",
        passed_on_by=message.passed_on_by.name if message.passed_on_by else "",
        may_become_contact=message.contact is not None and message.contact.client_id is None,
        unverified=message.unverified,
        pictures=pictures_panel(message),
        reasons=message.reasons,
        worked_seconds=worked_seconds,
        delivery=delivery_line(outgoing) if outgoing else None,
        undo_seconds=seconds_to_undo(outgoing, now=now) if outgoing and message.person_id == actor.person_id else 0,
        attachments=[file for file in message.attachments if not (file.inline or file.folded)],
        signature_images=[file for file in message.attachments if file.folded and not file.inline],
    )


def _shows_html(message: Message) -> bool:
    """Return whether the HTML of a mail is shown at once: by docs/desk.md rule 120."""
    if message.html is None:
        return False
    if any(one.state == "shown" for one in message.pictures):
        return True
    if message.html_says_more is not None:
        return message.html_says_more
    pictures = {file.content_id for file in message.attachments if file.inline and not file.folded and file.content_id}
    return says_more(message.html, message.text, message.trimmed_text, pictures=pictures)


def _formatted(message: Message) -> Markup:
    """Return what one of us wrote with its formatting, and its pictures at their places."""
    pictures = {
        file.content_id: ShownPicture(
            url_for("tickets.shown", attachment_id=file.id, size="large"),
            url_for("desk.preview", attachment_id=file.id),
        )
        for file in message.attachments
        if file.inline and file.content_id
    }
    return marked(shown(message.html or "", pictures=pictures), _labels(message))


def _talk_line(message: Message, actor: Actor) -> TalkLine | None:
    talk = message.talk
    if talk is None:
        return None
    words = {
        ("call", "in"): _("Call from %(name)s", name=talk.whom),
        ("call", "out"): _("Call to %(name)s", name=talk.whom),
        ("visit", "in"): _("Visit of %(name)s", name=talk.whom),
        ("visit", "out"): _("Visit with %(name)s", name=talk.whom),
    }
    is_own = message.person_id == actor.person_id or actor.is_one_of(APPROVERS)
    return TalkLine(talk.channel, words[talk.channel, talk.direction], reached=talk.reached, is_own=is_own)


def _labels(message: Message) -> list[str]:
    return [one["label"] for one in message.mentions if one["told"]]


def _pieces(message: Message) -> list[tuple[str, bool]]:
    labels = _labels(message)
    return pieces(message.text, labels) if labels else []


def seconds_to_undo(outgoing: OutgoingMessage, *, now: datetime) -> int:
    """Return for how many seconds a mail is still held and can be taken back (docs/answering.md rule 8)."""
    if outgoing.state != "queued" or outgoing.attempts:
        return 0
    return max(0, ceil((outgoing.next_attempt_at - now).total_seconds()))


def delivery_line(outgoing: OutgoingMessage, *, sent_anew: bool = False) -> DeliveryLine:
    """Return what became of a mail of ours; one that was ``sent_anew`` is not sent again."""
    bounced = outgoing.bounced_at is not None
    state = "bounced" if bounced else "queued" if outgoing.state == "claimed" else outgoing.state
    moments = {"sent": outgoing.sent_at, "bounced": outgoing.bounced_at, "queued": outgoing.next_attempt_at}
    whom = tickets.unreached(outgoing)
    return DeliveryLine(
        id=outgoing.id,
        purpose=outgoing.purpose,
        state=state,
        at=moments.get(state) or outgoing.created_at,
        words=outgoing.bounce_report if bounced else outgoing.last_error,
        recipients=", ".join(person["address"] for person in (*outgoing.to, *outgoing.cc)),
        to_correct=whom[0].address if len(whom) == 1 else "",
        can_send_again=state in ("failed", "bounced") and not sent_anew,
    )


def automatic_kind(reasons: Sequence[str]) -> str:
    """Return what kind of automatic mail it is, by the first reason that tells it (docs/mail.md rule 23)."""
    kinds = {
        "delivery report": _("Delivery report"),
        "reading receipt": _("Reading receipt"),
        "mailing list or newsletter": _("Mailing list"),
        "Auto-Submitted: auto-replied": _("Automatic answer"),
        "vacation note": _("Automatic answer"),
        "Auto-Submitted: auto-generated": _("Mail of a system"),
        "sent automatically by a Helpdesk": _("Mail of a system"),
        "sent by ": _("Mail of a system"),
        "Precedence: auto": _("Automatic answer"),
        "Precedence: ": _("Mail to many"),
        "X-Auto": _("Automatic answer"),
    }
    told = (words for beginning, words in kinds.items() for one in reasons if one.startswith(beginning))
    return next(told, _("Automatic mail"))


def other_deliveries(outgoing: Sequence[OutgoingMessage], messages: Sequence[Message]) -> list[DeliveryLine]:
    """Return mail of ours on the item that is no reply in its conversation, such as acknowledgements."""
    shown = {message.outgoing_message_id for message in messages}
    keys = {one.idempotency_key for one in outgoing}
    return [delivery_line(one, sent_anew=again_key(one) in keys) for one in outgoing if one.id not in shown]


def with_lines(entries: Sequence[TimeEntry], *, actor: Actor, now: datetime) -> list[tuple[TimeEntry, EntryLine]]:
    """Return each entry with its line; one's own can be edited, approvers edit all."""
    may_edit_all = actor.is_one_of(APPROVERS)
    return [
        (entry, time_render.line(of_entry(entry), now=now, may_edit=may_edit_all or entry.person_id == actor.person_id))
        for entry in entries
    ]


def time_panel(
    lines: list[EntryLine], *, item: WorkItem, running: TimeEntry | None, rounding: RoundingPolicyRow | None
) -> TimePanel:
    """Return the time on an item."""
    here = running is not None and running.work_item_id == item.id
    return TimePanel(
        total_seconds=sum(line.worked_seconds for line in lines),
        note=rounding_words(rounding),
        running_here=here,
        running_elsewhere=running.work_item.number if running is not None and not here else None,
        entries=lines,
    )


def seconds_by_uuid(entries: Sequence[TimeEntry], *, now: datetime) -> Mapping[str, int]:
    """Return the worked seconds of entries by their uuid, so that a message finds its own."""
    return {entry.uuid: time.worked_seconds(entry, now=now) for entry in entries}


def rounding_words(policy: RoundingPolicyRow | None) -> str:
    """Return how time is rounded, in a sentence: "Billed in steps of 15 min, rounded up."."""
    if policy is None:
        return _("Billed by the started minute.")
    if policy.mode == "none":
        return _("Billed to the second.")
    words = {"up": _("rounded up"), "down": _("rounded down"), "nearest": _("to the nearest step")}
    scopes = {"entry": "", "day": ", " + _("a day at a time"), "ticket": ", " + _("a ticket at a time")}
    step = _("Billed in steps of %(minutes)s min", minutes=policy.step_minutes)
    return f"{step}, {words[policy.mode]}{scopes[policy.scope]}."


def retainer_panel(view: MonthView | None, *, may_open: bool) -> RetainerPanel | None:
    """Return the hours left; None where no retainer covers the work."""
    if view is None:
        return None
    statement = view.statement
    return RetainerPanel(
        agreement_id=view.agreement.id,
        title=f"{view.agreement.name}, {label_of_span(view.span, 'LLLL')}",
        left_seconds=view.left_seconds,
        allowance_seconds=statement.allowance_seconds,
        used_seconds=statement.burned_seconds,
        pending_seconds=statement.pending_seconds,
        used_percent=statement.used_percent,
        pending_percent=retainers.percent(statement.pending_seconds, statement.allowance_seconds),
        alert=retainers.alert_of(view),
        visible=may_open,
    )


def client_retainer(view: MonthView) -> dict[str, object]:
    """Return one retainer as the client's page lists it."""
    panel = retainer_panel(view, may_open=True)
    return {**asdict(panel), "name": view.agreement.name} if panel else {}


def _to_line(names: list[str]) -> str:
    if not names:
        return ""
    shown = ", ".join(names[:RECIPIENTS_SHOWN])
    more = len(names) - RECIPIENTS_SHOWN
    return _("to %(names)s", names=shown) + (" " + _("and %(count)s more", count=more) if more > 0 else "")
