"""What a mail's page says about its pictures from elsewhere (docs/mail.md rule 33)."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from helpdesk.tickets.models import Message

NAME_LENGTH = 48


@dataclass(frozen=True)
class MissingPicture:
    """A picture that is not shown: where it should have come from, and why it did not."""

    where: str
    why: str


@dataclass(frozen=True)
class PicturesPanel:
    """How it stands with the pictures: blocked, fetching or done; ``hosts`` are their servers."""

    state: str
    count: int
    settled: int
    shown: int
    hosts: list[str]
    missing: list[MissingPicture]

    @property
    def percent(self) -> int:
        """Return how much of the fetching is done."""
        return 100 * self.settled // max(1, self.count)


def pictures_panel(message: Message) -> PicturesPanel | None:
    """Return the panel; None where the mail has no pictures from elsewhere."""
    if not message.blocked_images:
        return None
    rows = message.pictures
    wanted = sum(row.state == "wanted" for row in rows)
    return PicturesPanel(
        state="fetching" if wanted else "done" if rows else "blocked",
        count=len(message.blocked_images),
        settled=len(rows) - wanted,
        shown=sum(row.state == "shown" for row in rows),
        hosts=_hosts(message.blocked_images),
        missing=[MissingPicture(_where(row.url), row.why) for row in rows if row.state == "missing"],
    )


def _hosts(urls: Iterable[str]) -> list[str]:
    return sorted({host for url in urls if (host := _parts(url)[0])})


def _where(url: str) -> str:
    """Return server and file of an address, short enough to be read: ``pictures.example/…/logo.png``."""
    host, path = _parts(url)
    name = path.rpartition("/")[2]
    folder = "/…/" if path.count("/") > 1 else "/"
    return f"{host}{folder}{name}"[:NAME_LENGTH] if host else url[:NAME_LENGTH]


def _parts(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", ""
    return parts.hostname or "", parts.path
