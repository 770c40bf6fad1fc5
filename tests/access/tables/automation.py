"""Who gets what from rules: managers and administrators write them and read what they did."""

from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.automation.models import AutomationRun
from helpdesk.automation.service import rules
from helpdesk.automation.service.acts import Acts
from helpdesk.automation.service.rules import RuleSettings
from helpdesk.infra.policy import SYSTEM
from tests.access.rows import Row, expect
from tests.builders import Office

OTHERS = {"anonymous": 302, "technician": 403, "account_manager": 403, "rival": 403, "bookkeeper": 403}
SEES = expect(**OTHERS, manager=200, admin=200)
DOES = expect(**OTHERS, manager=303, admin=303)
REFUSED = expect(**OTHERS, manager=422, admin=422)
NOT_THERE = expect(**OTHERS, manager=404, admin=404)

RULE = {
    "name": "Close what waits",
    "trigger": "since_answer",
    "amount": "7",
    "unit": "days",
    "any_condition": "all",
    "field_0": "status",
    "operator_0": "is",
    "value_0": "Waiting",
    "status": "closed",
}


def furnish(session: Session, office: Office, now: datetime) -> dict[str, int | str]:
    settings = RuleSettings(name="Thank", trigger="client_answered", acts=Acts(mail_text="Thank you."))
    rule = rules.add_rule(session, actor=SYSTEM, now=now, settings=settings)
    rule.switched_off_why = "It failed 5 times in a row, the last time: There is no such person."
    run = AutomationRun(
        rule_id=rule.id,
        rule_name=rule.name,
        rule_as_it_was={"trigger": rule.trigger, "amount": 0, "unit": "", "conditions": [], "acts": {}, "stops": True},
        work_item_id=office.acme_ticket.id,
        key="event:1",
        at=now,
        outcome="failed",
        because=["status is waiting"],
        did=[],
        why_not="There is no such person.",
    )
    session.add(run)
    session.flush()
    return {"automation_rule": rule.id}


ROWS = [
    Row("automation.rules", "GET", "/settings/rules", SEES),
    Row("automation.new_rule", "GET", "/settings/rules/new", SEES),
    Row("automation.add_rule", "POST", "/settings/rules/new", DOES, form=RULE),
    Row("automation.add_rule", "POST", "/settings/rules/new", SEES, form=RULE | {"act": "try"}),
    Row("automation.add_rule", "POST", "/settings/rules/new", REFUSED, form=RULE | {"position": "1"}),
    Row("automation.rule", "GET", "/settings/rules/{automation_rule}", SEES, query="try=1"),
    Row("automation.rule", "GET", "/settings/rules/{missing}", NOT_THERE),
    Row("automation.change_rule", "POST", "/settings/rules/{automation_rule}", DOES, form=RULE),
    Row("automation.change_rule", "POST", "/settings/rules/{missing}", NOT_THERE, form=RULE),
    Row("automation.act_on_rule", "POST", "/settings/rules/{automation_rule}/on", DOES),
    Row("automation.act_on_rule", "POST", "/settings/rules/{automation_rule}/delete", DOES),
    Row("automation.act_on_rule", "POST", "/settings/rules/{automation_rule}/paint", REFUSED),
    Row("automation.act_on_rule", "POST", "/settings/rules/{missing}/up", NOT_THERE),
    Row("automation.exchange", "GET", "/settings/rules/exchange", SEES),
    Row("automation.export", "GET", "/settings/rules/helpdesk-rules.json", SEES),
    Row("automation.bring_in", "POST", "/settings/rules/exchange", REFUSED),
    Row("automation.log", "GET", "/settings/rules/log", SEES),
    Row("automation.log", "GET", "/settings/rules/log", SEES, query="rule={automation_rule}&ticket={acme_ticket}"),
    Row("automation.log", "GET", "/settings/rules/log", NOT_THERE, query="rule=nonsense"),
]
