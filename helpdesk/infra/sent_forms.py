"""A form is good for one act, however often it is sent (docs/answering.md rule 30).

Each page gives its forms a key. Whoever acts on a form notes that in the transaction of the act: a second request with
the same key and the same words waits for the first, does nothing, and leads to where that led.
"""

import re
import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import file_digest, sha256

from flask import g, request, url_for
from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from helpdesk.infra.db import insert_of
from helpdesk.infra.forms import FORM_KEY
from helpdesk.infra.models import SentForm
from helpdesk.infra.policy import current_actor

KEPT_FOR = timedelta(days=14)
_KEY = re.compile(r"[0-9a-f]{16}")


class SentBefore(Exception):  # noqa: N818 - nothing is wrong: what it asks for is done
    """What this form asks for was done by an earlier request; ``leads_to`` is where that led."""

    def __init__(self, leads_to: str) -> None:
        super().__init__(leads_to)
        self.leads_to = leads_to


def form_key() -> str:
    """Return the key that the forms of this page have."""
    if "form_key" not in g:
        g.form_key = secrets.token_hex(8)
    return str(g.form_key)


def act_once(session: Session, *, now: datetime, leads_to: str = "") -> SentForm | None:
    """Note, before anything else is done, that the form of this request is acted on in this transaction.

    ``leads_to`` is where the act will lead as far as that is known; the row that comes back can be told better. None
    where the form has no key: whoever sends none is not protected.

    Raises:
        SentBefore: another request acted on it.
    """
    act = digest_of_form()
    if act is None:
        return None
    if _is_first(session, now=now, act=act, leads_to=leads_to):
        query = select(SentForm).where(SentForm.act == act)
        return session.scalars(query.execution_options(populate_existing=True)).one()
    raise SentBefore(session.scalar(select(SentForm.leads_to).where(SentForm.act == act)) or _start())


def first_refusal(session: Session, *, now: datetime) -> bool:
    """Return whether this form is refused for the first time, as far as anybody can tell."""
    act = digest_of_form()
    return act is None or _is_first(session, now=now, act=f"refused {act}", leads_to="")


def _is_first(session: Session, *, now: datetime, act: str, leads_to: str) -> bool:
    """Note an act by its digest, and return whether nobody did before; whoever does at the same time waits."""
    noted = insert_of(session, SentForm).values(act=act, sent_at=now, leads_to=leads_to).on_conflict_do_nothing()
    return session.scalar(noted.returning(SentForm.act)) is not None


def digest_of_form() -> str | None:
    """Return what stands for this request's form, its words and files, and who sends it; None without a key."""
    key = request.form.get(FORM_KEY, "")
    if not _KEY.fullmatch(key):
        return None
    if "form_digest" not in g:
        whole = sha256()
        for part in (str(current_actor().person_id), request.path, key, *_parts()):
            whole.update(f"{len(part)}:{part}".encode())
        g.form_digest = whole.hexdigest()
    return str(g.form_digest)


def forget_sent_forms(session: Session, *, now: datetime) -> None:
    """Forget what was sent so long ago that no page of then is open any more."""
    session.execute(delete(SentForm).where(SentForm.sent_at < now - KEPT_FOR))


NO_PART = frozenset({FORM_KEY, "csrf_token", "last_seen_id"})
"""Fields that say nothing of what was asked for. Up to where a page was read goes on while it is open: an answer whose
arrival nobody heard of would be another one."""


def _parts() -> Iterator[str]:
    for name, value in sorted(request.form.items(multi=True)):
        if name not in NO_PART:
            yield from (name, value)
    for name, file in sorted(request.files.items(multi=True), key=lambda pair: (pair[0], pair[1].filename or "")):
        yield from (name, file.filename or "", _digest_of_file(file))


def _digest_of_file(file: FileStorage) -> str:
    digest = file_digest(file.stream, "sha256").hexdigest()  # type: ignore[arg-type] # a file of bytes, as it wants one
    file.stream.seek(0)
    return digest


def _start() -> str:
    return url_for("desk.home")
