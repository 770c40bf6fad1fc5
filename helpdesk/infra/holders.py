"""How people call what holds things of a slice below, such as the seconds of an entry: its own slice tells."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session

from helpdesk.infra.ahead import Question, rows_of

Holder = tuple[str, int]
"""An opaque kind and id, such as ``("invoice_line", 7)``."""
Ids = Collection[int] | Select[int]
Namer = Callable[[int, Any], str]
"""Makes a name of an id and what was asked about it; None where nothing was, or there is no such row."""
Asked = Callable[[Ids], Question]
"""The question for what names of one kind are made of: rows with the ``id`` of each holder."""
Held = Callable[[str], Select[int]]
"""Gives for a kind the query of the ids of its holders."""


class Names:
    """The names of holders, by kinds."""

    def __init__(self) -> None:
        self._namers: dict[str, Namer] = {}
        self._asked: dict[str, Asked] = {}

    def tell(self, kind: str, namer: Namer, *, asked: Asked | None = None) -> None:
        """Tell how people call a holder of ``kind``: id 7 -> ``invoice INV-2026-0007``."""
        self._namers[kind] = namer
        if asked is not None:
            self._asked[kind] = asked

    def questions(self, held: Held) -> tuple[Question, ...]:
        """Return what :meth:`of` asks about ids that ``held`` finds for each kind, to be asked together with others."""
        return tuple(asked(held(kind)) for kind, asked in self._asked.items())

    def of(self, session: Session, holders: Iterable[Holder], *, held: Held | None = None) -> dict[Holder, str]:
        """Return the name of each holder, by one question a kind; ``held`` finds the ids of each kind."""
        ids: dict[str, set[int]] = defaultdict(set)
        for kind, holder_id in holders:
            ids[kind].add(holder_id)
        return {
            (kind, each): self._name(kind, each, rows.get(each))
            for kind, some in ids.items()
            for rows in [self._rows(session, kind, some if held is None else held(kind))]
            for each in some
        }

    def _rows(self, session: Session, kind: str, ids: Ids) -> dict[int, Any]:
        asked = self._asked.get(kind)
        return {row.id: row for row in rows_of(session, asked(ids))} if asked is not None else {}

    def _name(self, kind: str, holder_id: int, row: Any) -> str:  # noqa: ANN401 - of whatever was asked
        namer = self._namers.get(kind)
        return namer(holder_id, row) if namer is not None else f"{kind.replace('_', ' ')} {holder_id}"
