"""Contexts of TLS are shared as long as the authorities stay, and by nobody who speaks another protocol."""

import os
import ssl
from pathlib import Path

import pytest

from helpdesk.infra.tls import client_context


def test_a_context_is_shared_until_the_authorities_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = tmp_path / "mine.pem"
    mine.touch()
    of_the_system = client_context()
    monkeypatch.setenv("SSL_CERT_FILE", str(mine))

    first = client_context()
    again = client_context()
    os.utime(mine, ns=(1, 1))

    assert of_the_system is not first is again is not client_context()
    assert first is not client_context(speaks="http/1.1"), "who shares a context must not offer a strange protocol"


def test_a_context_checks_certificate_and_name_unless_a_fingerprint_is_to_be_checked() -> None:
    checked, pinned = client_context(), client_context("ab")

    assert (checked.verify_mode, checked.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert (pinned.verify_mode, pinned.check_hostname) == (ssl.CERT_NONE, False)
