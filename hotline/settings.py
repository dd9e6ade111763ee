"""Every setting of a deployment, read from the environment (and a ``.env`` file), checked at start.

``docs/operations.md`` has the table for operators; a convention test keeps it complete.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from pydantic import BaseSettings, Field, ValidationError, validator
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from hotline.errors import SettingsError
from hotline.services.calendar import OpeningHours

ROOT = Path(__file__).resolve().parent.parent
SHORTEST_SECRET = 32  # characters; HS256 wants as many bytes as its hash has


class Settings(BaseSettings):
    """The settings, each under ``HOTLINE_`` + its name in capitals."""

    host: str = Field("127.0.0.1", description="address that widget, desk, IVR endpoint and probes are served on")
    port: int = Field(5005, ge=1, le=65535, description="their port")
    database_url: str = Field("", description="SQLAlchemy URL; default: SQLite under the var directory")
    redis_url: str = Field("", description="locks, presence and socket.io manager of a cluster; default: none")
    lock: str = Field(
        "",
        regex="^(|process|database)$",
        description="where a conversation is locked while a message is served: database for several processes, process "
        "where one serves alone; default: process for SQLite, until another starts, else database",
    )
    broker_url: str = Field("", description="RabbitMQ for outbox and conversation events; default: none")
    ivr_secret: str = Field("", description="signature of IVR events; default: made under the var directory")
    jambonz_secret: str = Field(
        "", description="webhook secret of a jambonz application; default: its hooks are refused"
    )
    session_secret: str = Field("", description="tokens of widget and desk; default: made under the var directory")
    api_token: str = Field("", description="bearer token of the ticket API (TMF621); default: the API is closed")
    site_secret: str = Field("", description="by which the operator's site signs customers in; default: nobody is")
    billing_url: str = Field("", description="the operator's TM Forum APIs; default: embedded demo database")
    sms_url: str = Field("", description="SMS gateway; default: messages are kept in the database")
    now: str = Field("", description="a fixed clock, ISO 8601 with zone; default: the real time")
    env: str = Field("development", description="development or production", regex="^(development|production)$")
    var: Path = Field(ROOT / "var", description="directory for database, secrets and run files")
    model: Path = Field(ROOT / "models" / "hotline.tar.gz", description="trained model")
    log_level: str = Field("INFO", regex="^(DEBUG|INFO|WARNING|ERROR)$", description="DEBUG INFO WARNING ERROR")
    allow_debug: bool = Field(False, description="allow DEBUG logs in production all the same")
    gateway_timeout: float = Field(3.0, gt=0, le=8, description="seconds until a backend counts as not answering")
    turn_deadline: float = Field(8.0, gt=0, le=60, description="seconds until a turn ends with an honest apology")
    retention_days: int = Field(180, ge=1, description="days until what a customer said and told is deleted")
    verified_minutes: int = Field(30, ge=1, description="how long a checked service password holds")
    survey_web: float = Field(1.0, ge=0, le=1, description="share of web conversations asked for a rating")
    survey_ivr: float = Field(0.2, ge=0, le=1, description="share of calls asked for a rating")
    low_confidence: float = Field(0.3, ge=0, le=1, description="speech below this confidence is not understood")
    web_idle: float = Field(300.0, gt=0, description="seconds without a word in the widget that are silence (1860-38)")
    web_resume_hours: float = Field(
        24.0, ge=0, description="hours in which the widget takes up a talk whose token has expired; 0: none"
    )
    ticket_hours_1: float = Field(24, gt=0, description="hours for a ticket of level 1, one department")
    ticket_hours_2: float = Field(48, gt=0, description="hours for level 2, several departments or regions")
    ticket_hours_3: float = Field(360, gt=0, description="hours for level 3, other provinces or companies")
    desk_hours: str = Field("00:00-24:00", description="when the desk is open, e.g. 1-5 08:00-20:00; 6-7 09:00-18:00")
    desk_closed: str = Field("", description="days it is closed: dates, or the word holidays, comma-separated")
    desk_callback: float = Field(60, gt=0, description="seconds without an answer until a callback is offered")
    desk_patience: float = Field(900, gt=0, description="seconds until a waiting customer is let go of")
    allowed_origins: str = Field("", description="origins that may open the widget, comma-separated; default: own page")

    class Config:
        env_prefix = "HOTLINE_"
        env_file = ".env"

    @validator("now")
    def _now_has_a_zone(cls, value: str) -> str:
        if value:
            try:
                moment = datetime.fromisoformat(value)
            except ValueError:
                raise ValueError("must be ISO 8601 such as 2026-10-01T09:00:00+08:00") from None
            if moment.tzinfo is None:
                raise ValueError("must name its zone, such as 2026-10-01T09:00:00+08:00")
        return value

    @validator("site_secret", "api_token")
    def _secret_is_long(cls, value: str) -> str:
        if value and len(value) < SHORTEST_SECRET:
            raise ValueError(f"must have at least {SHORTEST_SECRET} characters: make one with `openssl rand -hex 32`")
        return value

    @validator("database_url", always=True)
    def _database_url_can_be_parsed(cls, value: str) -> str:
        if value:
            try:
                make_url(value)
            except ArgumentError:
                raise ValueError("must be a SQLAlchemy URL such as postgresql://user@host/hotline") from None
        return value

    @validator("desk_hours")
    def _desk_hours_can_be_read(cls, value: str) -> str:
        OpeningHours.parse(value)
        return value

    @validator("desk_closed")
    def _desk_closed_can_be_read(cls, value: str) -> str:
        try:
            OpeningHours.parse("00:00-24:00", value)
        except ValueError:
            raise ValueError("must be dates such as 2026-02-16, or the word holidays, comma-separated") from None
        return value

    @property
    def ticket_hours(self) -> dict[int, float]:
        """Hours that each level of ticket may take."""
        return {1: self.ticket_hours_1, 2: self.ticket_hours_2, 3: self.ticket_hours_3}

    @property
    def production(self) -> bool:
        """Whether generated secrets, demo data and DEBUG logs are refused."""
        return self.env == "production"

    @property
    def database(self) -> str:
        """The database URL in force."""
        return self.database_url or f"sqlite:///{self.var / 'hotline.db'}"

    @property
    def alone(self) -> bool:
        """Whether one process is meant to serve this database, see ``hotline.alone``."""
        default = "process" if self.database.startswith("sqlite") else "database"
        return (self.lock or default) == "process" and not self.redis_url

    @property
    def origins(self) -> list[str]:
        """Origins allowed besides the page's own."""
        return [origin.strip() for origin in self.allowed_origins.split(",") if origin.strip()]

    def secret(self, name: str) -> str:
        """The secret ``ivr`` or ``session``: as set, or made once and kept under the var directory."""
        given: str = getattr(self, f"{name}_secret")
        if given:
            return given
        path = self.secret_path(name)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            # Whole or not at all: neither a second process nor one that comes after a crash reads half of it.
            with NamedTemporaryFile("w", dir=path.parent) as made, suppress(FileExistsError):
                made.write(secrets.token_hex(32))
                made.flush()
                os.link(made.name, path)
        return path.read_text().strip()

    def secret_path(self, name: str) -> Path:
        """Where a generated secret is kept."""
        return self.var / f"{name}-secret"


