"""The event process: every open browser's stream in one asyncio loop, fed from the table of live events.

The broker's knock says "look now"; the table is looked at every second anyway. Who is behind a stream is asked of the
database again with each look that finds something, and every ten seconds: a session that ended hears nothing more.
"""

import asyncio
import contextlib
import json
import signal
import socket
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

import redis.asyncio
import structlog
from flask import Flask
from sqlalchemy.exc import DBAPIError

from helpdesk.accounts import service as accounts
from helpdesk.desk import live as hearing
from helpdesk.desk.live import Event
from helpdesk.infra import clock, handover, live
from helpdesk.infra.db import read_session
from helpdesk.infra.handover import Caller
from helpdesk.infra.jobs import LIVE_CHANNEL
from helpdesk.infra.policy import Actor
from helpdesk.infra.web import HEADERS

log = structlog.get_logger()

T = TypeVar("T")

LOOK_SECONDS = 1.0
HEARTBEAT_SECONDS = 15.0
ASK_WHO_SECONDS = 10.0
REDIS_AWAY_SECONDS = 5.0
AGAIN_SECONDS = 0.2
MOST_UNSENT_BYTES = 262_144
STREAMS_A_SESSION = 8
_STREAM_HEADERS = {
    **HEADERS,
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'",
    "X-Accel-Buffering": "no",  # proxies are to pass each event on at once
    "Connection": "close",
}
HEAD = "".join(["HTTP/1.1 200 OK\r\n", *(f"{name}: {value}\r\n" for name, value in _STREAM_HEADERS.items()), "\r\n"])
GONE = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Stream(asyncio.Protocol):
    """One browser that listens; ``cursor`` is the id of the newest event that it was told or may not hear."""

    def __init__(self, caller: Caller, streams: dict["Stream", None]) -> None:
        """Take who calls, and all who are connected: the stream enters itself there, and leaves with its connection."""
        self.token = caller.token
        self.cursor = caller.after
        self.is_open = False
        self._streams = streams
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to the browser; of a session that has too many streams the oldest gives way."""
        self._transport = cast("asyncio.Transport", transport)
        siblings = [other for other in self._streams if other.token == self.token]
        for other in siblings[: max(0, len(siblings) - STREAMS_A_SESSION + 1)]:
            other.close()
        self._streams[self] = None

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Forget the browser."""
        self._streams.pop(self, None)

    def open(self) -> None:
        """Begin the answer."""
        self.is_open = True
        self.write(HEAD + "retry: 2000\n\n")

    def tell(self, event: Event) -> None:
        """Send one event."""
        data = json.dumps(event.told, separators=(",", ":"))
        self.write(f"id: {event.id}\nevent: {event.topic}\ndata: {data}\n\n")

    def tell_lost(self, newest: int) -> None:
        """Say that too much was missed to tell it: everything is to be looked at again."""
        self.write(f"id: {newest}\nevent: lost\ndata: {{}}\n\n")

    def beat(self) -> None:
        """Say that we are here, and where to go on from."""
        self.write(f"id: {self.cursor}\nevent: beat\ndata: {{}}\n\n")

    def refuse(self) -> None:
        """End the stream of somebody who is not signed in, or not any more."""
        if not self.is_open:
            self.write(GONE)
        self.close()

    def write(self, text: str) -> None:
        """Send text as far as the browser takes it; one that does not is cut off, and resumes where it was."""
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.write(text.encode())
        if self._transport.get_write_buffer_size() > MOST_UNSENT_BYTES:
            self._transport.abort()

    def close(self) -> None:
        """End the stream once all that was written is sent."""
        if self._transport is not None:
            self._transport.close()


@dataclass(frozen=True)
class Look:
    """What one look into the database found."""

    newest: int
    events: list[Event]
    people: dict[str, Actor]


def look(app: Flask, *, after: int, tokens: Collection[str], now: datetime) -> Look:
    """Return the next page of events after ``after``, and who the sessions of ``tokens`` belong to now."""
    with app.app_context():
        session = read_session()
        newest = live.newest_id(session)
        events = hearing.events_after(session, after)
        signed_in = accounts.signed_in_of(session, tokens=tokens, now=now)
        return Look(newest, events, {token: who.actor for token, who in signed_in.items()})


def newest(app: Flask) -> int:
    """Return the id of the newest event."""
    with app.app_context():
        return live.newest_id(read_session())


