"""What tickets do by themselves: they wake in time; pictures from elsewhere are claimed, fetched and recorded."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from helpdesk.infra.blobs import BlobStore
from helpdesk.infra.clock import Clock
from helpdesk.infra.db import UnitOfWork
from helpdesk.kernel.errors import ExternalFailure
from helpdesk.tickets.render import redraw
from helpdesk.tickets.service import finding, pictures, snoozing
from helpdesk.tickets.service.pictures import Drawn

PICTURE_BYTES = 5 * 1024 * 1024
MAIL_BYTES = 25 * 1024 * 1024
PICTURE_SECONDS = 10.0
MAIL_SECONDS = 60.0

Get = Callable[..., bytes]
"""``infra.outside.fetch``, or what stands in for it: takes a URL, ``bytes_limit`` and ``seconds``."""


@dataclass
class _Allowance:
    """What the pictures of one mail may still cost."""

    until: float
    bytes_left: int

    @property
    def seconds_left(self) -> float:
        """Return the seconds that are left."""
        return self.until - time.monotonic()


def describe_all(unit_of_work: UnitOfWork) -> Iterator[int]:
    """Make the index of messages anew while work goes on, page by page; yield the id up to which it is done."""
    with unit_of_work() as session:
        finding.forget_others(session)
    beyond_id: int | None = 0
    while beyond_id is not None:
        with unit_of_work() as session:
            beyond_id = finding.describe_some(session, beyond_id=beyond_id)
        if beyond_id is not None:
            yield beyond_id


def wake_due(unit_of_work: UnitOfWork, *, clock: Clock) -> None:
    """Wake the tickets whose time has come, page by page (docs/desk.md rule 12). Safe to run again at any time."""
    is_left = True
    while is_left:
        with unit_of_work() as session:
            is_left = snoozing.wake_due(session, now=clock())


def fetch_pictures(message_id: int, unit_of_work: UnitOfWork, *, get: Get, store: BlobStore, clock: Clock) -> None:
    """Fetch the pictures of a mail that somebody asked for (docs/mail.md rule 33). Safe to run again at any time.

    Each is recorded as it comes, so that the page can tell how far it is; a bad one stops none of the others.
    """
    with unit_of_work() as session:
        wanted = pictures.claim_pictures(session, message_id=message_id, now=clock())
    allowance = _Allowance(time.monotonic() + MAIL_SECONDS, MAIL_BYTES)
    for one in wanted:
        got = _got(one.url, allowance, get=get, store=store)
        with unit_of_work() as session:
            pictures.record_picture(session, picture_id=one.id, got=got, now=clock())


def sweep_pictures(unit_of_work: UnitOfWork, *, clock: Clock) -> None:
    """Ring again for pictures that nobody fetches."""
    with unit_of_work() as session:
        pictures.ring_wanted(session, now=clock())


def _got(url: str, allowance: _Allowance, *, get: Get, store: BlobStore) -> Drawn | str:
    """Return the picture, drawn anew and stored, or why it is missing."""
    if allowance.bytes_left <= 0:
        return f"the pictures of this mail are larger than {MAIL_BYTES // 1024 // 1024} MB together"
    if allowance.seconds_left <= 0:
        return f"the pictures of this mail took longer than {MAIL_SECONDS:.0f} seconds together"
    try:
        content = get(
            f"https:{url}" if url.startswith("//") else url,
            bytes_limit=PICTURE_BYTES,
            seconds=min(PICTURE_SECONDS, allowance.seconds_left),
        )
    except ExternalFailure as failure:
        return str(failure)
    allowance.bytes_left -= len(content)
    drawn = redraw(content)
    if drawn is None:
        return "it is no picture of a kind that is shown (png, jpeg, gif, webp), is broken, or has too many pixels"
    return Drawn(store.put(drawn[0]), len(drawn[0]), drawn[1])
