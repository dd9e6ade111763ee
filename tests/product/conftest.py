"""The running product: ``hotline serve`` as a process of its own, on a fresh database and a free port."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent
SECRET = "secret-of-the-tests"
READY_IN = 240  # seconds; a trained model is served in 15 on a machine that does nothing else


class Product:
    """A served hotline; ``base`` is its address."""

    def __init__(self, var: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        self.base = f"http://127.0.0.1:{port}"
        self.environment = {
            **os.environ,
            "HOTLINE_VAR": str(var),
            "HOTLINE_PORT": str(port),
            "HOTLINE_NOW": "2026-10-21T10:00:00+08:00",
            "HOTLINE_IVR_SECRET": SECRET,
        }
        self.command("db", "upgrade")
        self._log = (var / "serve.log").open("w")
        self.process = subprocess.Popen(
            hotline("serve"), cwd=ROOT, env=self.environment, stdout=self._log, stderr=subprocess.STDOUT
        )

    def command(self, *arguments: str, said: str = "") -> str:
        """What ``hotline`` prints for these arguments when these lines are typed."""
        done = subprocess.run(
            hotline(*arguments),
            cwd=ROOT,
            env=self.environment,
            input=said,
            text=True,
            capture_output=True,
            timeout=READY_IN,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def wait(self) -> Product:
        """Until it says that it is ready."""
        end = time.monotonic() + READY_IN
        while self.get("/ready")[0] != 200:
            assert self.process.poll() is None and time.monotonic() < end, Path(self._log.name).read_text()
            time.sleep(0.2)
        return self

    def get(self, path: str) -> tuple[int, str]:
        """Status (0: nobody listens) and body."""
        try:
            with urllib.request.urlopen(self.base + path, timeout=10) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def call(self, event: dict[str, Any]) -> list[dict[str, Any]]:
        """The actions that answer a signed event of a telephone call."""
        body, moment = json.dumps(event).encode(), str(int(time.time()))
        signature = hmac.new(SECRET.encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "X-Hotline-Timestamp": moment,
            "X-Hotline-Signature": f"sha256={signature}",
        }
        request = urllib.request.Request(self.base + "/webhooks/ivr/webhook", body, headers)
        with urllib.request.urlopen(request, timeout=10) as response:
            actions: list[dict[str, Any]] = json.load(response)["actions"]
            return actions

    def stop(self) -> int:
        """Ctrl-C; its exit code."""
        self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(30)
        finally:
            self.process.kill()
            self._log.close()


def hotline(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "hotline.cli", *arguments]


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    product = Product(tmp_path_factory.mktemp("product"))
    yield product.wait()
    assert product.stop() == 0, "Ctrl-C is the way to stop it"
