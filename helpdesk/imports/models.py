"""Imports, the outcome of each of their lines, and the keys by which a line is known again."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.accounts.models import Person
from helpdesk.imports.domain.columns import KINDS
from helpdesk.infra.db import Base, one_of

STATES = ("draft", "running", "stopped", "done")
OUTCOMES = ("new", "changed", "same", "refused")


class Import(Base):
    """One file: uploaded and looked at (``draft``), then imported line by line.

    ``settings`` are the columns and choices (`imports.settings.Settings`); ``line_count`` is how many lines it has.
    How far it is, its lines tell: each is written with its effect, so that a kill loses neither.
    """

    __tablename__ = "imports"
    __table_args__ = (
        one_of("kind", KINDS),
        one_of("state", STATES),
        CheckConstraint("(state = 'done') = (finished_at IS NOT NULL)", name="done_at_a_time"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    source: Mapped[str] = mapped_column(default="")  # the system that exported it; empty: not known
    file_name: Mapped[str]
    blob_sha256: Mapped[str] = mapped_column(ForeignKey("blobs.sha256"), index=True)
    line_count: Mapped[int]
    settings: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(default="draft", index=True)
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))  # None: the command line
    started_at: Mapped[datetime | None]
    started_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    finished_at: Mapped[datetime | None]

    created_by: Mapped[Person | None] = relationship(foreign_keys=[created_by_id])


class ImportLine(Base):
    """What became of one line of a file. ``object_id`` is the client, contact, project, task or entry."""

    __tablename__ = "import_lines"
    __table_args__ = (
        one_of("outcome", OUTCOMES),
        CheckConstraint("(outcome = 'refused') = (message <> '')", name="refused_for_a_reason"),
        Index("ix_import_lines_outcome", "import_id", "outcome"),
    )

    import_id: Mapped[int] = mapped_column(ForeignKey("imports.id"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)  # of the file, the first is 1
    outcome: Mapped[str]
    column: Mapped[str] = mapped_column(default="")
    message: Mapped[str] = mapped_column(default="")
    key: Mapped[str] = mapped_column(default="")
    object_id: Mapped[int | None]


class ImportedKey(Base):
    """That a line with this key was imported, as what, and with which content: the same file makes nothing twice."""

    __tablename__ = "imported_keys"
    __table_args__ = (one_of("kind", KINDS),)

    kind: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    object_id: Mapped[int]
    content: Mapped[str]
    import_id: Mapped[int] = mapped_column(ForeignKey("imports.id"), index=True)
