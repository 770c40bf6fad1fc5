"""Services name jobs by strings, because nothing below the workers may import them: every name must be there."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpdesk.infra.jobs import QUEUES
from workers import jobs
from workers.schedule import PERIODIC

ROOT = Path(__file__).parents[3]


def rung() -> Iterator[tuple[str, str, str | None]]:
    """Yield place, name and queue of every bell that the code rings with a literal name."""
    for file in sorted((ROOT / "helpdesk").rglob("*.py")):
        code = file.read_text()
        for node in ast.walk(ast.parse(code)) if ".ring(" in code else ():
            if isinstance(node, ast.Call) and _is_ring(node.func) and len(node.args) > 1:
                name = node.args[1]
                queue = next((word.value for word in node.keywords if word.arg == "queue"), None)
                if isinstance(name, ast.Constant):
                    place = f"{file.relative_to(ROOT)}:{node.lineno}"
                    yield place, str(name.value), getattr(queue, "value", None)


def _is_ring(function: ast.expr) -> bool:
    return isinstance(function, ast.Attribute) and function.attr == "ring"


@pytest.mark.parametrize(("place", "name", "queue"), list(rung()), ids=str)
def test_a_bell_names_a_job_and_a_queue_that_exist(place: str, name: str, queue: str | None) -> None:
    assert callable(getattr(jobs, name, None)), f"{place} rings {name}"
    assert queue is None or queue in QUEUES, f"{place} rings on {queue}"


@pytest.mark.parametrize("line", PERIODIC, ids=lambda line: line.job)
def test_a_line_of_the_schedule_names_a_job_and_a_queue_that_exist(line) -> None:
    assert callable(getattr(jobs, line.job))
    assert line.queue in QUEUES
    assert line.every_seconds > 0


def test_somebody_rings_for_mail() -> None:
    assert {"deliver_outgoing", "handle_inbound"} <= {name for _, name, _ in rung()}
