"""Templates of invoices: named layouts, one of them the company's, others chosen for clients (billing.md rule 22)."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Select, and_, delete, or_, select, update
from sqlalchemy.orm import Session

from helpdesk.clients import queries as clients
from helpdesk.clients.models import Client
from helpdesk.clients.service import check_grouping
from helpdesk.company.models import Company
from helpdesk.infra import audit
from helpdesk.infra.ahead import models_of
from helpdesk.infra.paper import paper_of
from helpdesk.infra.policy import Actor
from helpdesk.invoicing.domain.layout import Layout
from helpdesk.invoicing.domain.lines import GroupBy
from helpdesk.invoicing.models import ClientTemplate, InvoiceTemplate
from helpdesk.kernel.errors import NotFound, RuleViolation


def all_templates(session: Session) -> Sequence[InvoiceTemplate]:
    """Return the templates by name."""
    return session.scalars(select(InvoiceTemplate).order_by(InvoiceTemplate.name)).all()


def get_template(session: Session, template_id: int) -> InvoiceTemplate:
    """Return one template.

    Raises:
        NotFound: there is none.
    """
    found = session.get(InvoiceTemplate, template_id)
    if found is None:
        message = "There is no such template."
        raise NotFound(message)
    return found


def clients_with(session: Session, template_id: int) -> list[int]:
    """Return the clients that get a template of their own choice."""
    query = select(ClientTemplate.client_id).where(ClientTemplate.template_id == template_id)
    return list(session.scalars(query.order_by(ClientTemplate.client_id)))


def offered_clients(session: Session, actor: Actor) -> list[tuple[int, str]]:
    """Return id and name of the clients that a template can be chosen for."""
    query = select(Client.id, Client.name).where(clients.billable_by(actor), Client.archived_at.is_(None))
    return [(client_id, name) for client_id, name in session.execute(query.order_by(Client.name))]


def layout_of(session: Session, client: Client, house: Company) -> Layout:
    """Return how the client's next invoice looks: its own template, else the company's, else as ever.

    The sheet is settled here, so that a document keeps it: that of the template, else that of the client's country.
    """
    found = _template_of(session, client)
    layout = Layout.of(found.layout if found else {})
    paper = layout.paper or paper_of(client.country or house.country)
    return Layout.of(layout.as_json() | {"paper": paper})


def grouping_of(session: Session, client: Client) -> GroupBy:
    """Return by what time shares a line on a new draft: as the client says, else its template, else by ticket."""
    said = client.invoice_group_by
    if not said and (found := _template_of(session, client)):
        said = found.group_by
    return GroupBy(said or GroupBy.TICKET)


def _template_of(session: Session, client: Client) -> InvoiceTemplate | None:
    return next(iter(models_of(session, template_asked(client.id))), None)


def template_asked(client_id: int) -> Select[InvoiceTemplate]:
    """Return the question for a client's own template, else the default one, to be asked together with others."""
    is_own = ClientTemplate.client_id.is_not(None)
    query = select(InvoiceTemplate).outerjoin(
        ClientTemplate,
        and_(ClientTemplate.template_id == InvoiceTemplate.id, ClientTemplate.client_id == client_id),
    )
    return query.where(or_(is_own, InvoiceTemplate.is_default)).order_by(is_own.desc()).limit(1)


def save(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    template_id: int | None,
    name: str,
    layout: Layout,
    is_default: bool,
    group_by: str = "",
    client_ids: Collection[int] = (),
) -> InvoiceTemplate:
    """Add a template, or change one; issued documents keep what they were issued with.

    Raises:
        NotFound: no such template, or a client that this actor may not bill.
        RuleViolation: no name, one that is taken, or an unknown grouping.
    """
    name = " ".join(name.split())
    same_name = session.scalar(select(InvoiceTemplate.id).where(InvoiceTemplate.name == name))
    if not name or (same_name is not None and same_name != template_id):
        message = f"There is a template {name!r} already." if name else "A template needs a name."
        raise RuleViolation(message, field="name")
    check_grouping(group_by, at="group_by")
    row = InvoiceTemplate(created_at=now) if template_id is None else get_template(session, template_id)
    if is_default and not row.is_default:
        session.execute(update(InvoiceTemplate).where(InvoiceTemplate.is_default).values(is_default=False))
    row.name, row.layout, row.group_by, row.is_default = name, layout.as_json(), group_by, is_default
    row.logo_sha256 = layout.logo_sha256 or None
    session.add(row)
    session.flush()
    _choose(session, actor, row.id, client_ids)
    act = "added" if template_id is None else "changed"
    audit.record(
        session,
        actor=actor,
        action=act,
        kind="invoice_template",
        object_id=row.id,
        now=now,
        name=name,
        group_by=group_by,
        **row.layout,
    )
    return row


def remove(session: Session, *, actor: Actor, now: datetime, template_id: int) -> None:
    """Remove a template; its clients get the company's from now on, and issued documents stay as they are.

    Raises:
        NotFound: there is none.
    """
    row = get_template(session, template_id)
    session.execute(delete(ClientTemplate).where(ClientTemplate.template_id == template_id))
    session.delete(row)
    session.flush()
    audit.record(
        session, actor=actor, action="removed", kind="invoice_template", object_id=template_id, now=now, name=row.name
    )


def _choose(session: Session, actor: Actor, template_id: int, client_ids: Collection[int]) -> None:
    known = {client_id for client_id, _name in offered_clients(session, actor)}
    if not set(client_ids) <= known:
        message = "There is no such client."
        raise NotFound(message)
    session.execute(
        delete(ClientTemplate).where(
            ClientTemplate.client_id.in_(tuple(known)),  # an archived client is not offered, and keeps its template
            (ClientTemplate.template_id == template_id) | ClientTemplate.client_id.in_(tuple(client_ids)),
        )
    )
    session.add_all(ClientTemplate(client_id=each, template_id=template_id) for each in sorted(set(client_ids)))
    session.flush()
