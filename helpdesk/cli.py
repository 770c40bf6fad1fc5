"""The command line: ``helpdesk``. Errors of ours become one clear line and an exit code, here and nowhere else."""

import sys
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TextIO

import click
from flask import Flask

from helpdesk.accounts.service import has_admin
from helpdesk.app import create_app
from helpdesk.infra import clock, log, schema
from helpdesk.infra.broker import Broker, plan_broker
from helpdesk.infra.child import Process, Stage
from helpdesk.infra.db import db, unit_of_work
from helpdesk.infra.settings import Settings, load
from helpdesk.infra.supervisor import Supervisor, hold_home
from helpdesk.infra.web_server import WebServer, listen
from helpdesk.kernel.errors import (
    Conflict,
    Denied,
    ExternalFailure,
    HelpdeskError,
    NotFound,
    RuleViolation,
    SettingsError,
)
from helpdesk.projects.first_run import make_first_run_token

EXIT_CODES = {SettingsError: 2, RuleViolation: 2, NotFound: 3, Denied: 4, Conflict: 5, ExternalFailure: 6}


@click.group()
@click.version_option(package_name="helpdesk")
def cli() -> None:
    """Mail becomes a ticket, work becomes time, approved time becomes an invoice."""


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, help="Port to listen on; 0 takes a free one.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 32), help="Number of job workers.")
@click.option("--tls-cert", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Certificate (PEM).")
@click.option("--tls-key", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Its key (PEM).")
def up(host: str, port: int, workers: int, tls_cert: Path | None, tls_key: Path | None) -> None:
    """Run everything on this machine: web, workers, scheduler, mail watchers and broker."""
    log.configure()
    settings = load()
    if (tls_cert is None) != (tls_key is None):
        message = "--tls-cert and --tls-key go together."
        raise SettingsError(message)
    with hold_home(settings.home):
        server = WebServer(listener=listen(host, port), tls_cert=tls_cert, tls_key=tls_key)
        broker = plan_broker(home=settings.home, redis_url=settings.redis_url or None)
        settings = replace(settings, redis_url=broker.url, base_url=settings.base_url or server.url())
        _warn_of_plain_http(host, tls_cert, settings)
        app = create_app(settings)
        first_run = _prepare(app)
        processes = _processes(app, server, broker, workers)
        announce = partial(_announce, settings.base_url, first_run)
        sys.exit(Supervisor(processes, home=settings.home, url=server.url(), on_started=announce).run())


@cli.command()
def migrate() -> None:
    """Bring the database to this version's schema."""
    log.configure()
    with create_app().app_context():
        click.echo(f"The database is at revision {schema.migrate()}.")


@cli.group()
def mail() -> None:
    """Look at mail."""


@mail.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--jsonl", is_flag=True, help="One JSON object a mail, one a line (docs/mail.md, inspect contract).")
def inspect(paths: tuple[Path, ...], *, jsonl: bool) -> None:
    """Show how mail files are read, without touching the database."""
    reader = import_module("helpdesk.intake.inspect")
    for line in reader.lines(paths, jsonl=jsonl):
        click.echo(line)


@cli.group()
def retainers() -> None:
    """Ask about retainers."""


@retainers.command()
@click.argument("file", type=click.File(encoding="utf-8"), default="-")
def simulate(file: TextIO) -> None:
    """Show what the engine makes of a scenario, without touching the database (docs/billing.md)."""
    click.echo(import_module("helpdesk.invoicing.simulate").simulate(file.read()))


def main() -> None:
    """Run the command; a refusal of ours prints one clear line a fault and exits with its code."""
    try:
        cli()
    except HelpdeskError as error:
        for line in str(error).splitlines():
            click.echo(f"helpdesk: {line}" if not isinstance(error, RuleViolation) else line, err=True)
        sys.exit(next((code for kind, code in EXIT_CODES.items() if isinstance(error, kind)), 1))


def _warn_of_plain_http(host: str, tls_cert: Path | None, settings: Settings) -> None:
    local = host in {"127.0.0.1", "localhost", "::1"}
    if not local and tls_cert is None and not settings.trusted_proxies:
        click.echo(
            "Warning: listening beyond this machine without TLS; passwords travel in the clear. "
            "Use --tls-cert and --tls-key, or a proxy and TRUSTED_PROXIES.",
            err=True,
        )


def _prepare(app: Flask) -> str | None:
    """Check the schema; return the token of the first-run page while nobody has set this desk up."""
    with app.app_context():
        schema.require_current()
        with unit_of_work() as session:
            token = None if has_admin(session) else make_first_run_token(session, now=clock.now())
        db.engine.dispose()
    return token


def _announce(base_url: str, first_run_token: str | None) -> None:
    if first_run_token:
        click.echo(f"First run: open {base_url}/setup?token={first_run_token}")
    click.echo(f"Helpdesk is up at {base_url} (stop with Ctrl-C)")


def _processes(app: Flask, server: WebServer, broker: Broker, workers: int) -> list[Process]:
    runtime = import_module("workers.runtime")
    processes = [
        Process(name="worker", run=partial(runtime.run_worker, app), stage=Stage.WORKERS, count=workers),
        Process(name="scheduler", run=partial(runtime.run_scheduler, app), stage=Stage.FEEDERS),
        Process(name="watcher", run=partial(runtime.run_watcher, app), stage=Stage.FEEDERS),
        Process(name="web", run=partial(server.serve, lambda: app), stage=Stage.WEB, listener=server.listener),
    ]
    if broker.argv is not None:
        processes.append(Process(name="broker", run=broker.argv, stage=Stage.SUPPORT, ready=broker.answers))
    return processes
