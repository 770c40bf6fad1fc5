"""Templates are compiled once for all processes, and anew where one of them has changed."""

import pytest
from jinja2 import Environment, FileSystemLoader

from helpdesk.infra.drawing import Compiled


@pytest.fixture
def compiled(monkeypatch):
    """The names of the templates that were compiled."""
    names: list[str | None] = []
    real = Environment.compile

    def noting(self, source, name=None, *more, **also):
        names.append(name)
        return real(self, source, name, *more, **also)

    monkeypatch.setattr(Environment, "compile", noting)
    return names


def drawn(folder, kept):
    pages = Environment(loader=FileSystemLoader(folder), bytecode_cache=Compiled(kept), autoescape=True)
    return pages.get_template("page.html").render()


def test_what_one_process_compiled_another_reads_until_the_template_changes(tmp_path, compiled):
    page, kept = tmp_path / "page.html", tmp_path / "__pycache__"
    page.write_text("one")

    assert [drawn(tmp_path, kept), drawn(tmp_path, kept)] == ["one", "one"]
    assert compiled == ["page.html"]
    page.write_text("two")
    assert drawn(tmp_path, kept) == "two"
    assert compiled == ["page.html", "page.html"]


def test_where_nothing_can_be_kept_pages_are_drawn_all_the_same(tmp_path, compiled):
    (tmp_path / "page.html").write_text("one")
    nowhere = tmp_path / "not there" / "__pycache__"

    assert [drawn(tmp_path, nowhere), drawn(tmp_path, nowhere)] == ["one", "one"]
    assert compiled == ["page.html", "page.html"]
