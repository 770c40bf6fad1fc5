"""Places in the way of a mail, an invoice or a rule where a test has the process die, or the disk be full: else inert.

``HELPDESK_FAILPOINTS`` names a directory. A process that passes a point looks there for a file of the point's name:
``kill`` in it is taken away and obeyed by exactly one process, whichever passes first; ``full`` stands until the file
is removed. Without the variable a passing costs one comparison. docs/operations.md, for tests only.
"""

import errno
import os
import signal
from pathlib import Path
from typing import Literal, get_args

VARIABLE = "HELPDESK_FAILPOINTS"

Point = Literal[
    "fetching",  # the folder is listed, nothing is downloaded
    "fetched",  # the bytes are in memory
    "storing",  # a file is half written
    "stored",  # the bytes are in the store, no row knows of them
    "kept",  # the rows are committed, the server knows nothing
    "flagged",  # the server knows, we have not noted that it does
    "claimed",  # the message is in hand
    "parsed",  # it is read, nothing is written
    "applied",  # its effect is written, not committed
    "done",  # its effect is committed
    "outbox_claimed",  # an outgoing message is in hand
    "outbox_sent",  # the server took it, we have not noted that it did
    "outbox_recorded",  # and now we have
]

POINTS: tuple[str, ...] = get_args(Point)

ClosePoint = Literal[
    "period_freezing",  # the retainer's month is written, not committed
    "draft_written",  # the draft is written, not committed
    "draft_kept",  # month and draft are committed
    "invoice_issuing",  # number and document are written, not committed
    "invoice_issued",  # they are committed, nothing is printed
    "pdf_drawn",  # the PDF is in memory
    "pdf_stored",  # it is a file, no row knows of it
    "pdf_recorded",  # the invoice knows its PDF, no mail is queued
    "mail_queued",  # its mail is queued
]

CLOSE_POINTS: tuple[str, ...] = get_args(ClosePoint)

RulePoint = Literal[
    "event_claimed",  # what happened is in hand
    "rules_acted",  # what the rules do is written, not committed
    "rules_done",  # it is committed
]

RULE_POINTS: tuple[str, ...] = get_args(RulePoint)

_folder = os.environ.get(VARIABLE)


def passing(point: Point | ClosePoint | RulePoint) -> None:
    """Do what a test has laid down for ``point``: nothing at all, unless the variable is set.

    Raises:
        OSError: ENOSPC, as a full disk gives it.
    """
    if _folder is not None:
        _obey(Path(_folder) / point)


def _obey(order: Path) -> None:
    try:
        what = order.read_text().strip()
        if what == "kill":
            order.unlink()  # only one can: who comes second finds nothing, and lives
            os.kill(os.getpid(), signal.SIGKILL)
    except FileNotFoundError:
        return
    if what == "full":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
