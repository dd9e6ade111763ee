"""The running product for the proofs: ``hotline serve`` in a process of its own, with a database of its own."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp

from hotline.clock import ZONE
from hotline.settings import ROOT
from tests.support import demo_database_url

SITE_SECRET = "site-secret-of-the-proofs-0123456789"
API_TOKEN = "api-token-of-the-proofs-0123456789-ab"
STARTS_WITHIN = 180.0


def model_path() -> Path:
    """The trained model."""
    return Path(os.environ.get("HOTLINE_MODEL") or ROOT / "models" / "hotline.tar.gz")


class Product:
    """``base``, ``token`` and ``post`` are those of ``tests.channels.web_server.Server``: its browsers fit here."""

    def __init__(self, directory: Path, **settings: str) -> None:
        self.directory = directory
        self.database = directory / "hotline.db"
        url = demo_database_url(directory, datetime.now(ZONE).replace(microsecond=0))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.base = f"http://127.0.0.1:{self.port}"
        self.log = directory / "hotline.log"
        clean = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}
        chosen = {
            "port": str(self.port),
            "var": str(directory),
            "database_url": url,
            "model": str(model_path()),
            "site_secret": SITE_SECRET,
            "api_token": API_TOKEN,
            **settings,
        }
        self._env = {
            **clean,
            "PYTHONPATH": str(ROOT),
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "RASA_TELEMETRY_ENABLED": "false",
            **{f"HOTLINE_{name.upper()}": value for name, value in chosen.items()},
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it is ready."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-m", "hotline.cli", "serve"],
                cwd=ROOT,
                env=self._env,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        end = time.monotonic() + STARTS_WITHIN
        while self.status("/ready") != 200:
            assert self._process.poll() is None, self.log.read_text(errors="replace")[-3000:]
            assert time.monotonic() < end, "the product did not get ready"
            time.sleep(0.2)

    def status(self, path: str, timeout: float = 5.0) -> int:
        """The status of a GET; 0 when nobody answers."""
        try:
            with urllib.request.urlopen(self.base + path, timeout=timeout) as response:
                return int(response.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def text(self, path: str) -> str:
        """The body of a GET."""
        with urllib.request.urlopen(self.base + path, timeout=10) as response:
            return str(response.read().decode())

    def memory(self) -> int:
        """Resident memory of all its processes, in kB."""
        assert self._process is not None
        total = 0
        for status in Path("/proc").glob("[0-9]*/status"):
            try:
                text = status.read_text()
                if os.getsid(int(status.parent.name)) == self._process.pid:
                    found = re.search(r"VmRSS:\s+(\d+)", text)
                    total += int(found[1]) if found else 0
            except (OSError, ProcessLookupError):
                continue
        return total

    def kill(self) -> None:
        """SIGKILL, with everything it started."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """As an operator stops it."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        try:
            os.killpg(self._process.pid, how)
            self._process.wait(15)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait(5)
        self._process = None

    async def post(self, path: str = "/chat/session", **kwargs: Any) -> tuple[int, dict[str, Any]]:
        async with aiohttp.ClientSession() as client, client.post(self.base + path, **kwargs) as response:
            return response.status, await response.json()

    async def token(self, **kwargs: Any) -> str:
        status, session = await self.post(**kwargs)
        assert status == 200, session
        return str(session["token"])
