"""What becomes of a line of clients, contacts, projects or tasks."""

from typing import Any

from helpdesk.clients.domain import check_address, client_domain
from helpdesk.clients.service import ClientProfile
from helpdesk.imports.domain.plans import Planned
from helpdesk.imports.domain.works import (
    ClientWork,
    ContactWork,
    ProjectWork,
    TaskWork,
    billing_of,
    project_status_of,
    task_status_of,
)
from helpdesk.imports.known import FROM_COMPANY, ClientRef
from helpdesk.imports.planning.draft import Draft
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.money import Money

CLIENT_FACTS = (
    *("legal_name", "address", "country", "vat_id", "customer_number", "purchase_order", "invoice_email"),
    *FROM_COMPANY,
)
CAPITALS = frozenset({"country", "currency"})
LANGUAGES = frozenset({"en", "de", "es", "fr", "pt"})


def plan_client(draft: Draft) -> Planned:
    """Return whether the line is a new client, changes one, or is there already.

    Raises:
        RuleViolation: a value that no client can have.
    """
    name = draft.text("name")
    facts = {field: _fact(draft, field) for field in CLIENT_FACTS if draft.values.get(field) not in (None, "")}
    domain = client_domain(draft.text("domain")) if draft.text("domain") else ""
    before = draft.before
    found = (draft.known.client_of_id(before.object_id) if before else None) or draft.known.client(name)
    kept = found.facts if found else {field: getattr(draft.known.company, field) for field in FROM_COMPANY}
    ClientProfile(**{**kept, **facts, "name": name})
    draft.facts = {"Name": name, **_labelled(facts), **({"Mail domain": domain} if domain else {})}
    changed = found is not None and ({**found.facts, **facts, "name": name} != found.facts)
    if found is None:
        return draft.planned("new", work=ClientWork(name, facts, domain))
    is_same = (before is not None and before.content == draft.content) or (not changed and not domain)
    if is_same:
        return draft.planned("same", object_id=found.id)
    return draft.planned("changed", work=ClientWork(name, facts, domain), object_id=found.id)


def plan_contact(draft: Draft) -> Planned:
    """Return whether the line is a new contact, changes one, or is there already.

    Raises:
        RuleViolation: no address, or that of another client's contact.
    """
    email = check_address(draft.text("email"))
    full = f"{draft.text('first_name')} {draft.text('last_name')}".strip()
    language = _language(draft)
    client = _client_of_contact(draft)
    work = ContactWork(email, draft.text("name") or full, draft.text("phone"), language, draft.client_name)
    draft.facts = {"E-mail": email, "Name": work.name, "Client": work.client, "Phone": work.phone}
    found = draft.known.contacts.get(email.casefold())
    if found is None:
        return draft.planned("new", work=work)
    if draft.client_name and found.client_id is not None and (client is None or found.client_id != client.id):
        other = draft.known.client_of_id(found.client_id)
        message = f"{email} belongs to {other.name if other else 'another client'} already."
        raise RuleViolation(message, field="client")
    said = (work.name or found.name, work.phone or found.phone, work.language or found.language)
    is_placed = not draft.client_name or found.client_id is not None
    is_same = (found.name, found.phone, found.language) == said and is_placed
    if is_same or (draft.before is not None and draft.before.content == draft.content):
        return draft.planned("same", object_id=found.id)
    return draft.planned("changed", work=work, object_id=found.id)


def plan_project(draft: Draft) -> Planned:
    """Return whether the line is a new project, changes one, or is there already.

    Raises:
        RuleViolation: a value that no project can have, or a manager whom nobody knows.
    """
    draft.names_client()
    name, facts = draft.text("name"), _project_facts(draft)
    found = draft.known.project(draft.client.id, name) if draft.client else None
    before = draft.before
    if before is not None:
        found = next((one for one in draft.known.projects.values() if one.id == before.object_id), found)
    if found is not None and draft.client is not None and found.client_id != draft.client.id:
        message = f"The project {found.name} was imported for another client; move its work by hand."
        raise RuleViolation(message, field="client")
    draft.facts = {"Client": draft.client_name, "Name": name, **_labelled(facts)}
    work = ProjectWork(draft.client_name, name, facts)
    if found is None:
        return draft.planned("new", work=work)
    is_same = found.name == name and {**found.facts, **facts} == found.facts
    if is_same or (before is not None and before.content == draft.content):
        return draft.planned("same", object_id=found.id)
    return draft.planned("changed", work=work, object_id=found.id)


