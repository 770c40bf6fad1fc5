"""``helpdesk demo``: the real processes, a world outside on the loopback, and the story told to them."""

import json
import os
import shutil
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

from flask import Flask

from helpdesk.demo import expectation, seed, sightings, since
from helpdesk.demo.seed import STAFF, Seeded
from helpdesk.demo.story import StepFailed, Story, say
from helpdesk.demo.world import World, WorldServers
from helpdesk.infra import clock, schema
from helpdesk.infra.blobs import BlobStore
from helpdesk.infra.broker import plan_broker
from helpdesk.infra.child import OnExit, Process, Stage
from helpdesk.infra.db import db, unit_of_work
from helpdesk.infra.processes import desk_application, desk_processes
from helpdesk.infra.settings import Settings, default_home, load
from helpdesk.infra.supervisor import Supervisor, hold_home
from helpdesk.infra.web_server import WebServer, listen
from helpdesk.kernel.errors import SettingsError
from helpdesk.kernel.periods import Month, local_day, local_month, zone_named

MARK = "this-is-a-demo"


def run(*, once: bool, port: int, patience_seconds: float, without: str | None = None) -> int:
    """Tell the story on a fresh desk and return the exit code: 0 when all came to pass.

    With ``once`` it ends after the story and prints the summary as JSON on standard output; else it prints who can
    sign in and stays up until Ctrl-C. A step that does not come to its end within ``patience_seconds`` fails.
    ``without`` leaves imap or smtp away, to see that happen.

    Raises:
        SettingsError: the port is taken, or the demo's home is in use or holds somebody's data.
    """
    started_at = time.monotonic()
    settings = load({**os.environ, "HELPDESK_HOME": str(demo_home(os.environ))})
    with hold_home(settings.home):
        _empty(settings.home)
        server = WebServer(listener=listen("127.0.0.1", port))
        broker = plan_broker(home=settings.home)
        settings = replace(
            settings, redis_url=broker.url, base_url=server.url(), database_url=_fresh_database(settings)
        )
        outside = WorldServers.prepare(settings.home / "outside", address=seed.SUPPORT_ADDRESS)
        app = desk_application(settings)
        month = last_month_everywhere(clock.now())
        seeded = _prepare(app, outside.world, month)
        story = Story(app, server.url(), outside.world, seeded, month, clock.now(), patience_seconds)
        processes = [
            *desk_processes(settings, server, broker, worker_count=1),
            *(process for process in outside.processes() if process.name != f"outside-{without}"),
            Process(
                name="story",
                run=partial(_tell, story, once=once, started_at=started_at),
                stage=Stage.GUESTS,
                on_exit=OnExit.STOP_ALL if once else OnExit.LEAVE,
            ),
        ]
        return Supervisor(processes, home=settings.home, url=server.url()).run()


def last_month_everywhere(now: datetime) -> Month:
    """Return the last month that has ended on the clock of every client."""
    return min(local_month(now, zone_named(plan.zone)) for plan in seed.CLIENTS).previous


def demo_home(env: Mapping[str, str]) -> Path:
    """Return where the demo keeps its data: HELPDESK_HOME, or a folder beside the default home."""
    given = env.get("HELPDESK_HOME")
    return Path(given) if given else default_home(env).with_name("helpdesk-demo")


def _empty(home: Path) -> None:
    """Empty the home of an earlier demo; refuse to touch anybody's real data.

    Raises:
        SettingsError: there are data that no demo made.
    """
    keep = {"up.lock", "secret.key"}
    found = [path for path in home.iterdir() if path.name not in keep]
    if found and not (home / MARK).exists():
        message = f"HELPDESK_HOME: {home} holds data that are not the demo's; name another directory."
        raise SettingsError(message)
    for path in found:
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    (home / MARK).touch()


def _fresh_database(settings: Settings) -> str:
    return f"sqlite:///{settings.home / 'helpdesk.sqlite3'}"


def _prepare(app: Flask, world: World, month: Month) -> Seeded:
    with app.app_context():
        schema.require_current()
        with unit_of_work() as session:
            seeded = seed.furnish(session, world=world, month=month, now=clock.now())
        db.session.remove()
        db.engine.dispose()
    return seeded


