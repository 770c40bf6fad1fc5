"""The mailbox of the slices' tests."""

from tests.slices.conftest import inbox

__all__ = ["inbox"]
