"""The rules of the house, as far as a program can hold them (docs/architecture.md)."""

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from helpdesk.app import VIEW_MODULES

ROOT = Path(__file__).parents[1]
SOURCES = sorted([*ROOT.glob("helpdesk/**/*.py"), *ROOT.glob("workers/**/*.py"), ROOT / "wsgi.py"])
FRAMEWORKS = {"flask", "sqlalchemy", "redis", "rq", "imapclient", "weasyprint", "httpx"}
CLOCK_READERS = {"views", "process", "cli", "app", "workers", "clock", "demo"}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def calls(path: Path, *names: str) -> list[ast.Call]:
    """Return the calls of functions or methods of those names; only where one stands is the file parsed."""
    text = path.read_text()
    if not any(f"{name}(" in text for name in names):
        return []
    return [
        node
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call)
        and ({getattr(node.func, "attr", None), getattr(node.func, "id", None)} & set(names))
    ]


def test_the_linted_import_directions_hold():
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout


def test_the_domain_loads_without_any_framework():
    modules = [module_of(path) for path in SOURCES if "domain" in path.with_suffix("").parts or "kernel" in path.parts]
    program = f"import sys\nfor name in {modules}: __import__(name)\nprint(*{FRAMEWORKS} & set(sys.modules))"

    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)

    assert len(modules) > 10
    assert done.stdout.strip() == ""


def test_there_is_one_commit_site():
    sites = {name_of(path) for path in SOURCES if calls(path, "commit", "begin", "Session")}

    assert sites == {"helpdesk/infra/db.py"}


def test_every_job_that_is_rung_exists():
    jobs = import_module("workers.jobs")
    rung = {
        (name_of(path), call.args[1].value)
        for path in SOURCES
        for call in calls(path, "ring")
        if len(call.args) > 1 and isinstance(call.args[1], ast.Constant)
    }

    missing = {(path, name) for path, name in rung if not callable(getattr(jobs, str(name), None))}

    assert rung
    assert not missing


def test_only_the_edges_read_the_clock():
    readers = {
        name_of(path)
        for path in SOURCES
        for call in calls(path, "now", "utcnow", "today")
        if isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", "") in {"clock", "datetime", "date"}
        if not CLOCK_READERS & set(path.with_suffix("").parts) and module_of(path) not in VIEW_MODULES
    }

    assert not readers


@pytest.mark.parametrize("path", sorted(ROOT.glob("helpdesk/*/__init__.py")), ids=name_of)
def test_the_init_file_of_a_slice_holds_a_docstring_only(path):
    assert [type(node) for node in tree_of(path).body] == [ast.Expr]


def test_no_module_is_a_drawer_for_everything():
    drawers = {"utils", "helpers", "common", "manager", "base", "misc"}

    assert not [name_of(path) for path in SOURCES if path.stem in drawers]


def test_broad_excepts_that_swallow_stand_only_in_the_quarantine_and_at_the_end_of_a_process():
    broad = {
        name_of(path)
        for path in SOURCES
        if "except" in path.read_text()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ExceptHandler)
        if node.type is None or getattr(node.type, "id", "") in {"Exception", "BaseException"}
        if not (isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None)
    }

    assert broad == {
        "helpdesk/infra/child.py",
        "helpdesk/intake/parser/guard.py",
        "helpdesk/intake/parser/read.py",
        "helpdesk/intake/parser/shown.py",
        "helpdesk/intake/process/drain.py",
        "helpdesk/intake/process/fetch.py",
    }
