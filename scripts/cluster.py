"""A whole cluster on this machine: PostgreSQL, Redis, RabbitMQ, workers, and nginx before them (``make cluster``).

    .venv/bin/python -m scripts.cluster [--workers 2] [--port 8080] [--tls]

Everything is in a temporary folder and gone at the end. A worker that ends is started again.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Optional

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from hotline.settings import load_settings
from scripts.services import ROOT, Nginx, Postgres, RabbitMq, Redis, Service, ServiceError, Worker, free_port


class Cluster:
    """The programs of a cluster; ``close`` it after use. ``settings`` are further variables of the workers."""

    def __init__(
        self,
        workers: int = 2,
        port: int = 0,
        tls: bool = False,
        durable: bool = True,
        settings: Mapping[str, str] = {},
    ) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="hotline-cluster-"))
        self.directory.chmod(0o755)  # PostgreSQL and nginx's workers may be other users
        self.postgres = Postgres(self.directory / "postgres", durable=durable)
        self.redis = Redis(self.directory / "redis")
        self.rabbitmq = RabbitMq(self.directory / "rabbitmq")
        signed = certificate(self.directory) if tls else None
        ports = [free_port() for _ in range(workers)]
        self.nginx = Nginx([f"127.0.0.1:{one}" for one in ports], self.directory / "nginx", port, signed)
        self.var = self.directory / "var"
        self.environment = {
            "HOTLINE_DATABASE_URL": self.postgres.url.rpartition("/")[0] + "/hotline",
            "HOTLINE_REDIS_URL": self.redis.url,
            "HOTLINE_BROKER_URL": self.rabbitmq.url,
            "HOTLINE_VAR": str(self.var),
            "HOTLINE_ALLOWED_ORIGINS": f"{self.url},{self.url.replace('127.0.0.1', 'localhost')}",
            **settings,
        }
        python = sys.executable
        # A worker's threads take turns in one interpreter: on one core they hand it over for a fifth less.
        cores = sorted(os.sched_getaffinity(0))
        self.workers = [
            Worker(python, self.environment, self.directory / f"worker-{port}", port, cores[number % len(cores)])
            for number, port in enumerate(ports)
        ]

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        """Where customers, agents and platforms come in."""
        return self.nginx.url

    @property
    def services(self) -> Sequence[Service]:
        """All programs, in the order in which they are stopped."""
        return (self.nginx, *self.workers, self.rabbitmq, self.redis, self.postgres)

    def start(self) -> None:
        """Start everything and wait until customers can be served. Raises ``ServiceError``."""
        with ThreadPoolExecutor(3) as threads:
            for started in [threads.submit(one.start) for one in (self.postgres, self.redis, self.rabbitmq)]:
                started.result()
        self._make_database()
        # Made once, before two workers would make them at the same moment.
        made = load_settings(var=self.var)
        made.secret("ivr"), made.secret("session")
        for worker in self.workers:
            worker.begin()
        for worker in self.workers:
            worker.wait()
        self.nginx.start()

    def mend(self) -> list[Worker]:
        """Start the workers again that have ended; gives those."""
        ended = [worker for worker in self.workers if not worker.running]
        for worker in ended:
            worker.begin()
        return ended

    def close(self) -> None:
        """Stop everything and throw it away."""
        with ThreadPoolExecutor(len(self.workers)) as threads:
            list(threads.map(lambda worker: worker.close(), self.workers))
        for one in self.services:
            one.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _make_database(self) -> None:
        engine = create_engine(self.postgres.url, future=True, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with engine.connect() as connection:
            connection.execute(text("CREATE DATABASE hotline"))
        upgraded: Any = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "hotline.cli", "db", "upgrade"],
            env={**os.environ, "PYTHONPATH": str(ROOT), **self.environment},
            cwd=self.directory,
            capture_output=True,
            text=True,
        )
        if upgraded.returncode:
            raise ServiceError(f"the database could not be made: {upgraded.stderr[-2000:]}")


def certificate(directory: Path) -> tuple[Path, Path]:
    """A certificate for this machine that nobody has signed, and its key."""
    chain, key = directory / "chain.pem", directory / "key.pem"
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-subj", "/CN=localhost", "-addext", names, "-days", "30", "-keyout", str(key), "-out", str(chain)]
    subprocess.run(command, check=True, capture_output=True)
    return chain, key


def main(arguments: Optional[Sequence[str]] = None) -> None:
    """Run a cluster until Ctrl-C."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--tls", action="store_true", help="with a certificate that nobody has signed")
    chosen = parser.parse_args(arguments)
    end = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: end.set())
    started = time.monotonic()
    try:
        with Cluster(chosen.workers, chosen.port, chosen.tls) as cluster:
            print(f"starting in {cluster.directory} …", flush=True)
            cluster.start()
            print(f"up after {time.monotonic() - started:.0f} s\n{_addresses(cluster)}", flush=True)
            while not end.wait(1.0):
                for worker in cluster.mend():
                    print(f"worker {worker.url} ended and is started again", flush=True)
            print("stopping …", flush=True)
    except ServiceError as error:
        sys.exit(f"cluster: {error}")


def _addresses(cluster: Cluster) -> str:
    lines = [
        f"widget     {cluster.url}/",
        f"desk       {cluster.url}/desk/",
        f"IVR        {cluster.url}/webhooks/ivr/webhook   (key: {cluster.var / 'ivr-secret'})",
        *(f"worker     {worker.url}   log: {worker.log}" for worker in cluster.workers),
        f"PostgreSQL {cluster.environment['HOTLINE_DATABASE_URL']}",
        f"Redis      {cluster.redis.url}",
        f"RabbitMQ   {cluster.rabbitmq.url}",
        "Ctrl-C stops all of it.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
