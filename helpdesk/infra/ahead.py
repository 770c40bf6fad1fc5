"""Questions that a page asks before those who want the answers do, all as one; who wants one is given it.

A page that is made of many parts, each with a reader of its own, says first which questions they will ask. The readers
ask with :func:`rows_of` and :func:`models_of`, and know nothing of the page.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Select
from sqlalchemy.orm import Session

from helpdesk.infra.db import Base
from helpdesk.infra.together import Together

M = TypeVar("M", bound=Base)
Question = Select[*tuple[Any, ...]]
Said = tuple[Any, list[Any]]


def ask_ahead(session: Session, *queries: Question) -> None:
    """Ask all queries as one. Each is of columns with names, or of one model and without loading more with it.

    Raises:
        RuntimeError: the session writes; what it knew before would be taken for what is.
    """
    if session.get_bind().get_execution_options().get("writes"):
        message = "what a unit of work reads is asked when it is wanted: it may have changed it since"
        raise RuntimeError(message)
    said = [_said(query) for query in queries]  # before they are asked: that leaves its marks on them
    found = Together(**{f"part_{number}": query for number, query in enumerate(queries)}).read_once(session)
    session.info.setdefault("asked ahead", []).extend(zip(said, found.values(), strict=True))


def rows_of(session: Session, query: Question) -> Sequence[Any]:
    """Return the rows of a query of columns: those that were asked ahead by the same one, else it is asked now."""
    known = _known(session, query)
    return session.execute(query).all() if known is None else known


def models_of(session: Session, query: Select[M]) -> list[M]:
    """Return what :func:`rows_of` does of a query of one model, as the rows that the session knows."""
    known = _known(session, query)
    return list(session.scalars(query)) if known is None else known


def all_of(session: Session, queries: Mapping[str, Question]) -> dict[str, list[Any]] | None:
    """Return by name what was asked ahead by these queries; None where one of them was not."""
    found = {name: _known(session, query) for name, query in queries.items()}
    return None if None in found.values() else {name: rows or [] for name, rows in found.items()}


def _known(session: Session, query: Question) -> list[Any] | None:
    asked: list[tuple[Said, list[Any]]] = session.info.get("asked ahead", [])
    said = _said(query) if asked else None
    return next((rows for known, rows in asked if known == said), None)


def _said(query: Question) -> Said:
    """Return what a query says, by which SQLAlchemy finds it again in its own cache, and the values in it."""
    key = query._generate_cache_key()  # noqa: SLF001 - as its own recipes for caches do
    return (key.key, [value.effective_value for value in key.bindparams]) if key is not None else (query, [])
