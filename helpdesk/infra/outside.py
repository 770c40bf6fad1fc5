"""Fetching what a stranger named, without being led into our own house (SSRF): the one client for such addresses.

A name is resolved here, every address that is not public is passed over, and the connection goes to the very address
that was looked at; so an answer of the name server that changes later changes nothing. Each redirect goes the same way.
"""

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpcore
import httpx

from helpdesk.infra.addresses import is_public
from helpdesk.infra.tls import client_context
from helpdesk.kernel.errors import ExternalFailure

REDIRECTS = 3
OPERATION_SECONDS = 5.0
PORTS = frozenset({80, 443})
LONGEST_WAIT = 9
"""Digits of the seconds that a server may ask us to wait."""
USER_AGENT = "Mozilla/5.0 (compatible; Helpdesk)"
CHUNK_BYTES = 64 * 1024
_MOVED = frozenset({301, 302, 303, 307, 308})
Resolve = Callable[[str, int], list[str]]


@dataclass(frozen=True, slots=True)
class Permit:
    """Addresses and ports that are asked although they are not public. Nobody but a test gives any."""

    addresses: frozenset[str] = frozenset()
    ports: frozenset[int] = frozenset()


NONE = Permit()


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a name, in the order in which they should be tried.

    Raises:
        OSError: there is no such name, or nobody could be asked.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def fetch(url: str, *, bytes_limit: int, seconds: float, permit: Permit = NONE, resolver: Resolve = resolve) -> bytes:
    """Return what lies at ``url``: at most ``bytes_limit`` bytes, within ``seconds`` in all.

    No cookie, no referrer, no proxy, nothing of the environment goes along; at most three redirects are followed.

    Raises:
        ExternalFailure: it cannot be had, or must not be asked for; the message says why in plain words.
    """
    until = time.monotonic() + seconds
    try:
        with httpx.Client(
            transport=_Transport(until, permit, resolver), trust_env=False, timeout=OPERATION_SECONDS
        ) as client:
            target = _checked(url, permit)
            for _ in range(REDIRECTS + 1):
                answer = _ask(client, target, bytes_limit)
                if isinstance(answer, bytes):
                    return answer
                target = _checked(str(target.join(answer)), permit)
    except (httpx.HTTPError, httpx.InvalidURL, httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
        raise ExternalFailure(_words(error)) from error
    except httpcore.TimeoutException as error:
        message = "its server did not answer in time"
        raise ExternalFailure(message) from error
    message = "its server sends one on and on"
    raise ExternalFailure(message)


@dataclass(frozen=True, slots=True)
class Said:
    """What a server answered to something that was sent to it: its status, and when to come again if it said so."""

    status: int
    again_after_seconds: int | None = None


def send(
    url: str,
    content: bytes,
    *,
    headers: dict[str, str],
    seconds: float,
    permit: Permit = NONE,
    resolver: Resolve = resolve,
) -> Said:
    """Post ``content`` to ``url`` within ``seconds`` in all, and return what was answered; nobody is followed.

    Raises:
        ExternalFailure: it cannot be reached, or must not be asked; the message says why in plain words.
    """
    transport = _Transport(time.monotonic() + seconds, permit, resolver)
    try:
        with httpx.Client(transport=transport, trust_env=False, timeout=OPERATION_SECONDS) as client:
            sent = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", "Connection": "close", **headers}
            with client.stream("POST", _checked(url, permit), content=content, headers=sent) as answer:
                again = answer.headers.get("Retry-After", "")
                return Said(answer.status_code, int(again) if _is_wait(again) else None)
    except (httpx.HTTPError, httpx.InvalidURL, httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
        raise ExternalFailure(_words(error)) from error
    except httpcore.TimeoutException as error:
        message = "its server did not answer in time"
        raise ExternalFailure(message) from error


def _is_wait(seconds: str) -> bool:
    """Whether a server says how many seconds to wait, and not for ever."""
    return seconds.isascii() and seconds.isdigit() and len(seconds) <= LONGEST_WAIT


def _ask(client: httpx.Client, target: httpx.URL, bytes_limit: int) -> bytes | str:
    """Return what is there, or where it went."""
    headers = {"User-Agent": USER_AGENT, "Accept": "image/*", "Accept-Encoding": "identity", "Connection": "close"}
    client.cookies.clear()
    with client.stream("GET", target, headers=headers) as answer:
        if answer.status_code in _MOVED:
            return str(answer.headers.get("Location", ""))
        if answer.status_code != httpx.codes.OK:
            raise ExternalFailure(_status_words(answer.status_code))
        content = bytearray()
        for chunk in answer.iter_raw(CHUNK_BYTES):
            content += chunk
            if len(content) > bytes_limit:
                message = f"it is larger than {bytes_limit / 1024 / 1024:.0f} MB"
                raise ExternalFailure(message)
        return bytes(content)


def _checked(url: str, permit: Permit) -> httpx.URL:
    """Return the address, if it is one of the web: http or https, at their ports, without a user in it."""
    target = httpx.URL(url)
    port = target.port or {"http": 80, "https": 443}.get(target.scheme)
    if target.scheme not in ("http", "https") or not target.host or port is None:
        message = "its address is none of the web"
        raise ExternalFailure(message)
    if target.userinfo or port not in PORTS | permit.ports:
        message = "its address has a user or a port in it that is never asked"
        raise ExternalFailure(message)
    return target.copy_with(fragment=None)


class _Transport(httpx.BaseTransport):
    """httpx over a pool whose connections are opened by :class:`_Guard` alone."""

    def __init__(self, until: float, permit: Permit, resolver: Resolve) -> None:
        guard = _Guard(until, permit, resolver)
        self._pool = httpcore.ConnectionPool(
            ssl_context=client_context(speaks="http/1.1"), network_backend=guard, http2=False
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Hand the request on as it is: the name stays in Host and in the certificate's check."""
        url = request.url
        answer = self._pool.handle_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=request.read(),
                extensions=request.extensions,
            )
        )
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer))

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()


