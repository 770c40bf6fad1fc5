"""A private Dovecot on the loopback: any user, one password, a Maildir for each, IDLE."""

import os
import pwd
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from imapclient import IMAPClient

from helpdesk.intake.gateway import Access
from tests import scratch
from tests.certificates import Certificate
from tests.waiting import eventually

PASSWORD = "imap-secret"
CONFIG = """
protocols = imap
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
{tls}
disable_plaintext_auth = no
auth_mechanisms = plain{mechanisms}
mail_location = maildir:~/Maildir
first_valid_uid = 1
first_valid_gid = 1
mail_fsync = never
auth_failure_delay = 0
{users}
{oauth}
passdb {{
  driver = static
  mechanisms = plain
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u
}}
service imap-login {{
  {no_chroot}
  inet_listener imap {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {tls_port}
  }}
}}
service anvil {{
  {no_chroot}
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  {no_chroot}
}}
namespace inbox {{
  inbox = yes
}}
{quota}
"""
TLS = """ssl = yes
ssl_cert = <{chain}
ssl_key = <{key}"""
OAUTH = """passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {folder}/oauth2.conf
}}"""
INTROSPECTION = """introspection_url = {url}/introspect
introspection_mode = post
username_attribute = username
active_attribute = active
active_value = true
"""
QUOTA = """mail_plugins = quota
protocol imap {{
  mail_plugins = quota imap_quota
}}
plugin {{
  quota = maildir:User quota
  quota_rule = *:storage={quota_kilobytes}K
}}"""


@dataclass(frozen=True)
class Account:
    """One user's mailbox, as somebody beside Helpdesk sees it."""

    folder: Path
    port: int
    user: str

    @property
    def access(self) -> Access:
        return Access("127.0.0.1", self.port, "none", self.user, PASSWORD)

    @contextmanager
    def client(self) -> Iterator[IMAPClient]:
        client = IMAPClient("127.0.0.1", self.port, ssl=False)
        client.login(self.user, PASSWORD)
        try:
            client.select_folder("INBOX")
            yield client
        finally:
            client.logout()

    def deliver(self, *mails: bytes, at: datetime | None = None) -> None:
        """Put mails into the inbox; ``at`` is when the server says it had them."""
        with self.client() as client:
            for mail in mails:
                client.append("INBOX", mail, msg_time=at)

    def flags(self) -> dict[int, tuple[bytes, ...]]:
        with self.client() as client:
            return {uid: found[b"FLAGS"] for uid, found in client.fetch(client.search(), ["FLAGS"]).items()}

    def renumber(self) -> None:
        """Give every mail a new UID under another UIDVALIDITY, as a restored backup does."""
        maildir = self.folder / "mail" / self.user / "Maildir"
        for index in maildir.glob("dovecot.index*"):
            index.unlink()
        uids = maildir / "dovecot-uidlist"
        text = re.sub(r" V(\d+) ", lambda found: f" V{int(found[1]) + 1} ", uids.read_text(), count=1)
        uids.write_text(text)


@dataclass
class Dovecot:
    """The running server."""

    folder: Path
    port: int
    tls_port: int = 0
    accounts: int = 0

    def account(self) -> Account:
        """Return a new, empty mailbox."""
        self.accounts += 1
        return Account(self.folder, self.port, f"user{self.accounts}")


@contextmanager
def running_dovecot(
    *, certificate: Certificate | None = None, oauth_url: str = "", quota_kilobytes: int = 0
) -> Iterator[Dovecot]:
    """Start a server and yield it; stop it at the end.

    With a certificate it speaks TLS, with ``oauth_url`` it takes the tokens of that authorisation server too.
    """
    program = shutil.which("dovecot", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    assert program, "Dovecot is not installed: run `make test`, or apt-get install dovecot-imapd"
    folder = scratch.folder("hdimap-")
    is_root = os.geteuid() == 0
    owner = pwd.getpwnam("mail") if is_root else pwd.getpwuid(os.geteuid())
    folder.chmod(0o755)
    (folder / "mail").mkdir()
    os.chown(folder / "mail", owner.pw_uid, owner.pw_gid)
    port, tls_port = _free_port(), _free_port() if certificate else 0
    (folder / "oauth2.conf").write_text(INTROSPECTION.format(url=oauth_url))
    name = owner.pw_name
    config = folder / "dovecot.conf"
    config.write_text(
        CONFIG.format(
            folder=folder,
            port=port,
            tls_port=tls_port,
            tls=TLS.format(chain=certificate.chain, key=certificate.key) if certificate else "ssl = no",
            mechanisms=" xoauth2 oauthbearer" if oauth_url else "",
            oauth=OAUTH.format(folder=folder) if oauth_url else "",
            quota=QUOTA.format(quota_kilobytes=quota_kilobytes) if quota_kilobytes else "",
            password=PASSWORD,
            uid=owner.pw_uid,
            gid=owner.pw_gid,
            users="" if is_root else f"default_internal_user = {name}\ndefault_login_user = {name}",
            no_chroot="" if is_root else "chroot =",
        )
    )
    process = subprocess.Popen([program, "-F", "-c", str(config)], stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: _answers(port, process, folder))
        yield Dovecot(folder, port, tls_port)
    finally:
        process.terminate()
        process.wait(timeout=60)
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(port: int, process: "subprocess.Popen[bytes]", folder: Path) -> bool:
    assert process.poll() is None, (folder / "log").read_text()
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            return connection.recv(4) == b"* OK"
    except OSError:
        return False
