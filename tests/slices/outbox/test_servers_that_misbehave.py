"""Sending, and the test of it, against real servers that refuse, hang up, fall silent or show a bad certificate."""

import ssl
import time
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword

from helpdesk.outbox import gateway, smtp_check
from helpdesk.outbox.gateway import Access, Outcome
from tests import certificates
from tests.smtp_script import HANGS_UP, SILENT, running_smtp_script
from tests.smtp_sink import running_smtp_sink

ME = "me@desk.example"
CONTENT = b"Subject: Hello\r\n\r\nA text.\r\n"
STEPS = ("greeting", "EHLO", "AUTH", "MAIL", "RCPT")
TOLD_AT = {"greeting": "greeting", "EHLO": "greeting", "AUTH": "sign-in", "MAIL": "sender", "RCPT": "sender"}


def access(port, **changes):
    return Access(**{"host": "127.0.0.1", "port": port, "security": "none", "user": "me", "password": "pass"} | changes)


def failure(port, **changes):
    """Return the one step that failed and what it says."""
    (step,) = [step for step in smtp_check.check(access(port, **changes), ME) if not step.ok]
    return step.step.removeprefix("SMTP: "), step.says


def send(port, **changes):
    return gateway.send(access(port, **changes), ME, ("ann@acme.example",), CONTENT)


@pytest.fixture
def patience(monkeypatch):
    """Both time limits, cut to what a test can wait for."""
    monkeypatch.setattr(smtp_check, "TIMEOUT_SECONDS", 0.3)
    monkeypatch.setattr(gateway, "TIMEOUT_SECONDS", 0.3)


class TestRefusals:
    @pytest.mark.parametrize("code", [421, 454, 550, 554])
    @pytest.mark.parametrize("command", STEPS)
    def test_the_test_names_the_step_the_code_and_the_servers_words(self, command, code):
        also = {"HELO": f"{code} 5.0.0 not for you"} if command == "EHLO" else {}
        with running_smtp_script(**{command: f"{code} 5.0.0 not for you"}, **also) as server:
            step, says = failure(server.port)

        assert step == TOLD_AT[command]
        assert f"{code} 5.0.0 not for you" in says
        assert "b'" not in says
        if command in ("greeting", "EHLO", "MAIL", "RCPT"):
            assert ("right now" in says or "for now" in says) == (code < 500)

    @pytest.mark.parametrize(
        ("command", "code", "outcome"),
        [
            ("greeting", 421, Outcome.LATER),
            ("greeting", 554, Outcome.LATER),
            ("AUTH", 454, Outcome.LATER),
            ("AUTH", 535, Outcome.LATER),
            ("MAIL", 451, Outcome.LATER),
            ("MAIL", 550, Outcome.REFUSED),
            ("RCPT", 450, Outcome.LATER),
            ("RCPT", 550, Outcome.REFUSED),
            ("DATA", 451, Outcome.LATER),
            ("DATA", 554, Outcome.REFUSED),
            ("content", 452, Outcome.LATER),
            ("content", 552, Outcome.REFUSED),
        ],
    )
    def test_a_message_waits_or_fails_by_the_code_and_the_words_are_kept(self, command, code, outcome):
        with running_smtp_script(**{command: f"{code} 5.0.0 not for you"}) as server:
            delivery = send(server.port)

        assert delivery.outcome is outcome
        assert f"{code} 5.0.0 not for you" in delivery.said
        assert "b'" not in delivery.said

    @pytest.mark.parametrize("goodbye", ["250 OK", "421 4.4.2 too late", "502 what?", HANGS_UP])
    def test_a_strange_goodbye_takes_nothing_back(self, goodbye):
        with running_smtp_script(QUIT=goodbye) as server:
            delivery = send(server.port)
            report = smtp_check.check(access(server.port), ME)

        assert (delivery.outcome, delivery.said) == (Outcome.SENT, "")
        assert all(step.ok for step in report)


class TestHangingUp:
    @pytest.mark.parametrize("command", STEPS)
    def test_the_test_says_where_the_server_hung_up(self, command):
        with running_smtp_script(**{command: HANGS_UP}) as server:
            assert failure(server.port) == (TOLD_AT[command], "127.0.0.1 closed the connection.")

    @pytest.mark.parametrize("command", [*STEPS, "DATA", "content"])
    def test_a_message_waits_and_is_sent_again(self, command):
        with running_smtp_script(**{command: HANGS_UP}) as server:
            delivery = send(server.port)

        assert delivery.outcome is Outcome.LATER
        assert "127.0.0.1 closed the connection." in delivery.said


@pytest.mark.usefixtures("patience")
class TestSlowness:
    SLOW = "127.0.0.1 was there, and then took too long to answer."

    @pytest.mark.parametrize("command", STEPS)
    def test_the_test_keeps_its_time_limit_and_says_what_was_slow(self, command):
        began = time.monotonic()
        with running_smtp_script(**{command: SILENT}) as server:
            assert failure(server.port) == (TOLD_AT[command], self.SLOW)

        assert time.monotonic() - began < 10

    @pytest.mark.parametrize("command", [*STEPS, "DATA", "content"])
    def test_a_message_waits(self, command):
        with running_smtp_script(**{command: SILENT}) as server:
            delivery = send(server.port)

        assert delivery.outcome is Outcome.LATER
        assert self.SLOW in delivery.said

    def test_a_server_that_says_yes_and_no_goodbye_has_the_message(self):
        with running_smtp_script(QUIT=SILENT) as server:
            assert send(server.port).outcome is Outcome.SENT

    def test_one_that_is_silent_where_tls_should_begin_is_told(self):
        with running_smtp_script(greeting=SILENT) as server:
            step, says = failure(server.port, security="tls")

        assert step == "encryption"
        assert "does not answer on port" in says


