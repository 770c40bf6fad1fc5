"""The export of a page: the same address with ``export=csv`` or ``export=xlsx``, so that its rights are the page's."""

import re
import tempfile
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import wraps
from typing import IO, Any, TypeVar
from urllib.parse import urlencode

from flask import Response, g, request
from flask.typing import ResponseReturnValue

from helpdesk.infra import clock
from helpdesk.infra.db import snapshot
from helpdesk.infra.downloads import name_file
from helpdesk.infra.export import as_csv, as_xlsx
from helpdesk.infra.export.columns import Sheet
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.web import zone
from helpdesk.kernel.errors import RuleViolation

V = TypeVar("V", bound=Callable[..., ResponseReturnValue])

PIECE_BYTES = 64 * 1024
PAGE_KEYS = frozenset({"export", "before", "after"})
"""What of an address says which page of a list is shown; an export has all of them."""


@dataclass(frozen=True)
class Format:
    """How a file is made, what kind it is, and what people call it."""

    label: str
    media_type: str
    write: Callable[..., None]


FORMATS = {
    "csv": Format("CSV", "text/csv; charset=utf-8", as_csv.write),
    "xlsx": Format("XLSX", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", as_xlsx.write),
}


@dataclass(frozen=True)
class Link:
    """One way to take the list that is in view along."""

    url: str
    label: str


@dataclass(frozen=True)
class Export:
    """The ways to take a list along; ``what`` names it where the page has several."""

    what: str
    links: list[Link]


def exported(sheet_of: Callable[..., Sheet[Any]], *, what: str = "") -> Callable[[V], V]:
    """Let the page of a list also give the list as a file; stands below `policy`, so that who may enter may export.

    ``sheet_of`` is given a session that reads, and what the route has in its path. It reads the rest of the address as
    the page does, but for which page it is. ``what`` says which list is meant where the page has several.
    """

    def declare(view: V) -> V:
        @wraps(view)
        def listed(**values: Any) -> ResponseReturnValue:  # noqa: ANN401 - what the path holds
            wanted = request.args.get("export")
            if wanted is not None:
                return _answer(sheet_of, wanted, values)
            g.export = Export(what, _links())
            return view(**values)

        listed.exports = True  # type: ignore[attr-defined] # for the tests: this page has an export
        return listed  # type: ignore[return-value] # the same view, and one thing more

    return declare


def export_of_page() -> Export | None:
    """Return how the list that the page shows can be taken along, for its template; None where it cannot."""
    found: Export | None = g.get("export")
    return found


def _links() -> list[Link]:
    kept = [(name, value) for name, value in request.args.items(multi=True) if name not in PAGE_KEYS and value]
    return [Link(f"{request.path}?{urlencode([*kept, ('export', key)])}", each.label) for key, each in FORMATS.items()]


def _answer(sheet_of: Callable[..., Sheet[Any]], wanted: str, values: dict[str, Any]) -> Response:
    """Return the list as a file. It is written as a whole before a byte of it leaves.

    So nobody gets half a list, and no transaction waits for a slow line.
    """
    if wanted not in FORMATS:
        raise RuleViolation(_("There is no such export; take csv or xlsx."))
    form = FORMATS[wanted]
    with ExitStack() as unless_sent:
        file = unless_sent.enter_context(tempfile.TemporaryFile())
        with snapshot() as session:
            sheet = sheet_of(session, **values)
            form.write(sheet, file, zone=zone())
        length = file.seek(0, 2)
        file.seek(0)
        unless_sent.pop_all()  # the answer closes it
    return _sent(file, length, form, f"{_file_name(sheet.name)}.{wanted}")


def _sent(file: IO[bytes], length: int, form: Format, name: str) -> Response:
    answer = Response(_read(file), content_type=form.media_type)
    answer.content_length = length
    name_file(answer.headers, name)
    answer.call_on_close(file.close)
    return answer


def _read(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE_BYTES):
            yield piece


def _file_name(name: str) -> str:
    """Return what and when: ``tickets-mine-2026-11-27-0915``, on the clock of the reader."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-").lower()
    return f"{words}-{clock.now().astimezone(zone()):%Y-%m-%d-%H%M}"
