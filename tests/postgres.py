"""A private PostgreSQL cluster on a unix socket, for as long as the tests run."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import scratch


def _program(name: str) -> str:
    found = shutil.which(name)
    if found:
        return str(Path(found).resolve())
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    assert places, f"PostgreSQL's {name} is not installed: run `make test`, or apt-get install postgresql"
    return str(places[-1])


def _run(folder: Path, *command: str) -> None:
    """Run as the owner of the cluster: PostgreSQL refuses to run as root."""
    if os.geteuid() == 0:
        command = ("runuser", "-u", "postgres", "--", *command)
    subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _copy(source: Path, target: Path) -> None:
    """Copy a folder with its owner: PostgreSQL starts on nobody else's."""
    subprocess.run(["cp", "--archive", str(source), str(target)], check=True)


@contextmanager
def cluster(*, durable: bool = False, kept: Path | None = None, keep: Path | None = None) -> Iterator[str]:
    """Start a cluster and yield its URL with ``{name}`` for the database.

    ``durable`` ones lie on the disk and wait for it at each commit. The others spare themselves that, and tidy up only
    when they are told: rows lie in the order of their coming. ``keep`` is a folder that has the cluster in it at last,
    for others to begin with: they take it as ``kept``.
    """
    folder = Path(tempfile.mkdtemp(prefix="hdpg-")) if durable else scratch.folder("hdpg-")
    if os.geteuid() == 0:
        os.chown(folder, pwd.getpwnam("postgres").pw_uid, -1)
    data = folder / "data"
    hasty = "" if durable else " -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off"
    options = f"-k {folder} -c listen_addresses=''{hasty}"
    if kept is None:
        _run(folder, _program("initdb"), "-D", str(data), "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8")
    else:
        _copy(kept / "data", data)
    _run(folder, _program("pg_ctl"), "-D", str(data), "-o", options, "-l", str(folder / "log"), "-w", "start")
    try:
        yield f"postgresql+psycopg://postgres@/{{name}}?host={folder}"
    finally:
        _run(folder, _program("pg_ctl"), "-D", str(data), "-m", "fast" if keep else "immediate", "-w", "stop")
        if keep:
            _copy(data, keep / "data")
        shutil.rmtree(folder, ignore_errors=True)
