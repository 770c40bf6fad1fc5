"""The table of processes of ``helpdesk up``: broker, workers, scheduler, mailbox watcher, event stream, web."""

from functools import partial
from importlib import import_module

from flask import Flask
from sqlalchemy.orm import configure_mappers

from helpdesk.infra.broker import Broker
from helpdesk.infra.child import Process, Stage
from helpdesk.infra.settings import Settings
from helpdesk.infra.web_server import WebServer

WORKERS = "workers.runtime"  # found by name: nothing below imports them
PRELOADED = ("workers.jobs", "workers.schedule", "workers.watcher", "workers.live")


def desk_application(settings: Settings) -> Flask:
    """Return the application, made once before the forks, with all that its children run: they share its memory.

    A job is a fork of a worker, so what is not loaded here would be loaded again for each job.
    """
    app: Flask = import_module(WORKERS).application(settings)
    for module in PRELOADED:
        import_module(module)
    configure_mappers()
    return app


def desk_processes(settings: Settings, server: WebServer, broker: Broker, *, worker_count: int) -> list[Process]:
    """Return what the supervisor runs for one desk."""
    runtime = import_module(WORKERS)
    app = desk_application(settings)
    processes = [
        Process(name="worker", run=partial(runtime.run_worker, settings), stage=Stage.WORKERS, count=worker_count),
        Process(name="scheduler", run=partial(runtime.run_scheduler, settings), stage=Stage.FEEDERS),
        Process(name="watcher", run=partial(runtime.run_watcher, settings), stage=Stage.FEEDERS),
        Process(name="live", run=partial(runtime.run_live, settings), stage=Stage.FEEDERS),
        Process(name="web", run=partial(server.serve, lambda: app), stage=Stage.WEB, listener=server.listener),
    ]
    if broker.argv is not None:
        processes.append(Process(name="broker", run=broker.argv, stage=Stage.SUPPORT, ready=broker.answers))
    return processes
