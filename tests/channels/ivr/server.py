"""The whole hotline on a port of this machine, for tests that speak HTTP to it: real Sanic, real Rasa, real database.

The server runs in a thread with a loop of its own. Backends can be made slow or be taken down while it runs.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import http.client
import itertools
import json
import logging
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rasa.utils.log_utils import configure_structlog
from sanic import Sanic

from hotline import bootstrap
from hotline.server import create_app
from hotline.settings import Settings, current_settings, load_settings
from hotline.testing.faults import Faults
from scripts.services import free_port
from tests.support import NOW, demo_database_url

SECRET = "for-tests-only"
JAMBONZ_SECRET = "for-jambonz-tests-only"
_names = itertools.count()


class Slowable:
    """A backend that can be made slow: every call waits ``delay`` seconds first."""

    def __init__(self, target: Any) -> None:
        self._target = target
        self.delay = 0.0

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._target, name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            await asyncio.sleep(self.delay)
            return await method(*args, **kwargs)

        return call


def settings_for(directory: Path, port: int = 5005, **different: Any) -> Settings:
    """The settings of a test server; the model is the one that this environment names."""
    plain = {name: field.get_default() for name, field in Settings.__fields__.items()}
    values = {
        **plain,
        "port": port,
        "var": directory,
        "database_url": demo_database_url(directory),
        "ivr_secret": SECRET,
        "jambonz_secret": JAMBONZ_SECRET,
        "session_secret": "s" * 64,
        "now": NOW.isoformat(),
        "survey_ivr": 0,
        "model": current_settings().model,
        **different,
    }
    return load_settings(_env_file=None, **values)


class Server:
    """A running hotline. ``stop`` it after use."""

    def __init__(self, directory: Path, **different: Any) -> None:
        Sanic.test_mode = True  # several applications in one process
        self.port = free_port()
        self.settings = settings_for(directory, self.port, **different)
        self.services = bootstrap.build(self.settings)
        self.billing = Slowable(self.services.billing._gateway)
        self.services.billing._gateway = self.billing  # type: ignore[assignment]
        self.faults = Faults()
        self.faults.install(self.services)
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        configure_structlog(logging.WARNING)
        bootstrap.use(self.services)
        self._thread.start()
        self._ready.wait(90)
        if self._failure:
            raise self._failure

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.services.close()
        bootstrap.use(None)

    def faults_in_engine(self, broken: bool) -> None:
        """Let the engine itself fail at every turn, or mend it."""
        if broken:
            self.app.ctx.agent.handle_message = _fail
        else:
            vars(self.app.ctx.agent).pop("handle_message", None)

    def run(self, coroutine: Any) -> Any:
        """Run something in the server's loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(30)

    def request(
        self, path: str, body: bytes = b"", headers: Mapping[str, str] = {}, method: str = "POST"
    ) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json", **headers})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def post(self, event: Any, headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
        """Post an event (or raw bytes) to the neutral endpoint, signed unless headers are given."""
        body = event if isinstance(event, bytes) else json.dumps(event, ensure_ascii=False).encode()
        return self.request("/webhooks/ivr/webhook", body, signed(body) if headers is None else headers)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.app = create_app(self.settings)
            server = self.loop.run_until_complete(
                self.app.create_server("127.0.0.1", self.port, return_asyncio_server=True, access_log=False)
            )
            self.loop.run_until_complete(server.startup())
            self.loop.run_until_complete(server.before_start())
            self.loop.run_until_complete(server.start_serving())
        except BaseException as error:
            self._failure = error
        finally:
            self._ready.set()
        self.loop.run_forever()


async def _fail(*_args: Any, **_kwargs: Any) -> Any:
    raise RuntimeError("the engine is broken")


def signed(body: bytes, secret: str = SECRET, at: float | None = None) -> dict[str, str]:
    """The headers of a signed request, made apart from the product's own code."""
    stamp = str(int(time.time() if at is None else at))
    digest = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"X-Hotline-Timestamp": stamp, "X-Hotline-Signature": f"sha256={digest}"}


def new_call() -> str:
    """A call id that no other test has."""
    return f"call-{next(_names)}@{time.time_ns()}"