class Hub:
    """All streams of this machine."""

    def __init__(self, app: Flask, *, redis_url: str) -> None:
        """Take the application and the broker's address; empty where nobody knocks."""
        self._app = app
        self._redis_url = redis_url
        self._streams: dict[Stream, None] = {}
        self._knocked = asyncio.Event()
        self._stopping = asyncio.Event()
        self._connecting: set[asyncio.Task[None]] = set()
        self._asked_who_at = 0.0
        # One thread: the database is asked one thing at a time, and a slow answer holds no heartbeat up.
        self._database = ThreadPoolExecutor(1, thread_name_prefix="live-database")

    async def run(self, receiver: socket.socket) -> None:
        """Serve whoever is handed over through ``receiver`` until SIGTERM."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        loop.add_reader(receiver, self._welcome, receiver)
        work = [self._stopping.wait(), self._keep_telling(), self._keep_beating()]
        if self._redis_url:
            work.append(self._hear_knocks())
        tasks = [asyncio.create_task(each) for each in work]
        done, running = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        loop.remove_reader(receiver)
        for stream in list(self._streams):
            stream.close()
        await _end(running)
        self._database.shutdown(wait=False, cancel_futures=True)
        for task in done:
            task.result()  # what broke ends the process, and the supervisor starts another

    def _welcome(self, receiver: socket.socket) -> None:
        while (taken := handover.take(receiver)) is not None:
            task = asyncio.get_running_loop().create_task(self._connect(*taken))
            self._connecting.add(task)
            task.add_done_callback(self._connecting.discard)

    async def _connect(self, connection: socket.socket, caller: Caller) -> None:
        with contextlib.suppress(OSError):  # gone again
            await asyncio.get_running_loop().create_connection(lambda: Stream(caller, self._streams), sock=connection)
            self._knocked.set()

    async def _keep_telling(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._knocked.wait(), LOOK_SECONDS)
            self._knocked.clear()
            try:
                while await self._is_something_due() and await self._tell():
                    pass
            except DBAPIError as error:
                log.warning("live.database_away", error=str(error.orig))
                await asyncio.sleep(LOOK_SECONDS)

    async def _is_something_due(self) -> bool:
        cursors = {stream.cursor for stream in self._streams}
        if not cursors:
            return False
        has_newcomers = not all(stream.is_open for stream in self._streams)
        if has_newcomers or asyncio.get_running_loop().time() >= self._asked_who_at + ASK_WHO_SECONDS:
            return True
        return cursors != {await self._ask(partial(newest, self._app))}

    async def _tell(self) -> bool:
        """Tell everybody the next page of events; return whether there may be more."""
        streams = list(self._streams)
        after = min((stream.cursor for stream in streams), default=0)
        tokens = {stream.token for stream in streams}
        found = await self._ask(partial(look, self._app, after=after, tokens=tokens, now=clock.now()))
        self._asked_who_at = asyncio.get_running_loop().time()
        is_whole = len(found.events) < hearing.PAGE
        reached = max([found.newest, *(event.id for event in found.events)]) if is_whole else found.events[-1].id
        for stream in streams:
            self._serve(stream, found, reached)
        return not is_whole

    async def _ask(self, question: Callable[[], T]) -> T:
        """Return the answer of the database, while the loop goes on."""
        return await asyncio.get_running_loop().run_in_executor(self._database, question)

    def _serve(self, stream: Stream, found: Look, reached: int) -> None:
        actor = found.people.get(stream.token)
        if actor is None:
            stream.refuse()
            return
        if not stream.is_open:
            stream.open()
        if hearing.is_out_of_sight(stream.cursor, found.newest):
            stream.tell_lost(found.newest)
            stream.cursor = found.newest
            return
        for event in found.events:
            if event.id > stream.cursor and event.is_for(actor):
                stream.tell(event)
        stream.cursor = max(stream.cursor, reached)

    async def _keep_beating(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            for stream in list(self._streams):
                if stream.is_open:
                    stream.beat()

    async def _hear_knocks(self) -> None:
        """Be woken by whoever wrote an event; where the broker is away, the look of every second has to do."""
        while self._redis_url:
            try:
                async with (
                    redis.asyncio.Redis.from_url(self._redis_url, socket_connect_timeout=2.0) as client,
                    client.pubsub(ignore_subscribe_messages=True) as pubsub,
                ):
                    await pubsub.subscribe(LIVE_CHANNEL)
                    async for _knock in pubsub.listen():
                        self._knocked.set()
            except (redis.exceptions.RedisError, OSError) as error:
                log.warning("live.broker_away", error=str(error))
            await asyncio.sleep(REDIS_AWAY_SECONDS)


async def _end(running: set[asyncio.Task[Any]]) -> None:
    """Cancel until nothing runs: a task that was just connecting to Redis may swallow being cancelled once."""
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=AGAIN_SECONDS)


def run(app: Flask, *, redis_url: str, home: Path) -> None:
    """Serve the streams of all browsers that the web of ``home`` hands over, until SIGTERM."""

    async def serve() -> None:
        with handover.taking_over(home) as receiver:
            await Hub(app, redis_url=redis_url).run(receiver)

    asyncio.run(serve())
