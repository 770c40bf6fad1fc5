"""A static file is asked for once, and again as soon as it is another one."""

import os
from pathlib import Path

import pytest
from flask import Flask, url_for

from helpdesk.infra import assets


@pytest.fixture
def house(tmp_path):
    app = Flask(__name__, static_folder=str(tmp_path / "static"))
    (tmp_path / "static").mkdir()
    assets.mount(app)
    return app


def write(house, text, changed_at):
    path = Path(house.static_folder, "page.css")
    path.write_text(text)
    os.utime(path, (changed_at, changed_at))


def address(house, filename="page.css"):
    with house.test_request_context():
        return url_for("static", filename=filename)


def how_long(browser, path):
    with browser.get(path) as answer:
        return answer.headers["Cache-Control"]


def test_the_address_of_a_file_changes_with_its_content_and_is_kept_for_good(house):
    write(house, "a {}", 1)
    first, browser = address(house), house.test_client()
    kept = how_long(browser, first)
    write(house, "b {}", 2)
    second = address(house)
    write(house, "a {}", 3)

    assert kept == "public, max-age=31536000, immutable"
    assert second != first == address(house)
    assert how_long(browser, first) == kept
    assert how_long(browser, second) == "no-cache"


def test_a_file_that_is_asked_for_by_its_bare_name_or_is_not_there_is_asked_for_each_time(house):
    write(house, "a {}", 1)
    browser = house.test_client()

    assert how_long(browser, "/static/page.css") == "no-cache"
    assert address(house, "gone.css") == "/static/gone.css"
    assert browser.get("/static/gone.css?v=1").status_code == 404
