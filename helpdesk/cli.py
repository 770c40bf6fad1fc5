"""The command line: ``helpdesk``. Errors of ours become one clear line and an exit code, here and nowhere else."""

import json
import logging
import os
import socket
import sys
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Literal, TextIO

import click
from flask import Flask

from helpdesk.accounts.service import has_admin
from helpdesk.app import create_app
from helpdesk.doctor import examine
from helpdesk.imports.domain.columns import KINDS
from helpdesk.infra import blobs, clock, log, schema
from helpdesk.infra.broker import plan_broker
from helpdesk.infra.db import db, read_session, unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.infra.processes import desk_application, desk_processes
from helpdesk.infra.settings import Settings, load
from helpdesk.infra.supervisor import Supervisor, hold_home
from helpdesk.infra.web_server import WebServer, listen, one_for_each_core
from helpdesk.invoicing.process import close_named
from helpdesk.kernel.durations import format_hm
from helpdesk.kernel.errors import (
    Conflict,
    Denied,
    ExternalFailure,
    HelpdeskError,
    NotFound,
    RuleViolation,
    SettingsError,
)
from helpdesk.kernel.money import Money
from helpdesk.projects.first_run import make_first_run_token
from helpdesk.tickets.process import describe_all

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
        server = WebServer(
            listener=listen(host, port), process_count=one_for_each_core(), tls_cert=tls_cert, tls_key=tls_key
        )
        broker = plan_broker(home=settings.home, redis_url=settings.redis_url or None)
        settings = replace(settings, redis_url=broker.url, base_url=settings.base_url or server.url())
        _warn_of_plain_http(host, tls_cert, settings)
        app = desk_application(settings)
        first_run = _prepare(app)
        processes = desk_processes(settings, server, broker, worker_count=workers)
        announce = partial(_announce, settings.base_url, first_run)
        sys.exit(Supervisor(processes, home=settings.home, url=server.url(), on_started=announce).run())


@cli.command()
@click.option("--once", is_flag=True, help="End after the story; print its summary as JSON.")
@click.option("--port", default=8000, show_default=True, help="Port to listen on; 0 takes a free one.")
@click.option("--patience", default=90.0, show_default=True, help="Seconds that a step may take.")
@click.option("--without", type=click.Choice(["imap", "smtp"]), help="Leave a server outside away, to see it fail.")
def demo(*, once: bool, port: int, patience: float, without: str | None) -> None:
    """Tell the whole story on a fresh desk: one mail becomes one invoice."""
    log.configure(logging.WARNING)
    run = import_module("helpdesk.demo.run").run
    sys.exit(run(once=once, port=0 if once else port, patience_seconds=patience, without=without))


@cli.command()
def doctor() -> None:
    """Check the invariants of docs/architecture.md on live data; exit 1 and name each row that breaks one."""
    with create_app().app_context():
        schema.require_current()
        findings = examine(read_session(), store=blobs.store(), now=clock.now())
    for finding in findings:
        click.echo(f"invariant {finding.invariant}: {finding.message}")
    click.echo(f"{len(findings)} findings" if findings else "All invariants hold.")
    sys.exit(1 if findings else 0)


@cli.command()
def migrate() -> None:
    """Bring the database to this version's schema."""
    log.configure()
    with create_app().app_context():
        click.echo(f"The database is at revision {schema.migrate()}.")


@cli.command()
def reindex() -> None:
    """Make the index of what stands in messages anew, where `helpdesk doctor` says so; work may go on meanwhile."""
    with create_app().app_context():
        schema.require_current()
        done = sum(1 for _last_id in describe_all(unit_of_work))
    click.echo(f"The index is made anew, in {done} steps.")


@cli.command()
@click.argument("month")
@click.option("--dry-run", is_flag=True, help="Show what would be drafted; change nothing.")
@click.option("--client", help="Close this client only, by name.")
def close(month: str, *, dry_run: bool, client: str | None) -> None:
    """Close MONTH (2026-11): statements and draft invoices, client by client; safe to run again."""
    log.configure(logging.WARNING)
    with create_app().app_context():
        schema.require_current()
        outcome = close_named(
            unit_of_work, actor=SYSTEM, clock=clock.now, month=month, client_name=client, dry_run=dry_run
        )
        for each in outcome:
            total = str(Money(each.total_minor, each.currency)) if each.currency else ""
            click.echo("  ".join(filter(None, (each.client_name, each.state, total, each.error))))
            for left in each.left_out:
                hours, why = format_hm(int(str(left["seconds"]))), str(left["reason"]).replace("_", " ")
                click.echo(f"    left out: #{left['item_number']} {left['title']}, {left['person']}, {hours}: {why}")
            for left in each.expenses_left_out:
                amount = Money(int(str(left["amount_minor"])), str(left["currency"]))
                why = str(left["reason"]).replace("_", " ")
                said = f"{left['what']} of {left['person']}, {left['day']}, {amount} {amount.currency}"
                click.echo(f"    left out: {said}: {why}")
    sys.exit(1 if any(each.state == "failed" for each in outcome) else 0)


