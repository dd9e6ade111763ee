"""How long a customer waits in a real browser: from opening to the first answer, from a message to its answer.

    .venv/bin/python benchmarks/widget.py [--base http://127.0.0.1:5005] [--messages 40]

Without ``--base`` a server of its own is started (embedded demo database, the trained model). Chromium must be on the
PATH. What is measured is what the customer sees: the clock runs in the page and stops when the answer is drawn.
"""

from __future__ import annotations

import argparse
import gzip
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "hotline" / "static"
OPENINGS = 5
# Questions that need no secret, one intent each, so that a turn is a whole one: understanding, rules, action, store.
QUESTIONS = ("怎么缴费", "有什么优惠活动", "怎么开发票", "你能办什么业务", "你好")

# Runs in the chat window: says something and waits until a new answer is drawn.
ASK = """async (text) => {
  const field = document.querySelector('.composer textarea');
  const count = () => document.querySelectorAll('.row.theirs:not([data-typing])').length;
  const before = count();
  Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value').set.call(field, text);
  field.dispatchEvent(new Event('input', { bubbles: true }));
  await new Promise(requestAnimationFrame);
  const started = performance.now();
  field.form.requestSubmit();
  while (count() === before) await new Promise(requestAnimationFrame);
  return performance.now() - started;
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base", help="a server that is running already")
    parser.add_argument("--messages", type=int, default=40)
    arguments = parser.parse_args()
    sizes()
    with running(arguments.base) as base, sync_playwright() as playwright:
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=sandbox)
        report("page with launcher, closed → window open, first answer drawn", openings(browser, base))
        report(
            "message sent → answer drawn (250 ms of it wait for a second half)",
            messages(browser, base, arguments.messages),
        )
        browser.close()


def sizes() -> None:
    """Bytes of the committed bundle, as they are and gzipped."""
    for name in ("hotline-widget.js", "window.js", "window.css"):
        data = (STATIC / name).read_bytes()
        print(f"{name:20} {len(data):8} bytes {len(gzip.compress(data, 9)):7} gzipped")


def openings(browser: Browser, base: str) -> list[float]:
    """Milliseconds from the press of the launcher to the first answer, each with an empty cache and a new customer."""
    found = []
    for _ in range(OPENINGS):
        page = browser.new_page()
        page.goto(base + "/", wait_until="networkidle")
        started = time.perf_counter()
        page.locator("hotline-widget button").click()
        page.frame_locator("hotline-widget iframe").locator(".row.theirs").first.wait_for(timeout=20_000)
        found.append((time.perf_counter() - started) * 1000)
        page.close()
    return found


def messages(browser: Browser, base: str, count: int) -> list[float]:
    """Milliseconds from sending to the answer, in one conversation, at the pace of a quick typist."""
    page = browser.new_page()
    page.goto(base + "/")
    page.locator("hotline-widget button").click()
    page.frame_locator("hotline-widget iframe").locator(".row.theirs").first.wait_for(timeout=20_000)
    window = page.frames[-1]
    found = []
    for number in range(count):
        found.append(float(window.evaluate(ASK, QUESTIONS[number % len(QUESTIONS)])))
        time.sleep(0.8)
    page.close()
    return found


def report(name: str, milliseconds: list[float]) -> None:
    ordered = sorted(milliseconds)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    p50 = statistics.median(ordered)
    print(f"{name}: p50 {p50:.0f} ms, p95 {p95:.0f} ms, most {ordered[-1]:.0f} ms (n={len(ordered)})")


@contextmanager
def running(base: str | None) -> Iterator[str]:
    """The address of a server: the given one, or one that is started and ended here."""
    if base:
        yield base.rstrip("/")
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    hotline = str(Path(sys.executable).parent / "hotline")
    with tempfile.TemporaryDirectory(prefix="hotline-bench-") as var:
        environment = {**os.environ, "HOTLINE_PORT": str(port), "HOTLINE_VAR": var, "HOTLINE_LOG_LEVEL": "ERROR"}
        subprocess.run([hotline, "db", "upgrade"], check=True, env=environment, cwd=ROOT)
        server = subprocess.Popen([hotline, "serve"], env=environment, cwd=ROOT, stdout=subprocess.DEVNULL)
        try:
            base = f"http://127.0.0.1:{port}"
            wait(base)
            yield base
        finally:
            server.terminate()
            server.wait(20)


def wait(base: str, seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(base + "/ready", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    raise SystemExit("the server did not become ready")


if __name__ == "__main__":
    main()
