"""Files of strangers that are mails or calendars, read for a person who looks at them, apart and in limits."""

from collections.abc import Sequence
from typing import Any, cast

from helpdesk.intake.process.apart import answer_of

SECONDS = 10.0
MEMORY_BYTES = 512 * 1024 * 1024


def mail_within(raw: bytes) -> dict[str, Any]:
    """Return what `parser.attached.read_attached` does.

    Raises:
        Unreadable: not within its limits.
    """
    return cast("dict[str, Any]", _read("from helpdesk.intake.parser.attached import read_attached as answer", raw))


def body_within(raw: bytes, within: Sequence[int]) -> dict[str, Any] | None:
    """Return what `parser.attached.body_of` does.

    Raises:
        Unreadable: not within its limits.
    """
    program = (
        "from helpdesk.intake.parser.attached import body_of\n"
        f"def answer(raw):\n    return body_of(raw, {[int(position) for position in within]})"
    )
    return cast("dict[str, Any] | None", _read(program, raw))


def calendar_within(raw: bytes) -> dict[str, Any]:
    """Return what `parser.calendar.read_calendar` does.

    Raises:
        Unreadable: it is no calendar, or not within its limits.
    """
    return cast("dict[str, Any]", _read("from helpdesk.intake.parser.calendar import read_calendar as answer", raw))


def _read(program: str, raw: bytes) -> Any:  # noqa: ANN401 - JSON
    return answer_of(program, raw, seconds=SECONDS, memory_bytes=MEMORY_BYTES)
