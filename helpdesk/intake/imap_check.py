"""The test of a mailbox, reading half: IMAP step by step, and nothing changed on the server."""

import ssl
from collections.abc import Iterator
from contextlib import suppress

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import CapabilityError, IMAPClientError, LoginError

from helpdesk.infra.tls import client_context, fingerprint_of
from helpdesk.intake.gateway import Access, dial, sign_in
from helpdesk.outbox.diagnosis import Step, certificate_advice, reaching, said, signing_in
from helpdesk.outbox.smtp_check import encrypted, reached

TIMEOUT = SocketTimeout(8, 10)
FOLDERS_NAMED = 20
NEARLY_FULL_PERCENT = 90
MEGABYTE_KILOBYTES = 1024


def check(access: Access, *, processed_folder: str = "") -> list[Step]:
    """Return the steps up to the first that failed: name, connection, encryption, sign-in, folders, IDLE, quota."""
    return list(_steps(access, processed_folder))


def _steps(access: Access, processed_folder: str) -> Iterator[Step]:
    for step in reached(access.host, access.port, kind="IMAP"):
        yield step
        if not step.ok:
            return
    try:
        client = dial(access, TIMEOUT)
    except (OSError, IMAPClientError) as error:
        yield Step("IMAP: encryption", ok=False, says=_refused(access, error))
        return
    try:
        yield encrypted("IMAP", security=access.security, host=access.host, pinned=bool(access.fingerprint))
        yield from _conversation(client, access, processed_folder)
    except (OSError, IMAPClientError) as error:
        yield Step("IMAP: conversation", ok=False, says=reaching(error, host=access.host, port=access.port))
    finally:
        with suppress(OSError, IMAPClientError):
            client.logout()


def _conversation(client: IMAPClient, access: Access, processed_folder: str) -> Iterator[Step]:
    try:
        sign_in(client, access)
    except LoginError as error:
        yield Step("IMAP: sign-in", ok=False, says=signing_in(str(error)))
        return
    yield Step("IMAP: sign-in", ok=True, says=f"Signed in as {access.user}.")
    folders = [name for flags, _, name in client.list_folders() if rb"\Noselect" not in flags]
    step = _folder(client, access.folder, folders)
    yield step
    if not step.ok:
        return
    if processed_folder:
        there = processed_folder in folders
        says = f"“{processed_folder}” is there." if there else f"“{processed_folder}” is made with the first mail."
        yield Step("IMAP: processed folder", ok=True, says=says)
    can_idle = bool(client.has_capability("IDLE"))
    says = "The server tells of new mail at once." if can_idle else "No IDLE: the server is asked every minute."
    yield Step("IMAP: news", ok=True, says=says, warns=not can_idle)
    yield _quota(client, access.folder)


def _folder(client: IMAPClient, name: str, folders: list[str]) -> Step:
    try:
        found = client.select_folder(name, readonly=True)
    except IMAPClientError as error:
        there = ", ".join(folders[:FOLDERS_NAMED]) or "none"
        says = f"The folder “{name}” cannot be opened: {said(error)}. Folders that are there: {there}."
        return Step("IMAP: folder", ok=False, says=says)
    return Step("IMAP: folder", ok=True, says=f"“{name}” holds {found[b'EXISTS']} messages.")


def _quota(client: IMAPClient, folder: str) -> Step:
    if not client.has_capability("QUOTA"):
        return Step("IMAP: quota", ok=True, says="The server does not tell how full the mailbox is.")
    try:
        _, quotas = client.get_quota_root(folder)
    except (IMAPClientError, CapabilityError) as error:
        return Step("IMAP: quota", ok=True, says=f"The server does not tell how full the mailbox is: {said(error)}")
    filled = [quota for quota in quotas if quota.limit]
    if not filled:
        return Step("IMAP: quota", ok=True, says="The mailbox has no limit.")
    fullest = max(filled, key=lambda quota: int(quota.usage) / int(quota.limit))
    percent = 100 * int(fullest.usage) // int(fullest.limit)
    is_nearly_full = percent >= NEARLY_FULL_PERCENT
    says = f"The mailbox is {percent} % full ({_amount(fullest)})."
    if is_nearly_full:
        says += " A full mailbox takes no more mail: make room, or have mail moved to a folder elsewhere."
    return Step("IMAP: quota", ok=True, says=says, warns=is_nearly_full)


def _amount(quota: object) -> str:
    usage, limit = int(getattr(quota, "usage", 0)), int(getattr(quota, "limit", 0))
    if getattr(quota, "resource", "") == "STORAGE":
        return f"{usage // MEGABYTE_KILOBYTES} of {limit // MEGABYTE_KILOBYTES} MB"
    return f"{usage} of {limit} messages"


def _refused(access: Access, error: Exception) -> str:
    words = reaching(error, host=access.host, port=access.port)
    if isinstance(error, CapabilityError):
        return "The server does not offer STARTTLS on this port."
    if not isinstance(error, ssl.SSLCertVerificationError):
        return words
    try:
        client = dial(access, TIMEOUT, context=client_context("unchecked"))
    except (OSError, IMAPClientError):
        return words
    shown = fingerprint_of(client.socket())
    with suppress(OSError, IMAPClientError):
        client.shutdown()
    return words + certificate_advice(shown)
