"""Use cases of imports: upload, choose, start, stop, drop; and the work of single lines."""

from helpdesk.imports.service.applying import apply
from helpdesk.imports.service.recording import finish, record_line, record_refusals, ring_unfinished
from helpdesk.imports.service.uploading import add_import, choose, drop, settings_of, start, stop

__all__ = [
    "add_import",
    "apply",
    "choose",
    "drop",
    "finish",
    "record_line",
    "record_refusals",
    "ring_unfinished",
    "settings_of",
    "start",
    "stop",
]