def load_settings(**overrides: Any) -> Settings:
    """Read and check the settings.

    Raises ``SettingsError`` naming the variable, what it was and what it may be.
    """
    try:
        settings = Settings(**overrides)
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            name = f"HOTLINE_{str(problem['loc'][0]).upper()}"
            lines.append(f"{name}: {problem['msg']}")
        raise SettingsError("; ".join(lines)) from None
    _refuse_unsafe_production(settings)
    return settings


@lru_cache(maxsize=1)
def current_settings() -> Settings:
    """The settings of this process."""
    return load_settings()


def _refuse_unsafe_production(settings: Settings) -> None:
    if not settings.production:
        return
    problems = []
    for name in ("ivr_secret", "session_secret", "database_url"):
        if not getattr(settings, name):
            problems.append(f"HOTLINE_{name.upper()} must be set when HOTLINE_ENV=production")
    if settings.now:
        problems.append("HOTLINE_NOW must not be set when HOTLINE_ENV=production")
    if settings.log_level == "DEBUG" and not settings.allow_debug:
        problems.append("HOTLINE_LOG_LEVEL=DEBUG is refused in production (HOTLINE_ALLOW_DEBUG=1 forces it)")
    if problems:
        raise SettingsError("; ".join(problems))


def environment_names() -> list[str]:
    """The names of all variables."""
    return [f"HOTLINE_{name.upper()}" for name in Settings.__fields__]
