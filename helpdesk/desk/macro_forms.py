"""The form of one macro: what becomes of the ticket, what is answered, what is logged (docs/automation.md rule 16)."""

from sqlalchemy.orm import Session
from wtforms import BooleanField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from helpdesk.automation.domain.rules import NOBODY, Field
from helpdesk.automation.forms import ChangesForm
from helpdesk.automation.models import Macro
from helpdesk.automation.naming import Names, names
from helpdesk.automation.service.changing import ME
from helpdesk.automation.service.macros import ANSWER_LENGTH, LONGEST_NAME, MacroActs, MacroSettings
from helpdesk.desk.forms import SETTABLE, FormattedForm
from helpdesk.infra.forms import options
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import lazy_gettext as _l
from helpdesk.rates import queries as rates


class MacroForm(ChangesForm, FormattedForm):
    """One macro; the answer is its ``body``, with ``html`` where it is formatted."""

    name = StringField(_l("Name"), [InputRequired(), Length(max=LONGEST_NAME)])
    shared = BooleanField(_l("For everybody on the desk"))
    body = TextAreaField(_l("Answer"), [Length(max=ANSWER_LENGTH)])
    sends = BooleanField(_l("Send the answer at once"))
    minutes = IntegerField(_l("Minutes to log"), [Optional()])
    work_type = SelectField(_l("Work type"), default="")

    def offer_to(self, session: Session) -> None:
        """Fill the choices."""
        self.offer(named(session))
        kinds = ((str(one.id), one.name) for one in rates.work_types(session))
        self.work_type.choices = options([("", _("The default one")), *kinds])

    def show(self, macro: Macro) -> None:
        """Fill the fields from a macro."""
        acts = MacroActs.of(macro.acts)
        self.show_changes(acts)
        self.name.data, self.shared.data = macro.name, macro.person_id is None
        self.body.data, self.html.data, self.sends.data = acts.answer, acts.answer_html, acts.sends
        self.minutes.data, self.work_type.data = acts.minutes or None, acts.work_type

    def settings(self) -> MacroSettings:
        """Return the macro as it was entered.

        Raises:
            RuleViolation: a tag makes no sense; its field is named.
        """
        acts = MacroActs(
            **self.changes(),
            answer=self.body.data or "",
            answer_html=self.html.data or "",
            sends=bool(self.sends.data),
            minutes=self.minutes.data or 0,
            work_type=self.work_type.data or "",
        )
        return MacroSettings(name=self.name.data or "", acts=acts, shared=bool(self.shared.data))


def named(session: Session) -> Names:
    """Return the names of all that a macro can name: a ticket becomes new no more, and goes to whoever applies it."""
    found = names(session)
    people = {ME: _("Whoever applies it"), NOBODY: _("Nobody"), **found[Field.ASSIGNEE]}
    statuses = {key: name for key, name in found[Field.STATUS].items() if key in SETTABLE}
    return {**found, Field.ASSIGNEE: people, Field.STATUS: statuses}
