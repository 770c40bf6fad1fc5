"""The inbound log, the rules over mail and the domains of clients as tables."""

from typing import Any

from sqlalchemy.orm import Session

from helpdesk.infra.export.columns import AT_ONCE, Column, Sheet, instant, number, pages, text, yes
from helpdesk.infra.i18n import gettext as _
from helpdesk.intake import log_queries, rule_queries, sender_queries
from helpdesk.intake.log_queries import LogFilter
from helpdesk.intake.models import InboundMessage
from helpdesk.intake.views import words
from helpdesk.intake.views.rule_words import RuleLine, rule_line
from helpdesk.projects.models import WorkItem


def log_sheet(session: Session, *, wanted: LogFilter) -> Sheet[InboundMessage]:
    """Return the mail of the log that meets the filter, newest first, with what became of it and why."""

    def read(before: int | None) -> tuple[list[InboundMessage], int | None]:
        found = log_queries.page(session, wanted, before=before, limit=AT_ONCE)
        rows = found[:AT_ONCE]
        return rows, rows[-1].id if len(found) > AT_ONCE else None

    columns: list[Column[InboundMessage]] = [
        instant(_("Received"), lambda mail: mail.received_at),
        text(_("Name"), lambda mail: mail.from_name),
        text(_("Sender"), lambda mail: mail.from_address),
        text(_("Subject"), lambda mail: mail.subject),
        text(_("Mailbox"), lambda mail: mail.mailbox.address),
        text(_("Outcome"), words.outcome_label),
        text(_("Found by"), words.matched_by),
        text(_("Reasons"), lambda mail: "; ".join(mail.reasons)),
        text(_("Error"), lambda mail: mail.error),
        number(_("Ticket"), lambda mail: item.number if (item := _item(mail)) else None),
        text(_("Title"), lambda mail: item.title if (item := _item(mail)) else None),
        text(_("Message-ID"), lambda mail: mail.message_id),
        yes(_("Erased"), lambda mail: mail.erased_at),
    ]
    return Sheet(f"inbound mail {'' if wanted.outcome == 'all' else wanted.outcome}", columns, pages(read))


def rules_sheet(session: Session) -> Sheet[RuleLine]:
    """Return the rules over incoming mail in their order, in words."""
    columns: list[Column[RuleLine]] = [
        number(_("Number"), lambda rule: rule.number),
        text(_("Rule"), lambda rule: rule.name),
        yes(_("On"), lambda rule: rule.active),
        text(_("Where"), lambda rule: (_(" or ") if rule.any_condition else _(" and ")).join(rule.conditions)),
        text(_("Does"), lambda rule: "; ".join(rule.does)),
    ]
    return Sheet("mail rules", columns, [rule_line(rule) for rule in rule_queries.mail_rules(session)])


def domains_sheet(session: Session) -> Sheet[Any]:
    """Return the domains whose mail finds a client."""
    columns: list[Column[Any]] = [
        text(_("Domain"), lambda one: one.domain),
        text(_("Client"), lambda one: one.client_name),
    ]
    return Sheet("domains", columns, sender_queries.domains(session))


def _item(mail: InboundMessage) -> WorkItem | None:
    return mail.effect.work_item if mail.effect else None
