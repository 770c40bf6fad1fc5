"""Where the tests keep what lives as long as they run: in memory where the machine has room, else on the disk.

Databases write every commit through to the disk; on a disk that is busy, waiting for it is most of a run.
"""

import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 - each test run makes folders of its own in it, for its user alone
ROOM_BYTES = 3 * 1024**3


def root() -> Path:
    """Return the folder that temporary folders are made in."""
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ROOM_BYTES:
        return MEMORY
    return Path(tempfile.gettempdir())


def folder(prefix: str) -> Path:
    """Return a new, private folder. Its path is short: a socket in it has at most 104 characters."""
    return Path(tempfile.mkdtemp(prefix=prefix, dir=root()))