def plan_task(draft: Draft) -> Planned:
    """Return whether the line is a new task, changes status or assignee of one, or is there already.

    Raises:
        RuleViolation: a value that no task can have, or a name that nobody knows.
    """
    draft.names_client()
    name, project = draft.names_project()
    title = draft.text("title")
    assignee = draft.text("assignee")
    work = TaskWork(
        client=draft.client_name,
        project=name,
        title=title,
        status=task_status_of(draft.text("status")) if draft.text("status") else "",
        assignee_id=_person(draft, "assignee") if assignee else None,
        starts_on=draft.values.get("starts_on"),
        due_on=draft.values.get("due_on"),
        estimate_seconds=draft.values.get("estimate_seconds"),
    )
    if work.starts_on and work.due_on and work.due_on < work.starts_on:
        message = f"It is due on {work.due_on}, before it starts on {work.starts_on}."
        raise RuleViolation(message, field="due_on")
    draft.facts = {
        "Client": work.client,
        "Project": work.project,
        "Title": title,
        "Status": work.status,
        "Assignee": assignee,
        "Due on": str(work.due_on or ""),
    }
    before = draft.before
    found = draft.known.task(project.id, title) if project else None
    if before is not None and before.content == draft.content:
        return draft.planned("same", object_id=before.object_id)
    if before is not None:
        return draft.planned("changed", work=work, object_id=before.object_id)
    if found is None:
        return draft.planned("new", work=work)
    is_same = work.status in {"", found.status} and work.assignee_id in {None, found.assignee_id}
    return draft.planned("same" if is_same else "changed", work=work, object_id=found.id)


def _project_facts(draft: Draft) -> dict[str, Any]:
    facts: dict[str, Any] = {
        field: draft.values[field]
        for field in ("starts_on", "due_on", "budget_seconds")
        if draft.values.get(field) is not None
    }
    if draft.text("billing"):
        facts["billing"] = billing_of(draft.text("billing"))
    if draft.text("status"):
        facts["status"] = project_status_of(draft.text("status"))
    if draft.text("manager"):
        facts["manager_id"] = _person(draft, "manager")
    if draft.text("budget"):
        currency = draft.client.facts["currency"] if draft.client else draft.known.company.currency
        try:
            facts["budget_minor"] = Money.parse(draft.text("budget"), currency).minor
        except RuleViolation as refusal:
            raise RuleViolation(str(refusal), field="budget") from refusal
    return {name: value for name, value in facts.items() if value != 0}  # a budget of nothing is none


def _client_of_contact(draft: Draft) -> ClientRef | None:
    if not draft.text("client"):
        return None
    draft.names_client()
    return draft.client


def _person(draft: Draft, field: str) -> int:
    try:
        return draft.known.person(email="", name=draft.text(field)).id
    except RuleViolation as refusal:
        raise RuleViolation(str(refusal), field=field) from refusal


def _language(draft: Draft) -> str:
    language = draft.text("language").lower()
    if language and language not in LANGUAGES:
        message = f"{language!r} is none of {', '.join(sorted(LANGUAGES))}."
        raise RuleViolation(message, field="language")
    return language


def _fact(draft: Draft, field: str) -> object:
    if field == "language":
        return _language(draft)
    value = draft.values[field]
    return value.upper() if field in CAPITALS else value


def _labelled(facts: dict[str, Any]) -> dict[str, str]:
    """Return facts by their names as words, for the preview."""
    hidden = {"manager_id"}
    return {name.replace("_", " ").capitalize(): str(value) for name, value in facts.items() if name not in hidden}
