"""The words in which the access tables are written: one row is one request and what each actor gets for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from tests.builders import Office

ACTORS = ("anonymous", "technician", "account_manager", "rival", "bookkeeper", "manager", "admin")

Ids = dict[str, int | str]
Furnish = Callable[[Session, Office, datetime], Mapping[str, int | str]]


@dataclass(frozen=True)
class Row:
    """One request and the status that each actor must get.

    ``path`` and the names and values of ``form`` may name ids in braces: the office's people, clients, projects and
    contacts by their names there, its items by number (``{acme_ticket}``) or by id (``{acme_ticket_id}``),
    ``{missing}`` for an id that nothing has, and whatever the table's own ``furnish`` returned.
    """

    endpoint: str
    method: str
    path: str
    expected: Mapping[str, int]
    form: Mapping[str, Any] = field(default_factory=dict)
    query: str = ""

    @property
    def title(self) -> str:
        """How the row is called in a test's name."""
        return f"{self.method} {self.path}{'?' + self.query if self.query else ''}"


def expect(
    *,
    anonymous: int,
    technician: int,
    account_manager: int,
    rival: int,
    bookkeeper: int,
    manager: int,
    admin: int,
) -> dict[str, int]:
    """Return the expected status for each actor; none may be left out.

    A stranger's 302 leads to the sign-in page. The account manager looks after Acme, the rival after Globex, which
    is restricted to a team that has only the rival.
    """
    return {
        "anonymous": anonymous,
        "technician": technician,
        "account_manager": account_manager,
        "rival": rival,
        "bookkeeper": bookkeeper,
        "manager": manager,
        "admin": admin,
    }


def ids_of(office: Office) -> Ids:
    """Return what a row may name in braces."""
    people = ("admin", "manager", "account_manager", "rival", "bookkeeper", "technician")
    rows = ("acme", "globex", "house", "acme_project", "globex_project", "triage", "acme_contact", "globex_contact")
    items = ("acme_ticket", "acme_task", "globex_ticket")
    found: Ids = {name: getattr(office, name).id for name in (*people, *rows, "remote")}
    found |= {name: getattr(office, name).number for name in items}
    found |= {f"{name}_id": getattr(office, name).id for name in items}
    return found | {"missing": 999_999}
