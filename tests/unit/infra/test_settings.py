"""Wrong settings are named all at once, each with what is expected."""

import pytest

from helpdesk.infra.settings import load
from helpdesk.kernel.errors import SettingsError


def test_without_any_setting_everything_lies_in_the_home(tmp_path):
    settings = load({"HOME": str(tmp_path)})

    assert settings.home == tmp_path / ".local" / "share" / "helpdesk"
    assert settings.database_url == f"sqlite:///{settings.home}/helpdesk.sqlite3"
    assert len(settings.secret_key) == 32


def test_the_secret_key_is_made_once_and_only_its_owner_reads_it(tmp_path):
    first, second = load({"HELPDESK_HOME": str(tmp_path)}), load({"HELPDESK_HOME": str(tmp_path)})

    assert first.secret_key == second.secret_key
    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600


def test_every_fault_is_named_at_once_with_what_is_expected(tmp_path):
    wrong = {
        "HELPDESK_HOME": str(tmp_path),
        "DATABASE_URL": "mysql://root@localhost/desk",
        "REDIS_URL": "localhost:6379",
        "BASE_URL": "desk.example.com",
        "TRUSTED_PROXIES": "one",
        "SECRET_KEY": "hunter2",
    }

    with pytest.raises(SettingsError) as refusal:
        load(wrong)

    lines = str(refusal.value).splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "DATABASE_URL",
        "REDIS_URL",
        "BASE_URL",
        "TRUSTED_PROXIES",
        "SECRET_KEY",
    ]
    assert all("expected" in line for line in lines)


def test_a_home_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(SettingsError, match="HELPDESK_HOME"):
        load({"HELPDESK_HOME": str(tmp_path / "file" / "home")})


def test_postgres_urls_get_the_driver_that_we_ship(tmp_path):
    settings = load({"HELPDESK_HOME": str(tmp_path), "DATABASE_URL": "postgres://desk:secret@db/desk"})

    assert settings.database_url == "postgresql+psycopg://desk:secret@db/desk"
