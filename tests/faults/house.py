"""The real processes of ``helpdesk up`` for tests of faults, where minutes of waiting pass as seconds.

Run as ``python house.py``, with HELPDESK_HOME and its kin in the environment. Nothing but waits is changed: leases,
claims and pauses end sooner, the sweepers come more often, and a child that dies is started again at once however
often it died before. On standard output it says ``up`` once everything is started.
"""

import sys
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from typing import Any

from helpdesk.infra import log
from helpdesk.infra.broker import plan_broker
from helpdesk.infra.processes import desk_application, desk_processes
from helpdesk.infra.settings import load
from helpdesk.infra.supervisor import Supervisor, hold_home
from helpdesk.infra.web_server import WebServer, listen
from workers.schedule import Periodic

SOONER: dict[str, dict[str, Any]] = {
    "helpdesk.infra.supervisor": {"HEALTHY_SECONDS": 0.0},
    "helpdesk.intake.service.log": {
        "LEASE": timedelta(seconds=8),
        "PAUSES": (timedelta(seconds=1), timedelta(seconds=2)),
    },
    "helpdesk.intake.process.watch": {"LEASE_SECONDS": 9, "RENEW_SECONDS": 3.0, "POLL_SECONDS": 6.0},
    "helpdesk.outbox.service": {"CLAIM_LIFETIME": timedelta(seconds=8)},
    "helpdesk.outbox.queries": {"CLAIM_LIFETIME": timedelta(seconds=8)},
    "helpdesk.outbox.domain": {"FIRST_DELAY_SECONDS": 1, "LONGEST_DELAY_SECONDS": 2},
    "workers.schedule": {
        "PERIODIC": (
            Periodic("sweep_inbound", 2, "mail"),
            Periodic("sweep_outbox", 2, "mail"),
            Periodic("sweep_files", 10),
        )
    },
    "workers.watcher": {"LONGEST_PAUSE_SECONDS": 2.0},
}


def hurry() -> None:
    """Shorten the waits; a name that is no longer there is an error, not a silence."""
    for module_name, waits in SOONER.items():
        module = import_module(module_name)
        for name, value in waits.items():
            getattr(module, name)
            setattr(module, name, value)


def main() -> int:
    log.configure()
    hurry()
    settings = load()
    with hold_home(settings.home):
        server = WebServer(listener=listen("127.0.0.1", 0))
        broker = plan_broker(home=settings.home, redis_url=settings.redis_url or None)
        settings = replace(settings, redis_url=broker.url, base_url=server.url())
        desk_application(settings)
        processes = desk_processes(settings, server, broker, worker_count=1)
        return Supervisor(processes, home=settings.home, url=server.url(), on_started=_say_so).run()


def _say_so() -> None:
    sys.stdout.write("up\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
