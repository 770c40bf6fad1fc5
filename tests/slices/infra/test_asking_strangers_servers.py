"""The client for addresses that strangers name: resolved, looked at, pinned; every redirect anew (SSRF)."""

import threading
import time

import pytest

from helpdesk.infra import outside
from helpdesk.kernel.errors import ExternalFailure
from tests import certificates
from tests.picture_server import PictureServer, running_picture_server, status

LIMITS = {"bytes_limit": 1024 * 1024, "seconds": 5.0}


@pytest.fixture
def server():
    with running_picture_server() as running:
        yield running


def why(get, url, **limits):
    with pytest.raises(ExternalFailure) as refusal:
        get(url, **{**LIMITS, **limits})
    return str(refusal.value)


def test_what_lies_there_is_fetched_with_its_name_and_without_anything_of_ours(server: PictureServer, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    server.lies_there["/logo.png?x=1"] = b"bytes"

    content = server.get()(server.url("/logo.png?x=1#part"), **LIMITS)

    ((path, headers),) = server.asked
    assert (content, path) == (b"bytes", "/logo.png?x=1")
    assert headers == {
        "Host": f"pictures.example:{server.port}",
        "User-Agent": "Mozilla/5.0 (compatible; Helpdesk)",
        "Accept": "image/*",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.1", "127.1", "2130706433", "0x7f.1"]
)
def test_this_machine_is_not_asked_however_it_is_written(server: PictureServer, host):
    assert why(server_alone(server), server.url("/", host)) == "its server is not in the public internet"
    assert server.asked == []


def server_alone(server):
    """Return the client as it is built, but for the port: no address is permitted."""

    def get(url, **limits):
        return outside.fetch(url, permit=outside.Permit(ports=frozenset({server.port})), **limits)

    return get


@pytest.mark.parametrize(
    "answers",
    [
        [["10.0.0.5"]],
        [["169.254.169.254"]],
        [["fe80::1%eth0"]],
        [["::ffff:10.0.0.5", "64:ff9b::a00:5"]],
        [[]],
    ],
)
def test_a_name_that_leads_into_a_house_is_not_asked(server: PictureServer, answers):
    assert why(server.get(lambda *_: answers[0]), server.url("/")) == "its server is not in the public internet"


def test_of_several_addresses_only_those_are_asked_that_may_be(server: PictureServer):
    server.lies_there["/"] = b"bytes"

    content = server.get(lambda *_: ["10.0.0.5", "192.168.1.1", "127.0.0.1"])(server.url("/"), **LIMITS)

    assert content == b"bytes"


def test_a_name_that_answers_otherwise_the_second_time_is_asked_for_only_once(server: PictureServer):
    """DNS rebinding: what was looked at is what is connected to."""
    answers = [["127.0.0.1"], ["10.0.0.5"], ["10.0.0.5"]]
    asked = []

    def rebinding(host, _port):
        asked.append(host)
        return answers.pop(0)

    server.lies_there["/"] = b"bytes"

    assert server.get(rebinding)(server.url("/"), **LIMITS) == b"bytes"
    assert asked == ["pictures.example"]


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("http://10.0.0.5/", "its server is not in the public internet"),
        ("http://169.254.169.254/latest/meta-data/", "its server is not in the public internet"),
        ("http://[::1]/", "its server is not in the public internet"),
        ("//192.168.0.1/x", "its server is not in the public internet"),
        ("http://pictures.example:22/", "its address has a user or a port in it that is never asked"),
        ("http://user:pass@pictures.example/", "its address has a user or a port in it that is never asked"),
        ("file:///etc/passwd", "its address is none of the web"),
        ("gopher://pictures.example/", "its address is none of the web"),
    ],
)
def test_a_redirect_is_looked_at_like_the_first_address(server: PictureServer, target, said):
    def by_name(host, _port):
        return ["127.0.0.1"] if host == "pictures.example" else [host.strip("[]")]

    server.lies_there["/"] = target

    assert why(server.get(by_name), server.url("/")) == said
    assert server.paths == ["/"]


