"""Real answers of real servers, and what they mean in plain words."""

import socket
import ssl

import pytest

from helpdesk.outbox.diagnosis import certificate_advice, reaching, said, signing_in, token_refusal

WRONG = "User name or password is wrong."
APP_PASSWORD = "The provider wants an app password here"
NO_PASSWORDS = "The provider takes no passwords any more."
OAUTH = "The OAuth sign-in was refused."
LATER = "The server cannot check sign-ins right now."


@pytest.mark.parametrize(
    ("text", "means"),
    [
        # Gmail
        ("b'[AUTHENTICATIONFAILED] Invalid credentials (Failure)'", WRONG),
        (
            "b'[ALERT] Application-specific password required: https://support.google.com/accounts/answer/185833'",
            APP_PASSWORD,
        ),
        ("534 5.7.9 Application-specific password required. For more information, go to https://x", APP_PASSWORD),
        ("535 5.7.8 Username and Password not accepted. For more information, go to https://support.google.com", WRONG),
        (
            "b'[ALERT] Please log in via your web browser: https://support.google.com/mail/accounts/answer/78754'",
            "sign in once in a browser",
        ),
        (
            "b'[ALERT] Your account is not enabled for IMAP use. Please visit your Gmail settings page'",
            "Reading by IMAP",
        ),
        ("b'[ALERT] Too many simultaneous connections. (Failure)'", "Too many connections"),
        ("b'Account exceeded command or bandwidth limits. (Failure)'", "locked this account for a while"),
        ('b\'{"status":"400","schemes":"Bearer","scope":"https://mail.google.com/"}\'', OAUTH),
        ("b'[UNAVAILABLE] Temporary System Error (Failure)'", LATER),
        # Microsoft 365 and Exchange
        ("b'AUTHENTICATE failed.'", OAUTH),
        ("b'LOGIN failed.'", WRONG),
        ("b'User is authenticated but not connected.'", "may not open this mailbox"),
        (
            "535 5.7.139 Authentication unsuccessful, basic authentication is disabled. [AM0PR01CA0091.eurprd01]",
            NO_PASSWORDS,
        ),
        (
            "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox. Visit https://",
            "Sending by SMTP AUTH is switched off",
        ),
        ("535 5.7.3 Authentication unsuccessful [VI1PR0102CA0088.eurprd01.prod.exchangelabs.com]", WRONG),
        ("b'Server Unavailable. 15'", LATER),
        # Dovecot
        ("b'[AUTHENTICATIONFAILED] Authentication failed.'", WRONG),
        ("b'[UNAVAILABLE] Temporary authentication failure. [mx1:2026-11-20 08:00:00]'", LATER),
        (
            "b'[PRIVACYREQUIRED] Plaintext authentication disallowed on non-secure (SSL/TLS) connections.'",
            "no password over an unencrypted connection",
        ),
        (
            "b'[ALERT] Maximum number of connections from user+IP exceeded (mail_max_userip_connections=10)'",
            "Too many connections",
        ),
        ("535 5.7.8 Error: authentication failed: UGFzc3dvcmQ6", WRONG),
        # Courier, Cyrus, Zimbra, Yahoo, iCloud, Postfix
        ("b'LOGIN FAILED'", WRONG),
        ("b'Login failed: authentication failure'", WRONG),
        ("b'Login only available under a layer'", "no password over an unencrypted connection"),
        ("b'[AUTHENTICATIONFAILED] LOGIN Invalid credentials'", WRONG),
        ("b'[AUTHENTICATIONFAILED] Authentication Failed'", WRONG),
        ("454 4.7.0 Temporary authentication failure: Connection lost to authentication server", LATER),
        ("530 5.7.0 Must issue a STARTTLS command first", "no password over an unencrypted connection"),
        ("b'[LIMIT] Too many bad auth attempts'", "Too many connections"),
    ],
)
def test_a_refused_sign_in_is_told_in_plain_words_with_the_servers_own_behind(text, means):
    words = signing_in(text)

    assert means in words
    assert said(text)[:40] in words


def test_words_that_nobody_knows_are_passed_on():
    assert signing_in("b'Nope'") == "The server refused the sign-in. The server said: Nope"


def certificate_error(code, message="x"):
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code, error.verify_message = code, message
    return error


@pytest.mark.parametrize(
    ("error", "means"),
    [
        (certificate_error(10), "has expired"),
        (certificate_error(18), "signed by itself"),
        (certificate_error(19), "authority of its own"),
        (certificate_error(20), "authority that this machine does not know"),
        (certificate_error(62), "for another name"),
        (certificate_error(99, "something new"), "is not accepted: something new"),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number"), "does not speak TLS"),
        (ssl.SSLError(1, "handshake failure"), "No encrypted connection came about"),
        (socket.gaierror(-2, "Name or service not known"), "There is no server called mx.example"),
        (TimeoutError(), "does not answer on port 993"),
        (ConnectionRefusedError(111, "refused"), "nothing listens on port 993"),
        (ConnectionResetError(104, "reset"), "closed the connection"),
        (OSError(113, "No route to host"), "cannot be reached: No route to host"),
        (ValueError("abracadabra"), "does not speak as a mail server does: abracadabra"),
    ],
)
def test_a_server_that_cannot_be_reached_is_told_apart_from_one_that_is_not_who_it_says(error, means):
    assert means in reaching(error, host="mx.example", port=993)


def test_the_fingerprint_of_a_server_of_ones_own_is_shown_to_be_copied():
    assert certificate_advice("ab12").endswith("ab:12")
    assert certificate_advice("") == ""


@pytest.mark.parametrize(
    ("code", "means"),
    [
        ("invalid_grant", "Google says that the consent was withdrawn or has expired: connect again."),
        ("invalid_client", "does not know this client ID and secret"),
        ("access_denied", "consent was refused"),
        ("teapot", "answered “teapot”"),
    ],
)
def test_a_refused_token_is_told_in_plain_words(code, means):
    assert means in token_refusal("Google", code, "")
    assert token_refusal("Google", code, "AADSTS1: why").endswith("It said: AADSTS1: why")
