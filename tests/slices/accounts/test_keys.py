"""Everybody's own single keys (docs/desk.md rules 52 and 53)."""

import re
from pathlib import Path

import pytest

from helpdesk.accounts.keys import KEYS, chosen, words

pytestmark = pytest.mark.on_sqlite
TEMPLATES = Path(__file__).parents[3] / "templates"


def field(key):
    return f"key_{ord(key)}"


def test_two_keys_are_swapped_for_their_person_alone_and_reset(office, sign_in_as):
    browser, other = sign_in_as(office.technician), sign_in_as(office.manager)

    saved = browser.post("/account/keys", data={"on": "y", field("a"): "T", field("t"): "a"})
    page, off = browser.get("/desk").text, browser.post("/account/keys", data={field("a"): "i"})
    silent, others = browser.get("/desk").text, other.get("/desk").text
    browser.post("/account/keys/reset")

    assert (saved.status_code, off.status_code) == (303, 303)
    assert 'data-keys="{&#34;a&#34;: &#34;t&#34;, &#34;t&#34;: &#34;a&#34;}"' in page
    assert ("data-keys-off" in page, "data-keys-off" in silent) == (False, True)
    assert "data-keys=" not in others
    assert "data-keys" not in re.split("<head>", browser.get("/desk").text)[0]


def test_a_key_that_is_taken_or_reserved_is_refused_with_the_reason_and_what_was_typed_stays(office, sign_in_as):
    browser = sign_in_as(office.technician)

    refused = browser.post("/account/keys", data={"on": "y", field("a"): "t", field("h"): "'", field("w"): "q"})

    assert refused.status_code == 422
    assert "That key does something else already: Set the status." in refused.text
    assert "that the browser does not need itself" in refused.text
    assert re.search(rf'name="{field("w")}" value="q"', refused.text)
    assert "data-keys=" not in browser.get("/desk").text


def test_every_key_of_a_page_can_be_changed(app):
    found = {
        key.split()[0]
        for path in TEMPLATES.rglob("*.html")
        for key in re.findall(r'data-key="([^"{]+)"', path.read_text())
    }

    with app.test_request_context():
        assert set(words()) == set(KEYS)
        assert chosen({}) == ({}, {})
    assert found <= set(KEYS)
