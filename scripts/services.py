"""PostgreSQL, Redis, RabbitMQ and nginx from the system's packages (Debian's), each in a folder and on its own ports.

For tests, benchmarks and ``make cluster``: nothing of the system's own servers is touched, everything runs as any user
(as root, PostgreSQL drops to its own), and all of it is gone when it is closed. A program can be stopped, started again
with what it kept, killed and paused.

    .venv/bin/python -m scripts.services postgres COMMAND {url}     while a new PostgreSQL runs; its URL is put in
"""

from __future__ import annotations

import http.client
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Optional, TypeVar

ROOT = Path(__file__).resolve().parent.parent
S = TypeVar("S", bound="Service")

# Seconds; on a machine that is busy with other things, a worker takes a minute to start.
STARTS_WITHIN = 180.0
ENDS_WITHIN = 30.0


class ServiceError(RuntimeError):
    """A program is not installed, or did not start."""


class Service:
    """A program in a folder of its own under ``directory`` (a new temporary one without); ``close`` it after use."""

    package = ""

    def __init__(self, directory: Optional[Path] = None) -> None:
        self._thrown_away = directory is None
        self.directory = directory or Path(tempfile.mkdtemp(prefix=f"hotline-{type(self).__name__.lower()}-"))
        self.directory.mkdir(parents=True, exist_ok=True)
        self._process: Optional[subprocess.Popen[bytes]] = None

    def __enter__(self: S) -> S:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def log(self) -> Path:
        """What the program says."""
        return self.directory / "log"

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the program runs."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it and wait until it answers. Raises ``ServiceError``."""
        self._run(self.command())
        self._wait()

    def command(self) -> Sequence[Any]:
        """What runs the program in the foreground."""
        raise NotImplementedError

    def answers(self) -> bool:
        """Whether it serves."""
        raise NotImplementedError

    def stop(self) -> None:
        """End it in order; what it keeps is kept."""
        self.end(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self.end(signal.SIGKILL)

    def pause(self) -> None:
        """Let it hang: connections stay open and nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def close(self) -> None:
        """End it and throw its folder away, if that is a temporary one."""
        with suppress(ProcessLookupError):
            self.resume()
        self.stop()
        if self._thrown_away:
            shutil.rmtree(self.directory, ignore_errors=True)

    def end(self, how: signal.Signals) -> int:
        """Send a signal that ends it and wait; one that does not end in time is killed. Its exit code, 0 if it did not
        run.
        """
        if self._process is None:
            return 0
        self._signal(how)
        try:
            code = self._process.wait(ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            code = self._process.wait(ENDS_WITHIN)
        self._process = None
        return code

    def _run(self, command: Sequence[Any], environment: Optional[Mapping[str, str]] = None, user: str = "") -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.directory,
                env=environment,
                start_new_session=True,  # Ctrl-C in a terminal is for who started it, which then stops it in order
                user=user or None,
                group=user or None,
            )

    def _wait(self) -> None:
        until = time.monotonic() + STARTS_WITHIN
        while not self.answers():
            if not self.running:
                raise ServiceError(f"{type(self).__name__} ended at once: {self._last_words()}")
            if time.monotonic() > until:
                self.kill()
                raise ServiceError(f"{type(self).__name__} did not answer: {self._last_words()}")
            time.sleep(0.05)

    def _signal(self, number: signal.Signals) -> None:
        """To all of its processes: some of these programs are several, and PostgreSQL's each lead a group."""
        if self._process is None:
            return
        # Those that end in order end their children themselves; what is paused or killed is so whole.
        whole = number not in (signal.SIGTERM, signal.SIGINT)
        children = descendants(self._process.pid) if whole and self.running else []
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(child, number)

    def _last_words(self) -> str:
        return " / ".join(self.log.read_text(errors="replace").splitlines()[-5:])

    def _program(self, name: str, *places: str) -> Path:
        """A program on the PATH, or the newest in places that Debian keeps out of it. Raises ``ServiceError``."""
        found = [path for place in places for path in sorted(Path("/").glob(place.lstrip("/")))]
        plain = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
        if not found and not plain:
            raise ServiceError(f"{name} is not installed (Debian: apt-get install {self.package})")
        return found[-1] if found else Path(str(plain))


class Postgres(Service):
    """PostgreSQL; with ``durable=False`` it does not wait for the disk, which only tests may want."""

    package = "postgresql"

    def __init__(self, directory: Optional[Path] = None, port: int = 0, durable: bool = True) -> None:
        super().__init__(directory)
        self.port = port or free_port()
        self._durable = durable
        # It refuses to run as root.
        self._user = "postgres" if os.getuid() == 0 else ""
        if self._user:
            os.chown(self.directory, pwd.getpwnam(self._user).pw_uid, -1)

    @property
    def url(self) -> str:
        """SQLAlchemy's URL of the database that is always there."""
        return f"postgresql://hotline@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """See ``Service``; at the first start the data directory is made."""
        if not (self.directory / "data").exists():
            initdb = self._program("initdb", "/usr/lib/postgresql/*/bin/initdb")
            options = ["-U", "hotline", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
            self._run([initdb, "-D", self.directory / "data", *options], user=self._user)
            assert self._process is not None
            if self._process.wait(STARTS_WITHIN):
                raise ServiceError(f"initdb failed: {self._last_words()}")
        self._run(self.command(), user=self._user)
        self._wait()

    def command(self) -> Sequence[Any]:
        """See ``Service``."""
        options = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": ""}
        if not self._durable:
            options["fsync"] = "off"
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return [
            self._program("postgres", "/usr/lib/postgresql/*/bin/postgres"),
            "-D",
            self.directory / "data",
            *settings,
        ]

    def answers(self) -> bool:
        """See ``Service``."""
        import psycopg2

        try:
            psycopg2.connect(self.url, connect_timeout=1).close()
        except psycopg2.OperationalError:
            return False
        return True

    def stop(self) -> None:
        """See ``Service``: SIGINT does not wait for connections to end."""
        self.end(signal.SIGINT)


class Redis(Service):
    """Redis; with ``durable=True`` it keeps what it has over a restart."""

    package = "redis-server"

    def __init__(self, directory: Optional[Path] = None, port: int = 0, durable: bool = False) -> None:
        super().__init__(directory)
        self.port = port or free_port()
        self._durable = durable

    @property
    def url(self) -> str:
        """As ``HOTLINE_REDIS_URL`` takes it."""
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> Sequence[Any]:
        """See ``Service``."""
        kept = ["--save", "", "--appendonly", "yes" if self._durable else "no"]
        return [
            self._program("redis-server"),
            "--bind",
            "127.0.0.1",
            "--port",
            self.port,
            "--dir",
            self.directory,
            *kept,
        ]

    def answers(self) -> bool:
        """See ``Service``."""
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as connection:
            connection.settimeout(1)
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        return False


class RabbitMq(Service):
    """RabbitMQ, with an Erlang port mapper of its own beside it, so that no other node is met."""

    package = "rabbitmq-server"

    def __init__(self, directory: Optional[Path] = None, port: int = 0) -> None:
        super().__init__(directory)
        self.port = port or free_port()
        self._mapper_port, self._node_port = free_port(), free_port()
        self._mapper: Optional[subprocess.Popen[bytes]] = None

    @property
    def url(self) -> str:
        """As ``HOTLINE_BROKER_URL`` takes it; the guest may come from this machine only."""
        return f"amqp://guest:guest@127.0.0.1:{self.port}/"

    def start(self) -> None:
        """See ``Service``."""
        config = self.directory / "rabbitmq.conf"
        # It pauses publishers when a machine's disk or memory is nearly full, which says nothing about a test.
        config.write_text(
            f"listeners.tcp.default = 127.0.0.1:{self.port}\n"
            "disk_free_limit.absolute = 10MB\nvm_memory_high_watermark.absolute = 1GB\nlog.console = true\n"
        )
        cookie = self.directory / ".erlang.cookie"
        if not cookie.exists():
            cookie.touch(mode=0o600)
            cookie.write_text(secrets.token_hex(20))
            cookie.chmod(0o400)
        if self._mapper is None:
            epmd = [str(self._program("epmd")), "-port", str(self._mapper_port), "-address", "127.0.0.1"]
            self._mapper = subprocess.Popen(epmd, start_new_session=True)
        self._run(self.command(), environment={**os.environ, **self._environment(config)})
        self._wait()

    def command(self) -> Sequence[Any]:
        """See ``Service``: past Debian's wrapper, which refuses everybody but root and its own user."""
        return [self._program("rabbitmq-server", "/usr/lib/rabbitmq/bin/rabbitmq-server")]

    def answers(self) -> bool:
        """See ``Service``: it listens last of all, and answers a wrong greeting with the right one."""
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as connection:
            connection.settimeout(1)
            connection.sendall(b"AMQP\x00\x00\x00\x00")
            return connection.recv(8).startswith(b"AMQP")
        return False

    def close(self) -> None:
        """See ``Service``."""
        super().close()
        if self._mapper is not None:
            self._mapper.kill()
            self._mapper.wait(10)
            self._mapper = None

    def _environment(self, config: Path) -> dict[str, str]:
        return {
            "HOME": str(self.directory),
            "ERL_EPMD_PORT": str(self._mapper_port),
            "RABBITMQ_NODENAME": "hotline@localhost",
            "RABBITMQ_DIST_PORT": str(self._node_port),
            "RABBITMQ_CONFIG_FILE": str(config),
            "RABBITMQ_CONF_ENV_FILE": str(self.directory / "none"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.directory / "plugins"),
            "RABBITMQ_MNESIA_BASE": str(self.directory / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.directory / "logs"),
            # Two busy schedulers of an idle broker are two too many on a small machine.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none",
        }


class Nginx(Service):
    """nginx with the product's own configuration (integrations/nginx) before these workers (``host:port``)."""

    package = "nginx-light"

    def __init__(
        self,
        workers: Sequence[str],
        directory: Optional[Path] = None,
        port: int = 0,
        certificate: Optional[tuple[Path, Path]] = None,
    ) -> None:
        super().__init__(directory)
        self.port = port or free_port()
        self._certificate = certificate
        self.directory.chmod(0o755)  # its workers run as a user of their own
        self.point_to(workers)

    @property
    def url(self) -> str:
        """Base of everything that is served."""
        return f"{'https' if self._certificate else 'http'}://127.0.0.1:{self.port}"

    def point_to(self, workers: Sequence[str]) -> None:
        """Write the configuration; it counts from the next start."""
        servers = "".join(f"server {worker} max_fails=1 fail_timeout=2s;\n" for worker in workers)
        (self.directory / "hotline-workers.conf").write_text(servers)
        listen = f"listen 127.0.0.1:{self.port};\n"
        if self._certificate:
            chain, key = self._certificate
            listen = f"listen 127.0.0.1:{self.port} ssl http2;\nssl_certificate {chain};\nssl_certificate_key {key};\n"
        log = f"access_log {self.directory / 'access.log'} hotline;\n"
        (self.directory / "hotline-listen.conf").write_text(listen + log)
        shutil.copy(ROOT / "integrations" / "nginx" / "hotline.conf", self.directory)
        folders = "".join(
            f"{name}_temp_path {self.directory / name};\n"
            for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (self.directory / "nginx.conf").write_text(
            f"pid {self.directory / 'pid'};\ndaemon off;\nworker_processes 1;\nerror_log stderr warn;\n"
            "events { worker_connections 4096; }\n"
            f"http {{\n{folders}"
            f"types {{ text/html html; text/css css; text/javascript js; image/png png; }}\n"
            "include hotline.conf;\n}\n"
        )

    def command(self) -> Sequence[Any]:
        """See ``Service``."""
        return [self._program("nginx"), "-p", self.directory, "-c", self.directory / "nginx.conf", "-e", "stderr"]

    def answers(self) -> bool:
        """See ``Service``: whatever stands behind it."""
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        return False


class Worker(Service):
    """One ``hotline serve`` with these settings (their environment variables), held on one core if one is named."""

    def __init__(
        self,
        python: str,
        settings: Mapping[str, str],
        directory: Optional[Path] = None,
        port: int = 0,
        core: Optional[int] = None,
    ) -> None:
        super().__init__(directory)
        self.port = port or free_port()
        self.core = core
        self.hotline = (python, "-W", "ignore", "-m", "hotline.cli")
        quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        own = {"HOTLINE_HOST": "127.0.0.1", "HOTLINE_PORT": str(self.port)}
        self.environment = {**os.environ, **quiet, **settings, **own}

    @property
    def url(self) -> str:
        """Base of everything that is served."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """See ``Service``."""
        self.begin()
        self._wait()

    def begin(self) -> None:
        """Start it without waiting."""
        self._run(self.command(), self.environment)

    def wait(self) -> None:
        """Wait for one that was begun."""
        self._wait()

    def command(self) -> Sequence[Any]:
        """See ``Service``."""
        held = () if self.core is None else (self._program("taskset"), "-c", self.core)
        return [*held, *self.hotline, "serve"]

    def answers(self) -> bool:
        """See ``Service``: when it is ready."""
        return probe(self.port) == 200


def descendants(pid: int) -> list[int]:
    """The processes that a process has started, and those that these have."""
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has just ended
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
    found = [pid]
    for one in found:
        found.extend(child for child, parent in parents.items() if parent == one)
    return found[1:]


def probe(port: int, path: str = "/ready", seconds: float = 5.0) -> int:
    """The status of a probe on this machine, 0 when nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def until(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Whether a condition comes true within so many seconds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def free_port() -> int:
    """A port of this machine that nobody listens on now.

    It is below those that Linux gives to outgoing connections: one of these would take it before its server is up.
    """
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with suppress(OSError), socket.socket() as one:
            one.bind(("127.0.0.1", port))
            return port


def main(arguments: Sequence[str]) -> int:
    """Run a command while a service runs; its exit code."""
    known = {"postgres": lambda: Postgres(durable=False), "redis": Redis, "rabbitmq": RabbitMq}
    name, *command = arguments
    with known[name]() as service:
        service.start()
        return subprocess.run([part.replace("{url}", service.url) for part in command]).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
