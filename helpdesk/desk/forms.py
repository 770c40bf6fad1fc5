"""Forms of the desk: a reply with time and status, a note, small acts."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_wtf.file import MultipleFileField
from sqlalchemy.orm import Session
from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    HiddenField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, ValidationError

from helpdesk.desk.snoozing import read
from helpdesk.desk.worked_time import NO_TIME, WorkedTime
from helpdesk.infra.forms import StrictForm, optional_id, options
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import lazy_gettext as _l
from helpdesk.infra.rich_text import check_size, pictures_in, written
from helpdesk.kernel.errors import RuleViolation
from helpdesk.projects.models import ITEM_STATUSES
from helpdesk.projects.words import status_names
from helpdesk.tickets.models import Draft, Message
from helpdesk.tickets.service import CannedText, Onward, Spoken, Typed
from helpdesk.timekeeping.forms import (
    MOST_NUMBER,
    WORKED_LENGTH,
    default_work_type,
    new_billing_choices,
    offer_work_types,
)

BODY_LENGTH = 100_000
CHOICES = ("work_type_id", "billable", "status")
SETTABLE = tuple(status for status in ITEM_STATUSES if status != "new")


class FormattedForm(StrictForm):
    """A text that may be formatted: beside its body there is its HTML."""

    html = TextAreaField()  # from the editor alone (docs/answering.md rule 16)

    def validate_html(self, field: Any) -> None:  # noqa: ANN401 - WTForms has no types here
        """Refuse more formatting than anybody writes, before anything is done with it."""
        try:
            check_size(field.data or "")
        except RuleViolation as refusal:
            raise ValidationError(str(refusal)) from refusal

    def last_seen(self) -> int | None:
        """Return the newest message that the writer saw, 0 where the page showed none; None where it did not say."""
        text = self.last_seen_id.data
        if text is None:
            return None
        return int(text) if text.isascii() and text.isdigit() and len(text) < len(str(MOST_NUMBER)) else 0

    def shown_html(self) -> str:
        """Return what the editor begins with: never what a form sent, as it came."""
        with suppress(RuleViolation):
            html = self.html.data or ""
            return written("", html, pictures=pictures_in(html)).html  # that of the draft shows which there are
        return ""


class NoteForm(FormattedForm):
    """An internal note with the time for it, and what was on the page when it was written."""

    last_seen_id = HiddenField()
    body = TextAreaField(_l("Text"), validators=[InputRequired(), Length(max=BODY_LENGTH)])
    files = MultipleFileField(_l("Files"))
    worked = StringField(_l("Time"), validators=[Length(max=WORKED_LENGTH)])
    work_type_id = SelectField(_l("Work type"), coerce=optional_id)
    billable = SelectField(_l("Billing"), default="")

    def offer(self, session: Session) -> None:
        """Fill the choices, and begin with the default work type."""
        offer_work_types(self.work_type_id, session)
        self.billable.choices = options(new_billing_choices())
        if self.work_type_id.raw_data is None:  # nothing was sent, or something else
            self.work_type_id.data = default_work_type(session)

    def begin_with(self, draft: Draft | None) -> None:
        """Show what its writer typed before (docs/answering.md rule 1); a choice that is no more is not taken up."""
        if draft is None:
            return
        self.body.data, self.html.data, self.worked.data = draft.body, draft.html, draft.worked
        for name in CHOICES:
            if name in self and getattr(draft, name) in [choice.value for choice in self[name].choices]:
                self[name].data = getattr(draft, name)

    def typed(self) -> Typed:
        """Return what stands in the box."""
        return Typed(
            body=self.body.data or "",
            html=self.html.data or "",
            worked=self.worked.data or "",
            work_type_id=self.work_type_id.data,
            billable=self.billable.data or "",
            status=(self["status"].data or "") if "status" in self else "",
        )

    def time(self) -> WorkedTime:
        """Return the time that was typed."""
        return WorkedTime(self.worked.data or "", self.work_type_id.data, self.billable.data or "")


class ReplyForm(NoteForm):
    """A reply, and the status afterwards; ``people`` and ``act`` change who gets it before it is sent."""

    people = StringField(_l("Copy to"), validators=[Length(max=1000)])
    act = StringField(validators=[Length(max=20)])
    to_new_outside = BooleanField(_l("They may have this answer"))
    status = SelectField(_l("Status afterwards"), default="")
    solve = BooleanField()  # the button that sends and solves in one, whatever status is chosen

    def offer(self, session: Session) -> None:
        """Fill the choices."""
        super().offer(session)
        words = status_names()
        self.status.choices = options([("", _("Status stays")), *((key, words[key]) for key in SETTABLE)])
        if self.solve.data:
            self.status.data = "solved"

    def changes_people(self) -> bool:
        """Return whether it says who is to get the answer: then nothing is sent yet."""
        return bool(self.people.data or self.act.data)

    def taken_off(self) -> int | None:
        """Return the contact who is not to get it, from ``off:12``; None where nobody is taken off."""
        what, _colon, value = (self.act.data or "").partition(":")
        return int(value) if what == "off" and value.isascii() and value.isdigit() else None


class NoteDraftForm(NoteForm):
    """A note that is not finished: it may be empty."""

    body = TextAreaField(validators=[Length(max=BODY_LENGTH)])


class ReplyDraftForm(ReplyForm):
    """A reply that is not finished: it may be empty."""

    body = TextAreaField(validators=[Length(max=BODY_LENGTH)])


class ForwardForm(StrictForm):
    """What is passed on, to whom and with which words and time (docs/desk.md rule 70)."""

    message = SelectMultipleField(_l("Messages"), coerce=int)
    to = StringField(_l("To"), validators=[InputRequired(), Length(max=1000)])
    subject = StringField(_l("Subject"), validators=[Length(max=200)])
    body = TextAreaField(_l("Your words"), validators=[Length(max=BODY_LENGTH)])
    file = SelectMultipleField(_l("Files"), coerce=int)
    to_outside = BooleanField(_l("They may have this"))
    worked = StringField(_l("Time"), validators=[Length(max=WORKED_LENGTH)])
    work_type_id = SelectField(_l("Work type"), coerce=optional_id)
    billable = SelectField(_l("Billing"), default="")

    def offer(self, session: Session, messages: Sequence[Message]) -> None:
        """Fill the choices with what can be passed on."""
        self.message.choices = options((one.id, one.id) for one in messages)
        self.file.choices = options((file.id, file.name) for one in messages for file in one.attachments)
        offer_work_types(self.work_type_id, session)
        self.billable.choices = options(new_billing_choices())
        if not self.is_submitted():
            self.work_type_id.data = default_work_type(session)

    def begin_with(self, onward: Onward, time: WorkedTime = NO_TIME) -> None:
        """Show what is offered at first, or what was taken back."""
        self.message.data, self.file.data = list(onward.message_ids), list(onward.file_ids)
        self.to.data, self.subject.data, self.body.data = onward.to, onward.subject, onward.text
        self.to_outside.data = onward.to_outside
        if time != NO_TIME:
            self.worked.data, self.work_type_id.data, self.billable.data = time.worked, time.work_type_id, time.billable

    def onward(self) -> Onward:
        """Return what is to be passed on."""
        return Onward(
            to=self.to.data or "",
            subject=self.subject.data or "",
            text=self.body.data or "",
            message_ids=self.message.data or [],
            file_ids=self.file.data or [],
            to_outside=bool(self.to_outside.data),
        )

    def time(self) -> WorkedTime:
        """Return the time that was typed."""
        return WorkedTime(self.worked.data or "", self.work_type_id.data, self.billable.data or "")


class TalkForm(StrictForm):
    """A call or a visit, and what of it can be corrected (docs/desk.md rules 37 to 39)."""

    direction = SelectField(_l("Who went"), default="out")
    who = StringField(_l("With whom"), validators=[Length(max=200)])
    phone = StringField(_l("Phone number"), validators=[Length(max=60)])
    at = StringField(_l("When it began"), validators=[Length(max=40)])
    missed = BooleanField(_l("Nobody was reached"))
    body = TextAreaField(_l("What was said"), validators=[InputRequired(), Length(max=BODY_LENGTH)])

    def offer(self, channel: str) -> None:
        """Fill the choices of a call or of a visit."""
        ways = {
            "call": [("out", _("We called them")), ("in", _("They called us"))],
            "visit": [("out", _("We went there")), ("in", _("They came to us"))],
        }
        self.direction.choices = options(ways[channel])
        if channel == "call":
            self.direction.label.text = _("Who called")

    def began(self, zone: ZoneInfo, unless: str = "") -> datetime | None:
        """Return when it began on the clock of ``zone``; None where that is not said, or ``unless`` it was so before.

        Raises:
            RuleViolation: it cannot be read.
        """
        typed = self.at.data or ""
        if not typed or typed == unless:
            return None
        try:
            return read(typed, zone=zone)
        except RuleViolation as refusal:
            raise RuleViolation(str(refusal), field="at") from refusal

    def spoken(self, channel: str) -> Spoken:
        """Return what was typed of it."""
        return Spoken(
            channel=channel,
            text=self.body.data or "",
            direction=self.direction.data or "out",
            who=self.who.data or "",
            phone=self.phone.data or "",
            reached=not self.missed.data,
        )


class NewTalkForm(TalkForm):
    """A call or a visit with its time, that of the way there, and the status afterwards."""

    worked = StringField(_l("Time"), validators=[Length(max=WORKED_LENGTH)])
    since = HiddenField()  # when the clock of the page was started, for the page alone
    work_type_id = SelectField(_l("Work type"), coerce=optional_id)
    billable = SelectField(_l("Billing"), default="")
    travel = StringField(_l("Travel"), validators=[Length(max=WORKED_LENGTH)])
    travel_type_id = SelectField(_l("Work type of the travel"), coerce=optional_id)
    status = SelectField(_l("Status afterwards"), default="")

    def offer_all(self, session: Session, channel: str) -> None:
        """Fill the choices, and begin with the default work type."""
        self.offer(channel)
        offer_work_types(self.work_type_id, session)
        offer_work_types(self.travel_type_id, session)
        self.billable.choices = options(new_billing_choices())
        words = status_names()
        self.status.choices = options([("", _("Status stays")), *((key, words[key]) for key in SETTABLE)])
        if not self.is_submitted():
            self.work_type_id.data = self.travel_type_id.data = default_work_type(session)

    def time(self) -> WorkedTime:
        """Return the time that was typed."""
        return WorkedTime(self.worked.data or "", self.work_type_id.data, self.billable.data or "")

    def way(self) -> WorkedTime:
        """Return the time of the way there and back."""
        return WorkedTime(self.travel.data or "", self.travel_type_id.data, self.billable.data or "")


class FilesForm(StrictForm):
    """Files for a draft."""

    files = MultipleFileField()


class PictureForm(FilesForm):
    """A picture for a place between the words of a draft; ``standing`` names those that stand there."""

    standing = StringField(validators=[Length(max=BODY_LENGTH)])


class CannedForm(FormattedForm):
    """A canned reply (docs/answering.md rule 5)."""

    name = StringField(_l("Name"), validators=[InputRequired(), Length(max=60)])
    body = TextAreaField(_l("Text"), validators=[InputRequired(), Length(max=20_000)])
    shared = BooleanField(_l("Everybody on the desk can answer with it"))

    def written(self) -> CannedText:
        """Return what was typed."""
        return CannedText(self.name.data or "", self.body.data or "", bool(self.shared.data), self.html.data or "")


class StatusForm(StrictForm):
    """A status, and the one that was seen."""

    status = SelectField(choices=options((key, key) for key in ITEM_STATUSES))
    was = StringField(validators=[Length(max=20)])


class AssignForm(StrictForm):
    """Who does it, and who was seen to do it; empty is nobody."""

    assignee_id = SelectField(coerce=optional_id, validate_choice=False)
    was = StringField(validators=[Length(max=20)])


class GiveForm(StrictForm):
    """The team that an item belongs to, and the one that was seen there; empty is none."""

    team_id = SelectField(coerce=optional_id, validate_choice=False)
    was = StringField(validators=[Length(max=20)])


class MoveForm(StrictForm):
    """The project that an item belongs to; ``seen`` is the stamp of the page that said what the move does."""

    project_id = SelectField(_l("Project"), coerce=int, validators=[InputRequired()], validate_choice=False)
    learn_domain = BooleanField(_l("Everybody at this domain writes for the client"))
    also = SelectMultipleField(_l("Move along"), coerce=int, validate_choice=False)
    bill_own_time = BooleanField(_l("Our own time and expenses on it become billable there"))
    seen = HiddenField()

    def move(self) -> dict[str, Any]:
        """Return what was decided, by the names of the act."""
        decided = {**self.values(), "also": self.also.data or []}
        return {name: value for name, value in decided.items() if name != "seen"}


class PriceForm(StrictForm):
    """The work whose price is asked for."""

    number = IntegerField(_l("Ticket or task"), validators=[InputRequired(), NumberRange(min=1, max=MOST_NUMBER)])
    person_id = SelectField(_l("Person"), coerce=int, validators=[InputRequired()])
    work_type_id = SelectField(_l("Work type"), coerce=optional_id)
    on = DateField(_l("Day"), validators=[InputRequired()])
    worked = StringField(_l("Worked"), validators=[InputRequired(), Length(max=WORKED_LENGTH)])

    def offer(self, session: Session, people: list[tuple[int, str]], *, asked: bool) -> None:
        """Fill the choices, and begin with the default work type."""
        self.person_id.choices = options(people)
        offer_work_types(self.work_type_id, session)
        if not asked:
            self.work_type_id.data = default_work_type(session)


class AcceptForm(StrictForm):
    """Held mail is accepted."""

    as_contact = BooleanField(_l("Its sender is a contact of the client"))


class SendAgainForm(StrictForm):
    """Mail that did not arrive is sent again, to another address where one is given."""

    address = EmailField(_l("Address"), validators=[Length(max=254)])


class PersonForm(StrictForm):
    """Somebody who is to take part in a conversation."""

    email = EmailField(_l("E-mail"), validators=[InputRequired(), Length(max=254)])
    name = StringField(_l("Name"), validators=[Length(max=120)])


class StartForm(StrictForm):
    """The number of the item to work on."""

    number = IntegerField(validators=[InputRequired(), NumberRange(min=1, max=MOST_NUMBER)])