class Doorkeeper:
    """Lets in who brings the right password, and notes by which way."""

    def __init__(self, password):
        self.password, self.ways = password.encode(), []

    def __call__(self, _server, _session, _envelope, mechanism, data):
        assert isinstance(data, LoginPassword)
        self.ways.append(mechanism)
        return AuthResult(success=data.password == self.password, handled=False)


def asking(keeper, *ways):
    """Return aiosmtpd's settings for a server that lets in by these ways alone."""
    return {
        "authenticator": keeper,
        "auth_require_tls": False,
        "auth_exclude_mechanism": {"LOGIN", "PLAIN"} - set(ways),
    }


class TestSigningIn:
    @pytest.mark.parametrize("way", ["LOGIN", "PLAIN"])
    def test_a_server_that_knows_only_one_way_gets_that_one(self, way):
        keeper = Doorkeeper("pass")
        with running_smtp_sink(**asking(keeper, way)) as sink:
            report = smtp_check.check(access(sink.port), ME)
            delivery = send(sink.port)
            refused = failure(sink.port, password="wrong")

        assert [step for step in report if not step.ok] == []
        assert delivery.outcome is Outcome.SENT
        assert refused[0] == "sign-in"
        assert refused[1].startswith("User name or password is wrong.")
        assert set(keeper.ways) == {way}

    def test_a_password_of_any_letters_is_brought_in_utf_8(self):
        keeper = Doorkeeper("pässwörd")
        with running_smtp_sink(**asking(keeper, "PLAIN", "LOGIN")) as sink:
            delivery = send(sink.port, password="pässwörd")
            refused = failure(sink.port, password="wröng")

        assert delivery.outcome is Outcome.SENT
        assert refused[1].startswith("User name or password is wrong.")

    def test_a_password_that_cannot_be_told_to_the_server_is_said_to_be_so(self):
        with running_smtp_sink(**asking(Doorkeeper("pässwörd"), "LOGIN")) as sink:
            step, says = failure(sink.port, password="pässwörd")
            delivery = send(sink.port, password="pässwörd")

        assert (step, says[:41]) == ("sign-in", "The password has letters that this server")
        assert (delivery.outcome, says in delivery.said) == (Outcome.LATER, True)

    def test_a_server_without_a_way_that_we_know_is_told_with_its_ways(self):
        with running_smtp_script(EHLO="250-script.example\r\n250 AUTH GSSAPI NTLM") as server:
            step, says = failure(server.port)
            delivery = send(server.port)

        assert step == "sign-in"
        assert says == "The server offers no sign-in with a password. Ways that it offers: GSSAPI, NTLM."
        assert (delivery.outcome, says in delivery.said) == (Outcome.LATER, True)


FAULTS: dict[str, tuple[dict[str, Any], bool, str]] = {
    "an authority that nobody knows": ({}, False, "comes from an authority that this machine does not know"),
    "signed by itself": ({"self_signed": True}, False, "is signed by itself"),
    "expired": ({"expired": True}, True, "has expired"),
    "another name": ({"name": "mail.elsewhere.example"}, True, "is for another"),
}


def speaking(how, certificate) -> dict[str, Any]:
    """Return aiosmtpd's settings for TLS from the first byte, or after STARTTLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.chain, certificate.key)
    if how == "tls":
        return {"ssl_context": context, "auth_require_tls": False}  # aiosmtpd counts STARTTLS alone as TLS
    return {"tls_context": context, "require_starttls": True}


@pytest.mark.parametrize("security", ["tls", "starttls"])
class TestCertificates:
    def test_a_good_one_lets_the_password_through_and_the_message_out(self, security, tmp_path, monkeypatch):
        certificate = certificates.make(tmp_path / "tls")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.authority))
        keeper = Doorkeeper("pass")
        with running_smtp_sink(authenticator=keeper, **speaking(security, certificate)) as sink:
            report = smtp_check.check(access(sink.port, security=security), ME)
            delivery = send(sink.port, security=security)

        assert [step for step in report if not step.ok] == []
        assert delivery.outcome is Outcome.SENT
        assert len(keeper.ways) == 2

    @pytest.mark.parametrize("fault", FAULTS)
    def test_a_bad_one_is_told_with_its_fingerprint_and_gets_no_password(self, security, fault, tmp_path, monkeypatch):
        how, is_trusted, words = FAULTS[fault]
        certificate = certificates.make(tmp_path / "tls", **how)
        if is_trusted:
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate.authority))
        keeper = Doorkeeper("pass")
        with running_smtp_sink(authenticator=keeper, **speaking(security, certificate)) as sink:
            step, says = failure(sink.port, security=security)
            delivery = send(sink.port, security=security)
            pinned = send(sink.port, security=security, fingerprint=certificate.fingerprint)
            other = send(sink.port, security=security, fingerprint="0" * 64)

        assert step == "encryption"
        assert words in says
        assert certificate.fingerprint in says.replace(":", "")
        assert (delivery.outcome, words in delivery.said) == (Outcome.LATER, True)
        assert pinned.outcome is Outcome.SENT
        assert (other.outcome, "another certificate" in other.said) == (Outcome.LATER, True)
        assert len(keeper.ways) == 1, "the pinned one alone was told the password"
