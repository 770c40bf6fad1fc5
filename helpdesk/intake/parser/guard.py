"""A library that takes strange bytes apart, kept from taking the mail along (docs/mail.md rule 9)."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def attempt(
    read: Callable[Arguments, Result | None], *args: Arguments.args, **kwargs: Arguments.kwargs
) -> Result | None:
    """Return what ``read`` returns; None when it fails, in whatever way."""
    try:
        return read(*args, **kwargs)
    except Exception:  # noqa: BLE001 - the mail quarantine: such libraries fail on strange bytes in many ways
        return None
