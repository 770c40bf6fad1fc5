"""How the demo's desk works: two rules, two macros, a call about the printer, and its mail passed on to the maker."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.automation.domain.rules import condition
from helpdesk.automation.service import macros, rules
from helpdesk.automation.service.acts import Acts
from helpdesk.automation.service.macros import MacroActs, MacroSettings
from helpdesk.automation.service.rules import RuleSettings
from helpdesk.demo.calendar import Days
from helpdesk.demo.site import Crew
from helpdesk.desk import forwarding, talking
from helpdesk.desk.worked_time import WorkedTime
from helpdesk.projects.models import OPEN_STATUSES, WorkItem
from helpdesk.tickets import service as tickets
from helpdesk.tickets.models import TicketDetails
from helpdesk.tickets.service import Onward, Spoken
from helpdesk.timekeeping.forms import default_work_type

SUBJECT = "Etikettendrucker"
MAKER = "Service desk <service@labelworks.example>"
RULES = (
    RuleSettings(
        name="What is down comes first",
        trigger="opened_by_mail",
        conditions=(condition(field="subject", operator="contains", value="down"),),
        acts=Acts(priority="urgent", add_tags=("outage",)),
    ),
    RuleSettings(
        name="VPN has a tag",
        trigger="opened_by_mail",
        conditions=(condition(field="subject", operator="contains", value="vpn"),),
        acts=Acts(add_tags=("vpn",)),
    ),
)
ASK = MacroActs(
    answer="Hello {{requester.first_name}},\n\nwhich model is it, and since when? A picture of its label helps.\n\n"
    "{{me.first_name}}",
    status="waiting",
    add_tags=("asked",),
    minutes=5,
)
DUPLICATE = MacroActs(status="solved", assignee="me", add_tags=("duplicate",), note="Asked twice; see the other one.")


def keep(crew: Crew, days: Days) -> None:
    """Write rules, switched on, and macros, one shared and one of Lin's; then log a call and pass on a mail."""
    session, amara, lin = crew.session, crew.actor("manager"), crew.actor("lin")
    for settings in RULES:
        row = rules.add_rule(session, actor=amara, now=days.now, settings=settings)
        rules.switch_rule(session, actor=amara, now=days.now, rule_id=row.id, active=True)
    shared = MacroSettings(name="Close as duplicate", acts=DUPLICATE, shared=True)
    macros.add_macro(session, actor=amara, now=days.now, settings=shared)
    macros.add_macro(session, actor=lin, now=days.now, settings=MacroSettings(name="Ask for the model", acts=ASK))
    item = _about_the_printer(session)
    if item is not None:
        _call(crew, days, item)
        _pass_on(crew, days, item)


def _about_the_printer(session: Session) -> WorkItem | None:
    query = select(WorkItem).join(TicketDetails, TicketDetails.work_item_id == WorkItem.id)
    query = query.where(WorkItem.title.ilike(f"%{SUBJECT}%"), WorkItem.status.in_(OPEN_STATUSES))
    return session.scalars(query.order_by(WorkItem.number).limit(1)).first()


def _call(crew: Crew, days: Days, item: WorkItem) -> None:
    details = crew.session.get_one(TicketDetails, item.id)
    text = "It prints blank after the fifth label. They have a spare ribbon, and try that first."
    talking.log_talk(
        crew.session,
        actor=crew.actor("lin"),
        now=days.now,
        number=item.number,
        spoken=Spoken("call", text, direction="in", who=details.requester.email),
        time=WorkedTime("0:15", default_work_type(crew.session)),
    )


def _pass_on(crew: Crew, days: Days, item: WorkItem) -> None:
    mails = [one.id for one in tickets.forwardable(crew.session, item.id) if one.kind == "mail"]
    if mails:
        onward = Onward(
            to=MAKER,
            subject="Blank labels, serial number to follow",
            text="Hello,\n\nplease see below. Is the head worn, or is it the ribbon?",
            message_ids=mails[:1],
            to_outside=True,
        )
        forwarding.forward(crew.session, actor=crew.actor("lin"), now=days.now, number=item.number, onward=onward)