@cli.group("mail")
def mail_group() -> None:
    """Look at mail."""


@mail_group.command("inspect")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--jsonl", is_flag=True, help="One JSON object a mail, one a line (docs/mail.md, inspect contract).")
def inspect_mail(paths: tuple[Path, ...], *, jsonl: bool) -> None:
    """Show how mail files are read, without touching the database."""
    for mail in import_module("helpdesk.intake.inspect").inspect_paths(paths):
        click.echo(json.dumps(mail, ensure_ascii=False, indent=None if jsonl else 2))


@mail_group.command("import")
@click.argument("mailbox")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
def import_mail(mailbox: str, paths: tuple[Path, ...]) -> None:
    """Take mail from files into MAILBOX (its address): mail files, mboxes, Maildirs and folders of them.

    Every mail goes the way of fetched mail and keeps its date; nothing is sent. What is there already is left alone, so
    that the command can be killed and run again.
    """
    log.configure(logging.ERROR)
    importing = import_module("helpdesk.intake.process.importing")
    with create_app().app_context():
        schema.require_current()
        holder = f"{socket.gethostname()}:{os.getpid()}"
        run = importing.start(mailbox, unit_of_work, store=blobs.store(), clock=clock.now, holder=holder)
        try:
            places = importing.survey(run, paths)
            _with_bar(importing.store_all(run, places), len(places), "Storing")
            waiting = importing.waiting(run)
            _with_bar(importing.handle_all(run, waiting), len(waiting), "Handling")
        finally:
            importing.end(run)
    for failure in run.failures:
        click.echo(failure, err=True)
    counts = [f"{run.new} new", f"{run.already_there} already there"]
    counts += [f"{count} {outcome}" for outcome, count in run.outcomes.most_common()]
    click.echo(", ".join([*counts, f"{len(run.failures)} failed"]))
    sys.exit(1 if run.failures else 0)


@cli.command("import")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--kind", type=click.Choice(KINDS), help="What the file holds; else its header says so.")
@click.option("--days", type=click.Choice(["dmy", "mdy"]), help="Whether day or month comes first in its dates.")
@click.option("--dry-run", is_flag=True, help="Show what would be imported; write nothing.")
def import_table(path: Path, *, kind: str | None, days: Literal["dmy", "mdy"] | None, dry_run: bool) -> None:
    """Import clients, contacts, projects, tasks or time from the CSV file PATH (docs/import.md).

    Exports of Toggl Track, Clockify, Harvest and Kimai are recognised. Each refused line is printed with its number;
    the others are imported. Lines that were imported before make nothing: the command can be killed and run again.
    """
    log.configure(logging.ERROR)
    command = import_module("helpdesk.imports.command")
    with create_app().app_context():
        schema.require_current()
        store, holder = blobs.store(), f"{socket.gethostname()}:{os.getpid()}"
        row, seen = command.prepare(
            unit_of_work, path.read_bytes(), path.name, kind=kind or "", order=days or "", store=store, clock=clock.now
        )
        if dry_run:
            command.drop(unit_of_work, row.id, clock=clock.now)
            counts, wrong = seen.counts, [(problem.line, str(problem)) for problem in seen.problems]
        else:
            steps = command.carry_out(unit_of_work, row.id, store=store, clock=clock.now, holder=holder)
            _with_bar(steps, row.line_count, "Importing")
            counts, wrong = command.outcome(unit_of_work, row.id)
    for line, why in wrong:
        click.echo(f"{path.name}:{line}: {why}", err=True)
    said = f"{row.kind}, {row.source}" if row.source else row.kind
    click.echo(f"{said}: " + ", ".join(f"{count} {outcome}" for outcome, count in counts.items()))
    sys.exit(1 if counts["refused"] else 0)


def _with_bar(steps: Iterable[int], length: int, label: str) -> None:
    with click.progressbar(length=length, label=label, file=sys.stderr, show_pos=True) as bar:
        for count in steps:
            bar.update(count)


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
