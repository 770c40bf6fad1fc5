"""The form for a new ticket, as somebody fills it in on the phone (docs/desk.md rules 82 to 89)."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any
from uuid import uuid4

from flask_wtf.file import MultipleFileField
from sqlalchemy.orm import Session
from wtforms import BooleanField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from helpdesk.accounts import queries as accounts
from helpdesk.clients import queries as clients
from helpdesk.desk.forms import BODY_LENGTH, SETTABLE, FormattedForm
from helpdesk.desk.opening import BY_PROJECT, CHANNELS, Facts, Said, Whom
from helpdesk.desk.worked_time import WorkedTime
from helpdesk.infra.ahead import ask_ahead, rows_of
from helpdesk.infra.forms import StrictForm, optional_id, options
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import lazy_gettext as _l
from helpdesk.infra.policy import DESK, Actor
from helpdesk.projects import queries as projects
from helpdesk.projects import types
from helpdesk.projects.models import PRIORITIES
from helpdesk.projects.words import priority_names, status_names
from helpdesk.timekeeping.forms import WORKED_LENGTH, default_work_type, new_billing_choices, offer_work_types


class AskerForm(StrictForm):
    """Who it is for: somebody that was chosen, or is found by what was typed, or somebody new."""

    who = StringField(_l("Who is it for"), validators=[Length(max=254)])
    contact_id = HiddenField()
    new_name = StringField(_l("Name"), validators=[Length(max=120)])
    new_email = StringField(_l("E-mail"), validators=[Length(max=254)])
    new_phone = StringField(_l("Phone"), validators=[Length(max=60)])

    def chosen(self) -> int | None:
        """Return the id of the contact that was chosen."""
        text = self.contact_id.data or ""
        return int(text) if text.isascii() and text.isdigit() and len(text) < len("2147483647") else None

    def whom(self) -> Whom:
        """Return who is meant, as typed."""
        return Whom(
            typed=self.who.data or "",
            contact_id=self.chosen(),
            name=self.new_name.data or "",
            email=self.new_email.data or "",
            phone=self.new_phone.data or "",
        )


class RequesterForm(AskerForm):
    """Who asks, or asks instead, and whether the one before stays in copy."""

    act = StringField(validators=[Length(max=20)])
    was = HiddenField()
    former_in_copy = BooleanField(_l("Whoever asked before stays in copy"))

    def take_choice(self) -> str:
        """Let the contact whose button was pressed be the one that is chosen; return what the button was for."""
        act, _colon, value = (self.act.data or "").partition(":")
        self.contact_id.data = value if act == "pick" else ""
        return act

    def seen(self) -> int | None:
        """Return who asked as the page was shown."""
        text = self.was.data or ""
        return int(text) if text.isascii() and text.isdecimal() else None


class NewTicketForm(AskerForm, FormattedForm):
    """A new ticket; ``act`` says which of its buttons was pressed, nothing for the one that opens it.

    ``projects`` are those that can be chosen: rows of .id .client_id .is_default.
    """

    projects: Sequence[Any] = ()
    client_ids: AbstractSet[int] = frozenset()
    key = HiddenField()
    act = StringField(validators=[Length(max=20)])
    client_id = SelectField(_l("Client"), coerce=optional_id, validators=[Optional()])
    project_id = SelectField(_l("Project"), coerce=optional_id, validators=[Optional()])
    channel = RadioField(_l("How it came"), default="call")
    subject = StringField(_l("Subject"), validators=[InputRequired(), Length(max=200)])
    body = TextAreaField(_l("What was said"), validators=[Length(max=BODY_LENGTH)])
    first_message = BooleanField(_l("Send it to them as our first message"))
    to_new_outside = BooleanField(_l("They may have this message"))
    files = MultipleFileField(_l("Files"))
    type_id = SelectField(_l("Type"), coerce=optional_id, validators=[Optional()])
    priority = SelectField(_l("Priority"), default="normal")
    tags = StringField(_l("Tags"), validators=[Length(max=400)])
    assignee_id = SelectField(_l("Assign to"), coerce=optional_id, validators=[Optional()])
    team = SelectField(_l("Team"), default=BY_PROJECT)
    status = SelectField(_l("Status"), default="")
    worked = StringField(_l("Time"), validators=[Length(max=WORKED_LENGTH)])
    since = HiddenField()  # when the clock of the page was started, for the page alone
    work_type_id = SelectField(_l("Work type"), coerce=optional_id)
    billable = SelectField(_l("Billing"), default="")
    cc = StringField(_l("Copy to"), validators=[Length(max=1000)])
    reporter = StringField(_l("Reported by somebody else"), validators=[Length(max=254)])
    reporter_in_copy = BooleanField(_l("They get our answers in copy"))
    confirm = BooleanField(_l("Confirm it by mail to whoever it is for"))
    words = TextAreaField(_l("What they read of it"), validators=[Length(max=BODY_LENGTH)])

    def offer(self, session: Session, actor: Actor) -> None:
        """Fill the choices, and begin as most tickets do: with whoever opens it, and the default work type."""
        people, landing = accounts.choice_of(DESK), projects.choices_with_default(actor)
        ask_ahead(
            session, clients.choice_of(clients.visible(actor)), landing, people, types.choice(), accounts.team_choice()
        )
        self.offer_clients(session, actor)
        self.projects = rows_of(session, landing)
        words, states = priority_names(), status_names()
        ways = {"call": _("Phone"), "visit": _("Visit"), "mail": _("Mail"), "own": _("By ourselves")}
        self.channel.choices = options((key, ways[key]) for key in CHANNELS)
        named = [(row.id, f"{row.client} · {row.name}") for row in self.projects]
        self.project_id.choices = options([("", _("Where their mail lands")), *named])
        self.type_id.choices = options([("", _("None")), *types.choices(session)])
        self.priority.choices = options((key, words[key]) for key in PRIORITIES)
        self.assignee_id.choices = options([("", _("Nobody yet")), *accounts.choices(session, roles=DESK)])
        others = [("0", _("No team")), *((str(key), name) for key, name in accounts.team_choices(session))]
        self.team.choices = options([(BY_PROJECT, _("As the project says")), *others])
        self.status.choices = options([("", states["new"]), *((key, states[key]) for key in SETTABLE)])
        self.billable.choices = options(new_billing_choices())
        offer_work_types(self.work_type_id, session)
        if not self.is_submitted():
            self.assignee_id.data, self.work_type_id.data = actor.person_id, default_work_type(session)
        self.key.data = self.key.data or uuid4().hex

    def offer_clients(self, session: Session, actor: Actor) -> None:
        """Fill the choice of clients."""
        found = clients.choices(session, condition=clients.visible(actor))
        self.client_id.choices = options([("", _("By the address or the project")), *found])
        self.client_ids = {one_id for one_id, _name in found}

    def offers_client(self, client_id: int) -> bool:
        """Return whether it is one of the clients that can be chosen."""
        return client_id in self.client_ids

    def whom(self) -> Whom:
        """Return who is meant, as typed, and the client of somebody new."""
        return replace(super().whom(), client_id=self.client_id.data)

    def client_of(self, project_id: int | None) -> int | None:
        """Return whose project it is, of those that can be chosen."""
        return next((row.client_id for row in self.projects if row.id == project_id), None)

    def landing(self, client_id: int | None) -> int | None:
        """Return the project in which mail of a client lands."""
        return next((row.id for row in self.projects if row.client_id == client_id and row.is_default), None)

    def said(self) -> Said:
        """Return what was said, how, and how long it took."""
        return Said(
            key=self.key.data or uuid4().hex,
            subject=self.subject.data or "",
            text=self.body.data or "",
            html=self.html.data or "",
            channel=self.channel.data or "call",
            time=WorkedTime(self.worked.data or "", self.work_type_id.data, self.billable.data or ""),
            status=self["status"].data or "",
        )

    def facts(self) -> Facts:
        """Return what else the ticket has."""
        return Facts(
            project_id=self.project_id.data,
            type_id=self.type_id.data,
            priority=self.priority.data or "normal",
            tags=self.tags.data or "",
            assignee_id=self.assignee_id.data,
            team=self.team.data or BY_PROJECT,
            cc=self.cc.data or "",
            reporter=self.reporter.data or "",
            reporter_in_copy=bool(self.reporter_in_copy.data),
            confirm=bool(self.confirm.data),
            words=self.words.data or "",
            first_message=bool(self.first_message.data),
            to_new_outside=bool(self.to_new_outside.data),
        )

    def pressed(self) -> tuple[str, int | None]:
        """Return which button was pressed, with its number: ``("onto", 12)``; an empty word for the one that opens."""
        act, _colon, value = (self.act.data or "").partition(":")
        return act, int(value) if value.isascii() and value.isdigit() and len(value) < len("2147483647") else None
