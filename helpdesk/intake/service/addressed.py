"""Projects with an address of their own: support+slug@… leads to one (docs/mail.md rule 37)."""

from sqlalchemy.orm import Session

from helpdesk.intake.domain.address import normalise_address
from helpdesk.intake.service.matching import Arrival
from helpdesk.projects import queries as projects
from helpdesk.projects.models import Project


def project(session: Session, arrival: Arrival) -> Project | None:
    """Return the active project whose address the mail was sent to; the first one where there are several."""
    slugs = [slug for address in arrival.mail.recipient_addresses if (slug := _slug(arrival, address))]
    found = projects.projects_of_slugs(session, slugs) if slugs else {}
    return next((found[slug] for slug in slugs if slug in found), None)


def _slug(arrival: Arrival, address: str) -> str:
    local, _, domain = normalise_address(address).rpartition("@")
    name, _, slug = local.partition("+")
    return slug if f"{name}@{domain}" in arrival.own_addresses else ""