class _Body(httpx.SyncByteStream):
    """What comes, as it comes."""

    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        stream = self._answer.stream
        if isinstance(stream, Iterable):
            yield from stream

    def close(self) -> None:
        self._answer.close()


@dataclass(frozen=True, slots=True)
class _Guard(httpcore.NetworkBackend):
    """Opens connections: to public addresses alone, and to the one that was looked at."""

    until: float
    permit: Permit
    resolver: Resolve
    plain: httpcore.NetworkBackend = field(default_factory=httpcore.SyncBackend)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,  # noqa: ANN401 - the library's signature
    ) -> httpcore.NetworkStream:
        """Return a connection to the first address of ``host`` that may be asked and answers."""
        try:
            addresses = self.resolver(host.strip("[]"), port)
        except (OSError, UnicodeError) as error:
            message = "there is no server of that name"
            raise ExternalFailure(message) from error
        allowed = [one for one in addresses if is_public(one) or one in self.permit.addresses]
        if not allowed:
            message = "its server is not in the public internet"
            raise ExternalFailure(message)
        connection = self._first(allowed, port, timeout, local_address, socket_options)
        return _Stream(connection, self.until)

    def _first(
        self,
        addresses: list[str],
        port: int,
        timeout: float | None,
        local_address: str | None,
        options: Any,  # noqa: ANN401
    ) -> httpcore.NetworkStream:
        *others, last = addresses[:3]
        for address in others:
            try:
                return self.plain.connect_tcp(address, port, _left(self.until, timeout), local_address, options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return self.plain.connect_tcp(last, port, _left(self.until, timeout), local_address, options)


@dataclass(frozen=True, slots=True)
class _Stream(httpcore.NetworkStream):
    """A connection on which no wait reaches beyond the end of the whole: a server that drips is cut off."""

    connection: httpcore.NetworkStream
    until: float

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.connection.read(max_bytes, _left(self.until, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.connection.write(buffer, _left(self.until, timeout))

    def close(self) -> None:
        self.connection.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secured = self.connection.start_tls(ssl_context, server_hostname, _left(self.until, timeout))
        return _Stream(secured, self.until)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - the library's signature
        return self.connection.get_extra_info(info)


def _left(until: float, timeout: float | None) -> float:
    left = until - time.monotonic()
    if left <= 0:
        message = "over"
        raise httpcore.ReadTimeout(message)
    return min(left, timeout or OPERATION_SECONDS)


def _status_words(status: int) -> str:
    if status in (httpx.codes.NOT_FOUND, httpx.codes.GONE):
        return "it is not there any more"
    return f"its server refused it (HTTP {status})"


def _words(error: Exception) -> str:
    if isinstance(error, httpx.InvalidURL):
        return "its address is none of the web"
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return "its server's certificate is not valid"
    if isinstance(error, httpcore.ConnectError | OSError):
        return "its server cannot be reached"
    return "its server's answer cannot be understood"