def test_a_redirect_of_a_name_that_has_become_private_meanwhile_is_refused(server: PictureServer):
    answers = [["127.0.0.1"], ["10.0.0.5"]]
    server.lies_there["/"] = "/next"

    said = why(server.get(lambda *_: answers.pop(0)), server.url("/"))

    assert said == "its server is not in the public internet"
    assert server.paths == ["/"]


def test_three_redirects_are_followed_without_cookies_and_a_fourth_is_not(server: PictureServer):
    server.lies_there |= {"/0": "/1", "/1": "/2", "/2": "/3", "/3": b"bytes", "/a": "/0"}

    assert server.get()(server.url("/0"), **LIMITS) == b"bytes"
    assert why(server.get(), server.url("/a")) == "its server sends one on and on"
    assert all("Cookie" not in headers and "Referer" not in headers for _, headers in server.asked)


@pytest.mark.parametrize(
    "url", ["", "pixel.gif", "/pixel.gif", "ftp://pictures.example/x", "javascript:alert(1)", "http://", "http:///x"]
)
def test_what_is_no_address_of_the_web_is_said_to_be_none(server: PictureServer, url):
    assert why(server.get(), url) == "its address is none of the web"


def test_more_than_the_limit_is_not_read(server: PictureServer):
    server.lies_there["/"] = bytes(2 * 1024 * 1024)

    assert why(server.get(), server.url("/")) == "it is larger than 1 MB"


def test_more_than_it_said_is_not_read_either(server: PictureServer):
    def endless(handler):
        handler.send_response(200)
        handler.end_headers()
        for _ in range(1000):
            handler.wfile.write(bytes(64 * 1024))

    server.lies_there["/"] = endless

    assert why(server.get(), server.url("/")) == "it is larger than 1 MB"


@pytest.mark.parametrize("drips", ["headers", "body"])
def test_a_server_that_drips_is_cut_off_when_the_time_is_over(server: PictureServer, drips):
    gone = threading.Event()

    def drip(handler):
        if drips == "body":
            handler.send_response(200)
            handler.end_headers()
        else:
            handler.wfile.write(b"HTTP/1.0 200 OK\r\nX-Long: ")
        while not gone.wait(0.05):
            handler.wfile.write(b"x")

    server.lies_there["/"] = drip
    began = time.monotonic()

    said = why(server.get(), server.url("/"), seconds=0.5)
    gone.set()

    assert said == "its server did not answer in time"
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (404, "it is not there any more"),
        (410, "it is not there any more"),
        (403, "its server refused it (HTTP 403)"),
        (500, "its server refused it (HTTP 500)"),
    ],
)
def test_the_servers_no_is_told_in_plain_words(server: PictureServer, code, said):
    server.lies_there["/"] = status(code)

    assert why(server.get(), server.url("/")) == said


def test_a_server_that_is_away_and_a_name_that_is_none_are_told_apart(server: PictureServer):
    def nobody(*_):
        message = "Name or service not known"
        raise OSError(message)

    with running_picture_server() as other:
        gone = other
    get = gone.get()

    assert why(get, gone.url("/")) == "its server cannot be reached"
    assert why(server.get(nobody), server.url("/")) == "there is no server of that name"


def test_what_is_no_http_is_not_understood(server: PictureServer):
    def greet(handler):
        handler.wfile.write(b"220 mail.example ESMTP\r\n")

    server.lies_there["/"] = greet

    assert why(server.get(), server.url("/")) == "its server's answer cannot be understood"


def test_a_certificate_is_checked_for_the_name_though_the_connection_goes_to_the_address(tmp_path, monkeypatch):
    made = certificates.make(tmp_path / "tls", name="pictures.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(made.authority))
    with running_picture_server((made.chain, made.key)) as server:
        server.lies_there["/"] = b"bytes"
        good = server.url("/").replace("http:", "https:")

        assert server.get()(good, **LIMITS) == b"bytes"
        assert why(server.get(), good.replace("pictures.example", "other.example")) == (
            "its server's certificate is not valid"
        )
