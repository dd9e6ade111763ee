"""The settings: defaults, and errors that name the variable."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hotline.errors import SettingsError
from hotline.settings import environment_names, load_settings


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in environment_names():
        monkeypatch.delenv(name, raising=False)


def test_without_any_setting_it_serves_this_machine_alone_from_a_file(tmp_path: Path) -> None:
    settings = load_settings(var=tmp_path)
    assert (settings.host, settings.port) == ("127.0.0.1", 5005)
    assert settings.database == f"sqlite:///{tmp_path}/hotline.db"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HOTLINE_PORT", "many"),
        ("HOTLINE_PORT", "70000"),
        ("HOTLINE_NOW", "tomorrow"),
        ("HOTLINE_NOW", "2026-10-01T09:00:00"),
        ("HOTLINE_ENV", "staging"),
        ("HOTLINE_DATABASE_URL", "not a url"),
        ("HOTLINE_LOG_LEVEL", "LOUD"),
        ("HOTLINE_GATEWAY_TIMEOUT", "0"),
    ],
)
def test_a_bad_value_is_refused_by_the_name_of_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name):
        load_settings()


def test_production_refuses_generated_secrets_a_fixed_clock_and_debug_logs() -> None:
    with pytest.raises(SettingsError) as refusal:
        load_settings(env="production", log_level="DEBUG", now="2026-10-01T09:00:00+08:00")
    for name in ("IVR_SECRET", "SESSION_SECRET", "DATABASE_URL", "NOW", "LOG_LEVEL"):
        assert f"HOTLINE_{name}" in str(refusal.value)


def test_production_starts_when_everything_is_given() -> None:
    settings = load_settings(env="production", ivr_secret="a", session_secret="b", database_url="postgresql://h/d")
    assert settings.production


def test_a_generated_secret_is_kept_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    settings = load_settings(var=tmp_path)
    secret = settings.secret("ivr")
    assert len(secret) == 64
    assert settings.secret("ivr") == secret
    assert settings.secret_path("ivr").stat().st_mode & 0o077 == 0


def test_processes_that_start_together_agree_on_a_secret(tmp_path: Path) -> None:
    settings = load_settings(var=tmp_path)
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: settings.secret("ivr"), range(64)))
    assert [len(secret) for secret in found] == [64]
    assert [path.name for path in tmp_path.iterdir()] == ["ivr-secret"]


def test_a_given_secret_is_taken(tmp_path: Path) -> None:
    assert load_settings(var=tmp_path, ivr_secret="given").secret("ivr") == "given"
    assert not list(tmp_path.iterdir())


def test_origins_are_a_list(tmp_path: Path) -> None:
    assert load_settings(allowed_origins="https://a.example, https://b.example").origins == [
        "https://a.example",
        "https://b.example",
    ]
