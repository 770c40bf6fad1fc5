"""Use cases of proposed time: what slipped, what becomes of it, and the reading that a page tells of."""

from helpdesk.proposals.service.deciding import LOOKS_BACK, accept, dismiss, proposed, take_back
from helpdesk.proposals.service.reading import forget_reading, note_reading, switch_reading

__all__ = [
    "LOOKS_BACK",
    "accept",
    "dismiss",
    "forget_reading",
    "note_reading",
    "proposed",
    "switch_reading",
    "take_back",
]
