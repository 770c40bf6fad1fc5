"""Measure the plan of 500 tasks in Chromium, on a real server: how soon it is drawn, how smoothly a bar is dragged."""

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import httpx
from playwright.sync_api import Page, sync_playwright
from sqlalchemy import select
from tools.house import House, desk, table

from helpdesk.infra import clock
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.projects import service as projects
from helpdesk.projects.domain.workdays import Workdays
from helpdesk.projects.models import Project, TaskDetails, TaskLink, WorkItem

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
EMAIL, PASSWORD = "ada@desk.example", "a long enough password 7"
PARTS = 25
FRAMES = 120
FIRST = date(2026, 11, 30)

# Counts the time between frames, and what each frame's own work took, until it is asked for.
SAMPLER = """() => {
  window.frames_ = [];
  window.long_ = [];
  new PerformanceObserver((list) => list.getEntries().forEach((one) => window.long_.push(one.duration)))
    .observe({ type: "longtask" });
  let last = 0;
  const tick = (now) => {
    if (last) window.frames_.push(now - last);
    last = now;
    window.sampling_ = requestAnimationFrame(tick);
  };
  window.sampling_ = requestAnimationFrame(tick);
}"""
STOP = "() => { cancelAnimationFrame(window.sampling_); return { frames: window.frames_, long: window.long_ }; }"
DRAWN = """() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => {
  const [page] = performance.getEntriesByType("navigation");
  done({ answered: page.responseEnd - page.requestStart, parsed: page.domInteractive, drawn: performance.now(),
         bytes: page.decodedBodySize, nodes: document.querySelectorAll("*").length });
})))"""


def seed(house: House, count: int) -> int:
    """Plan so many tasks in summaries of 25, most following the one before; return the project."""
    week = Workdays()
    with house.app.app_context(), unit_of_work() as session:
        project_id = session.scalars(select(Project.id).where(Project.name == "Support")).one()
        how = {"actor": SYSTEM, "now": clock.now(), "project_id": project_id}
        before: WorkItem | None = None
        step = week.before(FIRST)
        for number in range(count):
            if number % PARTS == 0:
                above = projects.add_task(session, title=f"Part {number // PARTS + 1}", **how)
                continue
            item = projects.add_task(
                session, title=f"Step {number} of the roll-out", parent_id=above.id, estimate_seconds=14400, **how
            )
            details = session.get_one(TaskDetails, item.id)
            details.starts_on, details.due_on = week.nth(step), week.nth(step + number % 4)
            if before is not None and number % 3:
                session.add(TaskLink(predecessor_id=before.id, successor_id=item.id, created_at=clock.now()))
            step += number % 4 + 1 if number % 3 else 0
            before = item
        return int(project_id)


@contextmanager
def serving(house: House) -> Iterator[str]:
    """Serve the desk with gunicorn as `helpdesk up` does; yield the origin."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    origin = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "gunicorn", "wsgi:app", "--bind", f"127.0.0.1:{port}", "--threads", "4"]
    with (house.home / "web.log").open("ab") as log:
        web = subprocess.Popen(
            [*command, "--worker-class", "gthread"],
            cwd=Path(__file__).parents[1],
            env={**house.environ, "BASE_URL": origin},
            stderr=log,
        )
        try:
            for _attempt in range(300):
                try:
                    httpx.get(f"{origin}/sign-in", trust_env=False, timeout=5)
                    break
                except httpx.TransportError:
                    time.sleep(0.1)
            yield origin
        finally:
            web.terminate()
            web.wait(30)


def drag(page: Page, name: str, *, days: int) -> tuple[list[float], list[float], float]:
    """Drag a bar to and fro; return times between frames, long tasks, and how long the server took to answer, in ms."""
    bar = page.locator(f"[data-name*='{name} ']").first
    bar.focus()
    box = bar.bounding_box()
    assert box is not None  # noqa: S101 - it was asked for
    x, y = box["x"] + 3, box["y"] + 7
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate(SAMPLER)
    for frame in range(FRAMES):
        page.mouse.move(x + 150 * (1 - abs(1 - 2 * frame / FRAMES)), y)
    width = float(page.locator("#gantt").get_attribute("data-day-width") or 1)
    page.mouse.move(x + days * width, y)
    found = page.evaluate(STOP)
    with page.expect_response(lambda answer: "/plan/tasks/" in answer.url) as answered:
        page.mouse.up()
    response = answered.value
    response.finished()
    return found["frames"], found["long"], response.request.timing["responseEnd"]


def main() -> None:
    """Seed, serve, look, drag, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=500)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    with desk(postgresql=False, of_clients=["plan.example"]) as house:
        project_id = seed(house, given.tasks)
        with serving(house) as origin, sync_playwright() as playwright:
            path = next(found for name in CHROMIUM if (found := shutil.which(name)))
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
            page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
            page.goto(f"{origin}/sign-in")
            page.get_by_label("E-mail").fill(EMAIL)
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_url(lambda url: "/sign-in" not in url)
            looks = []
            for _run in range(given.runs):
                page.goto(f"{origin}/projects/{project_id}/plan?zoom=week")
                looks.append(page.evaluate(DRAWN))
            links = page.locator(".arrows path").count()
            frames, long_tasks, answer_ms = drag(page, "Step 1", days=7)
            browser.close()
    best = min(looks, key=lambda look: look["drawn"])
    middle = statistics.median(look["drawn"] for look in looks)
    frames.sort()
    print(f"plan of {given.tasks} tasks, {links} links, {os.cpu_count()} cores")
    table(
        [
            ("page", f"{best['bytes'] / 1024:.0f} KiB, {best['nodes']} elements"),
            ("server answers in (best)", f"{best['answered']:.0f} ms"),
            ("drawn after (best, median)", f"{best['drawn']:.0f} ms, {middle:.0f} ms"),
            ("frames while dragging", str(len(frames))),
            ("  median", f"{statistics.median(frames):.1f} ms"),
            ("  95 of 100 within", f"{frames[int(len(frames) * 0.95)]:.1f} ms"),
            ("  longest", f"{frames[-1]:.1f} ms"),
            ("  tasks above 50 ms", json.dumps([round(one) for one in long_tasks])),
            ("drop, all pushed, answered after", f"{answer_ms:.0f} ms"),
        ]
    )


if __name__ == "__main__":
    main()
