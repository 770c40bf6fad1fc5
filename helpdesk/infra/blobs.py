"""Files by the sha256 of their bytes, in a directory of their own; the name is never chosen by a stranger."""

import hashlib
import os
import secrets
from datetime import datetime
from pathlib import Path

from flask import current_app
from sqlalchemy.orm import Session

from helpdesk.infra import failpoints
from helpdesk.infra.db import insert_of
from helpdesk.infra.models import Blob
from helpdesk.kernel.errors import NotFound


class BlobStore:
    """A content-addressed directory: ``<root>/ab/abcdef…``."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, content: bytes) -> str:
        """Store ``content`` durably and return its sha256 in hex; the same bytes are stored once."""
        digest = hashlib.sha256(content).hexdigest()
        target = self.path_of(digest)
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            _write_durably(target, content)
        return digest

    def get(self, digest: str) -> bytes:
        """Return the stored bytes.

        Raises:
            NotFound: no such file, or it was erased.
        """
        try:
            return self.path_of(digest).read_bytes()
        except FileNotFoundError as error:
            message = "This file is no longer stored."
            raise NotFound(message) from error

    def path_of(self, digest: str) -> Path:
        """Return where the file of ``digest`` lies."""
        return self.root / digest[:2] / digest


def _write_durably(target: Path, content: bytes) -> None:
    """Write beside, fsync, rename, fsync the folder: the file is there whole or not at all."""
    beside = target.with_name(f".{secrets.token_hex(8)}.part")
    with beside.open("wb") as file:
        file.write(content)
        failpoints.passing("storing")
        file.flush()
        os.fsync(file.fileno())
    beside.rename(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def record(session: Session, *, digest: str, size_bytes: int, now: datetime) -> None:
    """Add the row of a stored file unless it is there already."""
    session.execute(
        insert_of(session, Blob).values(sha256=digest, size_bytes=size_bytes, created_at=now).on_conflict_do_nothing()
    )


def store() -> BlobStore:
    """Return the store of the running application."""
    return BlobStore(Path(current_app.config["BLOB_ROOT"]))