def _tell(story: Story, *, once: bool, started_at: float) -> None:
    try:
        story.tell()
        summary = summarise(story)
        _compare(summary, story)
        summary["since"] = _tell_since(story)
        summary["seconds"] = round(time.monotonic() - started_at, 1)
    except StepFailed as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)
    if once:
        sys.stdout.write(json.dumps(summary) + "\n")
        sys.stdout.flush()
        return
    _invite(story, summary)


def _tell_since(story: Story) -> dict[str, object]:
    """Fill the desks beside the month that was closed, and return what came of it.

    Raises:
        StepFailed: names every figure that differs.
    """
    now = clock.now()
    sys.stderr.write("since then\n")
    since.furnish(story.app, now=now)
    found = since.figures(story.app, now=now)
    _differ("since then", found, expectation.SINCE)
    say("Verdant's second cold store: a plan that a late delivery pushed, four fifths of its budget gone")
    say("5 entries wait for approval, 4 with a remark; proposals, a forgotten timer, expenses with a receipt")
    return found


def summarise(story: Story) -> dict[str, object]:
    """Return what came of the story, read from the database and from what arrived outside."""
    number = _number(story)
    invoice = sightings.invoice_of(story.app, number)
    total_minor, currency, pdf = invoice or (0, "", "")
    return {
        "tickets": sightings.tickets(story.app),
        "replies": sightings.replies(story.app),
        "ignored": sightings.ignored(story.app),
        "entries": sightings.entries(story.app),
        "approved_seconds": sightings.approved_seconds(story.app),
        "overage_seconds": sightings.overage_seconds(story.app),
        "invoice": {"number": number, "total": f"{total_minor / 100:.2f}", "currency": currency},
        "pdf": _copy_pdf(story, pdf, number),
        "mails_sent": len(story.world.received()),
    }


def _number(story: Story) -> str:
    return expectation.INVOICE_NUMBER.format(year=local_day(story.told_at, zone_named("Europe/Berlin")).year)


def _copy_pdf(story: Story, digest: str, number: str) -> str:
    """Put the invoice under its number beside the data and return the path; "" where there is none."""
    home: Path = story.app.config["SETTINGS"].home
    source = BlobStore(home / "files").path_of(digest)
    if not digest or not source.exists():
        return ""
    target = home / f"{number}.pdf"
    shutil.copy(source, target)
    return str(target)


def _compare(summary: Mapping[str, object], story: Story) -> None:
    """Hold the summary against the expectation.

    Raises:
        StepFailed: names every figure that differs.
    """
    wanted = {
        "tickets": expectation.TICKETS,
        "replies": expectation.REPLIES,
        "ignored": expectation.IGNORED,
        "entries": expectation.ENTRIES,
        "approved_seconds": expectation.APPROVED_SECONDS,
        "overage_seconds": expectation.OVERAGE_SECONDS,
        "invoice": {"number": _number(story), "total": expectation.INVOICE_TOTAL, "currency": "EUR"},
        "mails_sent": expectation.MAILS_SENT,
    }
    _differ("summary", summary, wanted)
    if not summary["pdf"]:
        message = "The step 'summary' failed: there is no PDF"
        raise StepFailed(message)


def _differ(step: str, found: Mapping[str, object], wanted: Mapping[str, object]) -> None:
    wrong = [f"{name} is {found[name]}, expected {value}" for name, value in wanted.items() if found[name] != value]
    if wrong:
        message = f"The step {step!r} failed: " + "; ".join(wrong)
        raise StepFailed(message)


def _invite(story: Story, summary: Mapping[str, object]) -> None:
    say("")
    say(f"Helpdesk is up at {story.base_url}")
    for key in seed.ROLE_LOGINS:
        role = STAFF[key][1].replace("_", " ")
        say(f"  {role:16} {story.seeded.email(key):36} {story.seeded.passwords[key]}")
    say(f"Invoice {summary['invoice']}: {summary['pdf']}")
    say(f"Told in {summary['seconds']} s. Stop with Ctrl-C.")
