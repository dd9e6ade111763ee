"""The running product: ``hotline serve`` in a process of its own, on a fresh demo database and a free port."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import urllib.request
from datetime import datetime
from pathlib import Path

from hotline.clock import ZONE
from hotline.settings import ROOT
from scripts.services import STARTS_WITHIN, Worker, probe
from tests.support import Address, demo_database_url

SITE_SECRET = "site-secret-of-the-proofs-0123456789"
API_TOKEN = "api-token-of-the-proofs-0123456789-ab"


def model_path() -> Path:
    """The trained model."""
    return Path(os.environ.get("HOTLINE_MODEL") or ROOT / "models" / "hotline.tar.gz")


class Product(Worker, Address):
    """A worker that serves alone; ``different`` are settings by their names without ``HOTLINE_``.

    The browsers of ``tests.channels.web_server`` fit here, too.
    """

    def __init__(self, directory: Path, **different: str) -> None:
        now = datetime.fromisoformat(different["now"]) if "now" in different else datetime.now(ZONE)
        settings = {
            "database_url": demo_database_url(directory, now.replace(microsecond=0)),
            "var": str(directory),
            "model": str(model_path()),
            "site_secret": SITE_SECRET,
            "api_token": API_TOKEN,
            **different,
        }
        meant = {f"HOTLINE_{name.upper()}": value for name, value in settings.items()}
        super().__init__(sys.executable, meant, directory)
        for name in os.environ.keys() - meant.keys() - {"HOTLINE_HOST", "HOTLINE_PORT"}:
            if name.startswith("HOTLINE_"):  # a setting of who runs the tests
                del self.environment[name]
        self.base = self.url
        self.database = directory / "hotline.db"

    def status(self, path: str, timeout: float = 5.0) -> int:
        """The status of a GET; 0 when nobody answers."""
        return probe(self.port, path, timeout)

    def text(self, path: str) -> str:
        """The body of a GET."""
        with urllib.request.urlopen(self.base + path, timeout=10) as response:
            return str(response.read().decode())

    def memory(self) -> int:
        """Resident memory of all its processes, in kB."""
        total = 0
        for status in Path("/proc").glob("[0-9]*/status"):
            try:
                text = status.read_text()
                if os.getsid(int(status.parent.name)) == self.pid:
                    found = re.search(r"VmRSS:\s+(\d+)", text)
                    total += int(found[1]) if found else 0
            except (OSError, ProcessLookupError):
                continue
        return total

    def run(self, *arguments: str, typed: str = "") -> str:
        """What ``hotline`` prints for these arguments, in the same settings, when this is typed."""
        done = subprocess.run(
            [*self.hotline, *arguments],
            cwd=self.directory,
            env=self.environment,
            input=typed,
            text=True,
            capture_output=True,
            timeout=STARTS_WITHIN,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout
