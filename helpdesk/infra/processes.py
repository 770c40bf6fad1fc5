"""The table of processes of ``helpdesk up``: broker, workers, scheduler, mailbox watcher, web."""

from functools import partial
from importlib import import_module

from flask import Flask

from helpdesk.infra.broker import Broker
from helpdesk.infra.child import Process, Stage
from helpdesk.infra.web_server import WebServer


def desk_processes(app: Flask, server: WebServer, broker: Broker, *, worker_count: int) -> list[Process]:
    """Return what the supervisor runs for one desk. The workers are found by name: nothing below imports them."""
    runtime = import_module("workers.runtime")
    processes = [
        Process(name="worker", run=partial(runtime.run_worker, app), stage=Stage.WORKERS, count=worker_count),
        Process(name="scheduler", run=partial(runtime.run_scheduler, app), stage=Stage.FEEDERS),
        Process(name="watcher", run=partial(runtime.run_watcher, app), stage=Stage.FEEDERS),
        Process(name="web", run=partial(server.serve, lambda: app), stage=Stage.WEB, listener=server.listener),
    ]
    if broker.argv is not None:
        processes.append(Process(name="broker", run=broker.argv, stage=Stage.SUPPORT, ready=broker.answers))
    return processes
