"""The process of live events ends when told, whatever it was about to do."""

import asyncio
import signal
import socket

import pytest
from flask import Flask

from helpdesk.infra.broker import running_broker
from workers.live import Hub

TURNS = 40
"""After so many turns of the loop it has long subscribed to the broker."""


async def told_after(turns: int, redis_url: str) -> None:
    """Run a hub, tell it to stop after so many turns of the loop, and wait for its end."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        running = asyncio.create_task(Hub(Flask("nobody"), redis_url=redis_url).run(ours))
        for _ in range(turns):
            await asyncio.sleep(0)
        signal.raise_signal(signal.SIGTERM)
        await asyncio.wait_for(running, 10)


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory):
    with running_broker(home=tmp_path_factory.mktemp("b")) as url:
        yield url


def test_it_stops_at_whatever_moment_it_is_told(redis_url):
    for turns in range(1, TURNS):
        asyncio.run(told_after(turns, redis_url))
