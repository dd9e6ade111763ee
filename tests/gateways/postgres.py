"""A PostgreSQL server of the tests' own, from the programs of the system, gone when they end."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiohttp.test_utils import unused_port
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from hotline.gateways.database import open_engine
from hotline.gateways.demo import seed
from hotline.gateways.migrations import upgrade
from tests.support import CHEAP_HASHER, NOW

# PostgreSQL refuses to run as root.
USER: dict[str, Any] = {"user": "postgres", "group": "postgres"} if os.getuid() == 0 else {}


class Postgres:
    """A running server; databases on it cost a copy each."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self._made = 0
        self._create("demo")
        demo = self._of("demo")
        upgrade(demo)
        engine = open_engine(demo)
        seed(engine, NOW, CHEAP_HASHER)
        engine.dispose()

    def fresh(self, template: str = "template0") -> str:
        """URL of a new database, empty or a copy of the seeded ``demo``."""
        self._made += 1
        name = f"test_{self._made}"
        self._create(name, template)
        return self._of(name)

    def _of(self, name: str) -> str:
        return str(self._url.set(database=name))

    def _create(self, name: str, template: str = "template0") -> None:
        engine = create_engine(self._url, future=True, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """A server on a free port of this machine; its data is thrown away."""
    directory = Path(tempfile.mkdtemp(prefix="hotline-postgres-"))
    if USER:
        os.chown(directory, pwd.getpwnam("postgres").pw_uid, -1)
    data, port = directory / "data", unused_port()
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": directory, **USER}
    subprocess.run(
        [_program("initdb"), "-D", data, "-U", "hotline", "-A", "trust", "-E", "UTF8", "--no-sync"], check=True, **quiet
    )
    options = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": "", "fsync": "off"}
    settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    server = subprocess.Popen([_program("postgres"), "-D", data, *settings], **quiet)
    try:
        url = f"postgresql://hotline@127.0.0.1:{port}/postgres"
        _wait_for(url)
        yield Postgres(url)
    finally:
        server.send_signal(signal.SIGINT)  # fast: does not wait for connections
        server.wait(10)
        shutil.rmtree(directory, ignore_errors=True)


def _program(name: str) -> Path:
    """A program of PostgreSQL's, which Debian keeps out of PATH."""
    found = shutil.which(name)
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    if not found and not places:
        raise FileNotFoundError(f"{name}: install PostgreSQL (Debian: apt-get install postgresql)")
    return Path(found) if found else places[-1]


def _wait_for(url: str) -> None:
    engine = create_engine(url, future=True, poolclass=NullPool)
    for _ in range(100):
        try:
            engine.connect().close()
            return
        except OperationalError:
            time.sleep(0.1)
    raise TimeoutError("PostgreSQL did not start")
