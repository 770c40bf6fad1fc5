"""Addresses and icons that are made once are those that Flask would make each time."""

import pytest
from flask import Flask
from flask import url_for as flask_url_for

from helpdesk.infra import links
from helpdesk.infra.links import addresses_of, icon, url_for


@pytest.fixture
def house():
    """An application of which nothing is known yet, nor is anything of it afterwards: a process has but one."""
    links.forget()
    app = Flask(__name__)
    app.add_url_rule("/items/<int:number>", "item", str)
    app.add_url_rule("/list", "list", lambda: "")
    yield app
    links.forget()


@pytest.mark.parametrize(
    ("endpoint", "values"),
    [
        ("item", {"number": 7}),
        ("item", {"number": 7, "tab": "a b&c"}),
        ("list", {"on": True}),
        ("list", {"on": 1}),
        ("list", {"on": "1", "off": None}),
        ("list", {"tag": ["a", "b"]}),
        ("list", {"_anchor": "end"}),
        ("list", {"_external": True}),
    ],
)
def test_an_address_is_the_same_the_first_time_the_second_time_and_where_we_are_mounted_elsewhere(
    house, endpoint, values
):
    for mounted_at in ("/", "/", "/desk"):
        with house.test_request_context(base_url=f"http://localhost{mounted_at}"):
            assert url_for(endpoint, **values) == flask_url_for(endpoint, **values)


def test_a_list_asks_the_routes_once(house):
    with house.test_request_context():
        item_at = addresses_of("item", "number")

    assert [item_at(7), item_at(8)] == ["/items/7", "/items/8"]


def test_an_icon_with_a_label_says_it_and_one_without_is_hidden_from_listeners(house):
    with house.test_request_context():
        plain, labelled = icon("check"), icon("check", label='with "quotes"')

    assert plain == '<svg class="i" aria-hidden="true"><use href="/static/icons.svg#i-check"/></svg>'
    assert 'role="img" aria-label="with &#34;quotes&#34;"' in labelled
