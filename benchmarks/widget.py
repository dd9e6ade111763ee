"""How long a customer waits in a real browser: from opening to the first answer, from a message to its answer.

    .venv/bin/python benchmarks/widget.py [--base http://127.0.0.1:5005] [--messages 40] [--compare]

Without ``--base`` a server of its own is started (embedded demo database, the trained model). Chromium must be on the
PATH. What is measured is what the customer sees: the clock runs in the page and stops when the answer is drawn.

``--compare`` measures the same with deep-chat (MIT), fetched by npm into ``.tools``, on the same server and in turns
with ours: its ``connect.handler`` speaks the protocol of docs/widget.md over the same socket.io-client and no
more than that (no resumption, no numbering). rasa-webchat (Apache-2.0) is only weighed: it speaks the events of
Rasa's stock channel, in which the browser names its conversation itself, and this server does not take them.

The table is printed and, with all figures, kept in ``benchmarks/results/widget.json``.
"""

from __future__ import annotations

import argparse
import gzip
import json
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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, Route, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "hotline" / "static"
OPENINGS = 5
# Questions that need no secret, one intent each, so that a turn is a whole one: understanding, rules, action, store.
QUESTIONS = ("怎么缴费", "有什么优惠活动", "怎么开发票", "你能办什么业务", "你好")

TOOLS = ROOT / ".tools" / "widgets"
PACKAGES = ("deep-chat@2.4.2", "rasa-webchat@1.0.1")
RESULTS = ROOT / "benchmarks" / "results" / "widget.json"

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

# The smallest page on which deep-chat talks to our server: the greeting, then one message at a time.
DEEP_CHAT_PAGE = """<!doctype html><html lang="zh-Hans"><meta charset="utf-8"><button id="open">open</button><script>
const load = (src) => new Promise((done) => {
  const type = src.includes('deep') ? 'module' : '';
  document.head.append(Object.assign(document.createElement('script'), { src, type, onload: done }));
});
document.getElementById('open').onclick = async () => {
  const [reply] = await Promise.all([
    fetch('/chat/session', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' }),
    load('/compare/socket.io.min.js'),
    load('/compare/deepChat.bundle.js'),
  ]);
  const socket = io({ transports: ['websocket'], auth: { token: (await reply.json()).token } });
  const chat = document.createElement('deep-chat');
  const drawn = new Promise((done) => { chat.onComponentRender = done; });
  const show = async (turn, signals) => {
    await drawn; // what is added before is lost
    const text = turn.answers.map((answer) => answer.text).join('\\n');
    signals ? signals.onResponse({ text }) : chat.addMessage({ text, role: 'ai' });
  };
  const waiting = new Map();
  socket.on('turn', (turn) => show(turn, turn.said.map(({ id }) => waiting.get(id)).find(Boolean)));
  chat.connect = { handler: (body, signals) => {
    const id = crypto.randomUUID();
    waiting.set(id, signals);
    socket.emit('message', { id, text: body.messages[0].text }, () => {});
  } };
  document.body.append(chat);
  socket.on('connect', () => socket.emit('open', { since: 0 }, () => {}));
};
</script></html>"""
DEEP_CHAT_ASK = """async (text) => {
  const chat = document.querySelector('deep-chat');
  const count = () => chat.getMessages().filter((message) => message.role === 'ai').length;
  const before = count();
  const started = performance.now();
  chat.submitUserMessage({ text });
  while (count() === before) await new Promise(requestAnimationFrame);
  return performance.now() - started;
}"""


class Widget:
    """Ours."""

    name = "this widget"

    @staticmethod
    def load(page: Page, base: str) -> Callable[[], None]:
        """The page, closed; gives what opens it and waits for the first answer."""
        page.goto(base + "/", wait_until="networkidle")

        def open_it() -> None:
            page.locator("hotline-widget button").click()
            page.frame_locator("hotline-widget iframe").locator(".row.theirs").first.wait_for(timeout=20_000)

        return open_it

    @staticmethod
    def ask(page: Page, text: str) -> float:
        """Milliseconds."""
        return float(page.frames[-1].evaluate(ASK, text))


class DeepChat(Widget):
    """deep-chat on the same server."""

    name = "deep-chat"

    @staticmethod
    def load(page: Page, base: str) -> Callable[[], None]:
        """See above; the page and its scripts stand beside the server's own by the browser's doing."""
        page.route(base + "/compare/", lambda route: route.fulfill(body=DEEP_CHAT_PAGE, content_type="text/html"))
        for name, path in _scripts().items():
            page.route(f"{base}/compare/{name}", _giving(path))
        page.goto(base + "/compare/", wait_until="networkidle")

        def open_it() -> None:
            page.locator("#open").click()
            page.wait_for_function("document.querySelector('deep-chat')?.getMessages?.().length", timeout=20_000)

        return open_it

    @staticmethod
    def ask(page: Page, text: str) -> float:
        """Milliseconds."""
        return float(page.evaluate(DEEP_CHAT_ASK, text))


