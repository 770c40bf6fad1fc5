"""One process of Helpdesk by itself: ``python -m workers work``, ``schedule``, ``watch`` or ``live``."""

import gc
import sys
from collections.abc import Callable

gc.disable()  # until all is loaded, as in helpdesk.start

from helpdesk.infra import log  # noqa: E402
from helpdesk.infra.settings import Settings, load  # noqa: E402
from helpdesk.kernel.errors import SettingsError  # noqa: E402
from workers import runtime  # noqa: E402

PROCESSES: dict[str, Callable[[Settings], None]] = {
    "work": runtime.run_worker,
    "schedule": runtime.run_scheduler,
    "watch": runtime.run_watcher,
    "live": runtime.run_live,
}


def main(arguments: list[str]) -> int:
    """Run the process that is named, until SIGTERM; return the exit code."""
    if len(arguments) != 1 or arguments[0] not in PROCESSES:
        sys.stderr.write(f"usage: python -m workers {'|'.join(PROCESSES)}\n")
        return 2
    gc.freeze()
    gc.enable()
    log.configure()
    try:
        settings = load()
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if not settings.redis_url and arguments[0] in {"work", "schedule"}:
        sys.stderr.write("REDIS_URL is not set: a process by itself needs the broker that the others use.\n")
        return 2
    PROCESSES[arguments[0]](settings)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
