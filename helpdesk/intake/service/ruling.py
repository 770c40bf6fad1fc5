"""What people's rules say about one mail that belongs to no ticket (docs/mail.md rules 24 and 41)."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from helpdesk.infra.db import once
from helpdesk.intake import rule_queries
from helpdesk.intake.domain.rules import Letter, first_that_fits
from helpdesk.intake.models import MailRule
from helpdesk.intake.parser.parsed import ParsedMail
from helpdesk.intake.service.rules import asked
from helpdesk.projects import service as projects
from helpdesk.projects.models import Project


@dataclass(frozen=True, slots=True)
class Ruling:
    """The rule that fits a mail, by the number and the name that it had then."""

    rule: MailRule

    @property
    def title(self) -> str:
        """Return how people call the rule: ``rule 3 'Monitoring'``."""
        return f"rule {self.rule.position} '{self.rule.name}'"

    @property
    def project(self) -> Project | None:
        """Return the project that the rule names, as long as work goes on there."""
        project = self.rule.project
        return project if project is not None and project.status == "active" else None

    @property
    def priority(self) -> str:
        """Return the priority of the ticket."""
        return self.rule.priority or "normal"


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who gets the ticket, and, where the rule names somebody who cannot have it, why not."""

    person_id: int | None = None
    refusal: str = ""


def find(session: Session, mail: ParsedMail, *, mailbox_address: str) -> Ruling | None:
    """Return the first rule that is switched on and that the mail meets; None when there is none."""
    rows = {
        row.position: row for row in once(session, "rules", read=lambda: rule_queries.mail_rules(session)) if row.active
    }
    found = first_that_fits([asked(row) for row in rows.values()], letter_of(mail, mailbox_address)) if rows else None
    return None if found is None else Ruling(rows[found.key])


def letter_of(mail: ParsedMail, mailbox_address: str) -> Letter:
    """Return what rules can see of the mail."""
    return Letter(mail.sender.address, mail.recipient_addresses, mail.subject, mail.headers, mailbox_address)


def assignment(session: Session, ruling: Ruling | None, project: Project) -> Assignment:
    """Return who gets a ticket of the project by the rule."""
    if ruling is None or ruling.rule.assignee is None:
        return Assignment()
    refusal = projects.why_not_assignable(session, project=project, person_id=ruling.rule.assignee.id)
    return Assignment(None, refusal) if refusal else Assignment(ruling.rule.assignee.id)


def sentence(ruling: Ruling, *, project: Project, assigned: Assignment) -> str:
    """Return what the rule did to a ticket in ``project``, and what of it did not come about, in one sentence."""
    rule, did = ruling.rule, []
    if rule.project is not None:
        named = rule.project.name
        did.append(f"project {named}" if rule.project_id == project.id else f"not project {named}: {_why_not(rule)}")
    if rule.assignee is not None:
        did.append(assigned.refusal.rstrip(".") or f"assigned to {rule.assignee.name}")
    if rule.priority is not None:
        did.append(f"priority {rule.priority}")
    if rule.tags:
        did.append("tags " + " ".join(rule.tags))
    if rule.automatic_may_open:
        did.append("a machine may open tickets")
    return f"{ruling.title}: {', '.join(did)}"


def _why_not(rule: MailRule) -> str:
    if rule.project is not None and rule.project.status != "active":
        return "it is closed"
    return "the sender's client, or the mailbox, comes first"
