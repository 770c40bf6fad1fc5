"""Settings from the environment: read once, checked whole, every fault named before anything starts."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from helpdesk.kernel.errors import SettingsError

KEY_BYTES = 32


@dataclass(frozen=True)
class Settings:
    """What a process needs to know of its surroundings.

    Attributes:
        home: directory of the database, files, keys and sockets.
        database_url: SQLAlchemy URL; SQLite in ``home`` unless DATABASE_URL says otherwise.
        redis_url: broker; empty where ``helpdesk up`` starts the embedded one.
        base_url: address that people reach us under; links in mail are made from it, never from a request.
        trusted_proxies: number of proxies in front whose X-Forwarded-* headers count.
        secret_key: 32 bytes; signs cookies and reply addresses and encrypts mailbox passwords.
    """

    home: Path
    database_url: str
    redis_url: str
    base_url: str
    trusted_proxies: int
    secret_key: bytes

    @property
    def blob_root(self) -> Path:
        """Where stored files lie."""
        return self.home / "files"

    @property
    def secure_cookies(self) -> bool:
        """Whether cookies are for https only."""
        return self.base_url.startswith("https://")


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings, making the home directory and its secret key on first use.

    Raises:
        SettingsError: one line for each variable that is wrong, all of them at once.
    """
    env = os.environ if environ is None else environ
    faults: list[str] = []
    home = _home(env, faults)
    settings = Settings(
        home=home,
        database_url=_database_url(env, home, faults),
        redis_url=_redis_url(env, faults),
        base_url=_base_url(env, faults),
        trusted_proxies=_trusted_proxies(env, faults),
        secret_key=_secret_key(env, home, faults),
    )
    if faults:
        raise SettingsError("\n".join(faults))
    return settings


def default_home(env: Mapping[str, str]) -> Path:
    """Return where data lie when HELPDESK_HOME is not set."""
    base = env.get("XDG_DATA_HOME") or str(Path(env.get("HOME", "~")).expanduser() / ".local" / "share")
    return Path(base) / "helpdesk"


def _home(env: Mapping[str, str], faults: list[str]) -> Path:
    home = Path(env.get("HELPDESK_HOME") or default_home(env)).expanduser().absolute()
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = home / f".{secrets.token_hex(4)}.probe"
        probe.touch()
        probe.unlink()
    except OSError as error:
        faults.append(f"HELPDESK_HOME: {home} cannot be written ({error.strerror}); name a directory that we may write")
    return home


def _database_url(env: Mapping[str, str], home: Path, faults: list[str]) -> str:
    given = env.get("DATABASE_URL", "")
    if not given:
        return f"sqlite:///{home / 'helpdesk.sqlite3'}"
    try:
        url = make_url(given.replace("postgres://", "postgresql://", 1))
    except ArgumentError:
        faults.append("DATABASE_URL: not a database URL; expected postgresql://user:password@host/name")
        return ""
    if url.get_backend_name() not in {"postgresql", "sqlite"}:
        faults.append(f"DATABASE_URL: {url.get_backend_name()} is not supported; expected postgresql:// or sqlite:///")
        return ""
    if url.get_backend_name() == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    return url.render_as_string(hide_password=False)


def _redis_url(env: Mapping[str, str], faults: list[str]) -> str:
    given = env.get("REDIS_URL", "")
    if given and urlsplit(given).scheme not in {"redis", "rediss", "unix"}:
        faults.append("REDIS_URL: expected redis://host:port/0, rediss://… or unix:///path/to.sock")
    return given


def _base_url(env: Mapping[str, str], faults: list[str]) -> str:
    given = env.get("BASE_URL", "")
    if not given:
        return ""
    parts = urlsplit(given)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.query or parts.fragment:
        faults.append("BASE_URL: expected the address that people use, such as https://desk.example.com")
    return given.rstrip("/")


def _trusted_proxies(env: Mapping[str, str], faults: list[str]) -> int:
    given = env.get("TRUSTED_PROXIES", "0")
    if not given.isdigit():
        faults.append(f"TRUSTED_PROXIES: {given!r} is not a number; expected how many proxies stand in front, e.g. 1")
        return 0
    return int(given)


def _secret_key(env: Mapping[str, str], home: Path, faults: list[str]) -> bytes:
    given = env.get("SECRET_KEY", "")
    if given:
        try:
            key = bytes.fromhex(given)
        except ValueError:
            key = b""
        if len(key) != KEY_BYTES:
            faults.append("SECRET_KEY: expected 64 hexadecimal digits, as `openssl rand -hex 32` prints")
        return key
    file = home / "secret.key"
    try:
        return _read_or_make(file)
    except OSError as error:
        if not any(fault.startswith("HELPDESK_HOME") for fault in faults):
            faults.append(f"HELPDESK_HOME: {file} cannot be read or written ({error.strerror})")
        return b""


def _read_or_make(file: Path) -> bytes:
    """Return the key in ``file``; make it when it is not there (whoever comes second reads the first one's)."""
    if not file.exists():
        beside = file.with_name(f".{secrets.token_hex(4)}.key")
        beside.touch(mode=0o600)
        beside.write_text(secrets.token_hex(KEY_BYTES))
        try:
            os.link(beside, file)
        except FileExistsError:
            pass
        finally:
            beside.unlink()
    return bytes.fromhex(file.read_text().strip())