def fetch() -> None:
    """Have npm fetch what is compared with, and the socket.io client that our own bundle is made with."""
    if not _scripts()["socket.io.min.js"].exists():
        own = ["--prefix", str(ROOT / "web"), "--legacy-peer-deps", "--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run(["npm", "ci", *own], check=True)
    if not (TOOLS / "node_modules").exists():
        TOOLS.mkdir(parents=True, exist_ok=True)
        quiet = ["--no-audit", "--no-fund", "--silent", "--ignore-scripts", "--legacy-peer-deps"]
        subprocess.run(["npm", "install", *quiet, "--prefix", str(TOOLS), *PACKAGES], check=True)


def _scripts() -> dict[str, Path]:
    client = ROOT / "web" / "node_modules" / "socket.io-client" / "dist" / "socket.io.min.js"
    bundle = TOOLS / "node_modules" / "deep-chat" / "dist" / "deepChat.bundle.js"
    return {"socket.io.min.js": client, "deepChat.bundle.js": bundle}


def _giving(path: Path) -> Callable[[Route], None]:
    return lambda route: route.fulfill(path=path, content_type="text/javascript")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base", help="a server that is running already")
    parser.add_argument("--messages", type=int, default=40)
    parser.add_argument("--compare", action="store_true", help="measure deep-chat as well")
    arguments = parser.parse_args()
    kinds: list[type[Widget]] = [Widget]
    loaded = {Widget.name: [STATIC / "hotline-widget.js", STATIC / "window.js"]}
    if arguments.compare:
        fetch()
        kinds.append(DeepChat)
        loaded[DeepChat.name] = list(_scripts().values())
        loaded["rasa-webchat"] = [TOOLS / "node_modules" / "rasa-webchat" / "lib" / "index.js"]
    found: dict[str, dict[str, float]] = {name: {"js_kb": weight(paths)} for name, paths in loaded.items()}
    with running(arguments.base) as base, sync_playwright() as playwright:
        # The page that is compared comes from no address: Chromium would ask its user before it spoke to this machine.
        flags = ["--disable-features=LocalNetworkAccessChecks"]
        if os.geteuid() == 0:
            flags.append("--no-sandbox")
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        opened = [[opening(browser, base, kind) for kind in kinds] for _ in range(OPENINGS)]
        asked = messages(browser, base, kinds, arguments.messages)
        browser.close()
    for number, kind in enumerate(kinds):
        found[kind.name] |= quantiles("open", [row[number] for row in opened])
        found[kind.name] |= quantiles("answer", [row[number] for row in asked])
    table(found)
    if arguments.compare:
        run = {"messages": arguments.messages, "openings": OPENINGS, "load": round(os.getloadavg()[0], 1)}
        RESULTS.write_text(json.dumps({**run, "widgets": found}, indent=2) + "\n", encoding="utf-8")


def weight(paths: list[Path]) -> float:
    """Gzipped kilobytes of the scripts that a customer loads."""
    return round(sum(len(gzip.compress(path.read_bytes(), 9)) for path in paths) / 1024, 1)


def quantiles(name: str, milliseconds: list[float]) -> dict[str, float]:
    """The median and the 95th percentile."""
    ordered = sorted(milliseconds)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    return {f"{name}_p50": round(statistics.median(ordered)), f"{name}_p95": round(p95)}


def table(found: dict[str, dict[str, float]]) -> None:
    """The figures as docs/widget.md shows them."""
    rows = {
        "JavaScript, gzipped, KB": "{js_kb}",
        "pressed to open → first answer drawn, p50 / p95, ms": "{open_p50} / {open_p95}",
        "message sent → answer drawn, p50 / p95, ms": "{answer_p50} / {answer_p95}",
    }
    print("| | " + " | ".join(found) + " |\n|---|" + "---:|" * len(found))
    for name, form in rows.items():
        print(f"| {name} | " + " | ".join(form.format_map(Figures(figures)) for figures in found.values()) + " |")


class Figures(dict[str, float]):
    """What was not measured is a dash."""

    def __missing__(self, key: str) -> str:
        return "–"


def opening(browser: Browser, base: str, kind: type[Widget]) -> float:
    """Milliseconds from the press that opens it to the first answer, with an empty cache and a new customer."""
    page = browser.new_page()
    open_it = kind.load(page, base)
    started = time.perf_counter()
    open_it()
    passed = (time.perf_counter() - started) * 1000
    page.close()
    return passed


def messages(browser: Browser, base: str, kinds: list[type[Widget]], count: int) -> list[list[float]]:
    """Milliseconds from sending to the answer, a conversation each, at the pace of a quick typist."""
    pages = [browser.new_page() for _ in kinds]
    for kind, page in zip(kinds, pages, strict=True):
        kind.load(page, base)()
    found = []
    for number in range(count):
        question = QUESTIONS[number % len(QUESTIONS)]
        found.append([kind.ask(page, question) for kind, page in zip(kinds, pages, strict=True)])
        time.sleep(0.8)
    for page in pages:
        page.close()
    return found


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
