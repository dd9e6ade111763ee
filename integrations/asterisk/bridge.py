"""Puts the hotline on an Asterisk: ARI on one side, the neutral IVR protocol (docs/ivr-protocol.md) on the other.

A reference bridge: it relies on nothing of the hotline beyond that page. Prompts are made by a command (espeak-ng by
default), speech is recognised by a command (none by default: keys only). docs/telephone.md shows how to run it.

    python bridge.py --help
"""

from __future__ import annotations

import argparse
import asyncio
import audioop
import contextlib
import hashlib
import hmac
import json
import logging
import os
import shlex
import time
import wave
from pathlib import Path
from typing import Any, Optional

import aiohttp

logger = logging.getLogger("bridge")

APP = "hotline"
RATE = 8000  # what a telephone line carries
PATIENCE = 12.0  # the engine answers a live call within 8 s; a request that takes longer is lost
TRIES = 3
BETWEEN_DIGITS = 4.0
LONGEST_SPEECH = 20.0
RING = 30
# Q.850 causes of a call that was not put through, as the protocol's words.
CAUSES = {17: "busy", 21: "busy", 18: "no_answer", 19: "no_answer"}


# What is done when the engine does not answer; any other event puts the caller through to the agent, once.
UNANSWERED: dict[str, list[dict[str, Any]]] = {"end": [], "transfer_result": [{"hangup": {"reason": "fault"}}]}


class GoneError(Exception):
    """The caller has hung up."""


class Hotline:
    """The engine: signed events of one call at a time."""

    def __init__(self, http: aiohttp.ClientSession, url: str, secret: str) -> None:
        self._http = http
        self._url = url
        self._secret = secret

    async def send(self, event: dict[str, Any]) -> list[dict[str, Any]]:
        """Post an event until it is answered; the same event id makes sure that it counts once."""
        body = json.dumps(event, ensure_ascii=False).encode()
        for attempt in range(1, TRIES + 1):
            stamp = str(int(time.time()))
            digest = hmac.new(self._secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
            headers = {
                "Content-Type": "application/json",
                "X-Hotline-Timestamp": stamp,
                "X-Hotline-Signature": f"sha256={digest}",
            }
            try:
                async with self._http.post(self._url, data=body, headers=headers) as response:
                    if response.status == 200:
                        return list((await response.json())["actions"])
                    logger.error("%s: %s %s", event["type"], response.status, (await response.text())[:200])
            except (aiohttp.ClientError, asyncio.TimeoutError) as error:
                logger.error("%s: %s (%d of %d)", event["type"], type(error).__name__, attempt, TRIES)
            await asyncio.sleep(0.2 * attempt)
        return UNANSWERED.get(event["type"], [{"transfer": {"target": "agent", "context": {}}}])


class Ari:
    """Asterisk's REST interface."""

    def __init__(self, http: aiohttp.ClientSession, url: str, user: str, password: str) -> None:
        self._http = http
        self._url = url.rstrip("/")
        self._auth = aiohttp.BasicAuth(user, password)

    async def __call__(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """One request; None when what it is about is gone."""
        url = f"{self._url}/ari/{path}"
        async with self._http.request(method, url, params=query, json=body, auth=self._auth) as response:
            if response.status in (404, 409, 412, 422):
                return None
            response.raise_for_status()
            if response.content_type == "application/json":
                return await response.json()
            return await response.read()

    def events(self) -> Any:
        """The socket that events come from."""
        return self._http.ws_connect(f"{self._url}/ari/events", params={"app": APP}, auth=self._auth, heartbeat=20)


class Prompts:
    """Prompts as sound files, each made once.

    ``command`` reads SSML and writes a WAV file named by ``{wav}``; Asterisk finds the directory under ``seen_as``.
    """

    def __init__(self, directory: Path, seen_as: str, command: str) -> None:
        self._directory = directory
        self._seen_as = seen_as
        self._command = command
        self._making: dict[str, asyncio.Task[None]] = {}
        directory.mkdir(parents=True, exist_ok=True)

    async def media(self, ssml: str) -> str:
        """The URI under which Asterisk plays a prompt."""
        name = hashlib.sha256(ssml.encode()).hexdigest()[:32]
        if not (self._directory / f"{name}.wav").exists():
            if name not in self._making:
                self._making[name] = asyncio.ensure_future(self._make(ssml, name))
            try:
                await asyncio.shield(self._making[name])
            finally:
                self._making.pop(name, None)
        return f"sound:{self._seen_as}/{name}"

    async def _make(self, ssml: str, name: str) -> None:
        raw, target = self._directory / f"{name}.raw.wav", self._directory / f"{name}.wav"
        process = await asyncio.create_subprocess_exec(
            *shlex.split(self._command.format(wav=raw)), stdin=asyncio.subprocess.PIPE
        )
        await asyncio.wait_for(process.communicate(ssml.encode()), PATIENCE)
        await asyncio.get_running_loop().run_in_executor(None, _to_line_rate, raw, target)


def _to_line_rate(source: Path, target: Path) -> None:
    with contextlib.closing(wave.open(str(source), "rb")) as sound:
        width, channels, rate = sound.getsampwidth(), sound.getnchannels(), sound.getframerate()
        samples = sound.readframes(sound.getnframes())
    if channels == 2:
        samples = audioop.tomono(samples, width, 0.5, 0.5)
    samples = audioop.lin2lin(samples, width, 2)
    samples, _ = audioop.ratecv(samples, 2, 1, rate, RATE, None)
    half = target.with_suffix(".part")
    with contextlib.closing(wave.open(str(half), "wb")) as sound:
        sound.setparams((1, 2, RATE, 0, "NONE", ""))
        sound.writeframes(samples)
    half.rename(target)
    source.unlink()


class Call:
    """One caller: does what the engine says, and tells it what happened."""

    def __init__(self, channel: dict[str, Any], bridge: Bridge) -> None:
        self.id = channel["id"]
        self._from = channel["caller"]["number"]
        self._to = channel["dialplan"]["exten"]
        self._bridge = bridge
        self._ari = bridge.ari
        self._inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._count = 0
        self._typed = ""
        self._talking = False
        self._late_end, self._late_until = "", 0.0
        self._ended_by = "caller"
        self._partner = ""

    def tell(self, event: dict[str, Any]) -> None:
        """Something happened on this call's channel, or on that of the human it is connected to."""
        self._inbox.put_nowait(event)

    async def run(self) -> None:
        """Serve the call to its end."""
        logger.info("%s: call from %s to %s", self.id, self._from or "a hidden number", self._to)
        try:
            await self._ari("POST", f"channels/{self.id}/answer")
            await self._ari("POST", f"channels/{self.id}/variable", variable="TALK_DETECT(set)", value="")
            actions = await self._send("start", **({"from": self._from} if self._from else {}), to=self._to)
            while actions:
                actions = await self._perform(actions)
            while True:
                await self._next()
        except GoneError:
            pass
        except Exception:
            logger.exception("%s: the call cannot be served", self.id)
            self._ended_by = "bridge"
        finally:
            await self._hang_up()
            await self._send("end", reason=self._ended_by)

    async def _send(self, kind: str, **fields: Any) -> list[dict[str, Any]]:
        self._count += 1
        shown = {**fields, **({"digits": "…"} if len(fields.get("digits", "")) > 1 else {})}
        started = time.monotonic()
        actions = await self._bridge.hotline.send(
            {"call_id": self.id, "event_id": f"e{self._count}", "type": kind, **fields}
        )
        took = (time.monotonic() - started) * 1000
        logger.info("%s: %s %s -> %s (%.0f ms)", self.id, kind, shown or "", [next(iter(a)) for a in actions], took)
        return actions

    async def _perform(self, actions: list[dict[str, Any]]) -> list[dict[str, Any]]:
        last = actions[-1]
        listen = last.get("listen")
        self._talking = False
        ear = await self._bridge.ear(self.id) if listen and listen["speech"] else None
        try:
            for action in actions[:-1]:
                if not await self._play(action["say"], bool(ear)):
                    break
            if listen:
                return await self._listen(listen, ear)
        finally:
            if ear:
                await ear.close()
        if "continue" in last:
            return await self._send("played")
        if "transfer" in last:
            return await self._transfer(last["transfer"])
        self._ended_by = "assistant"
        raise GoneError

    async def _play(self, prompt: dict[str, Any], hears: bool) -> bool:
        """Say a prompt; False when the caller talked or typed over it."""
        logger.info("%s: says %s", self.id, prompt["text"])
        media = await self._bridge.prompts.media(prompt["ssml"])
        playback = f"{self.id}-{time.monotonic_ns()}"
        if await self._ari("POST", f"channels/{self.id}/play/{playback}", media=media) is None:
            raise GoneError
        while True:
            event = await self._next()
            assert event is not None
            kind = event["type"]
            if kind == "PlaybackFinished" and event["playback"]["id"] == playback:
                return True
            over = self._note(event, hears)
            if over and prompt["barge_in"]:
                await self._ari("DELETE", f"playbacks/{playback}")
                return False

    def _note(self, event: dict[str, Any], hears: bool = False) -> bool:
        """Take down what the caller did; True when it was something."""
        if event["type"] == "ChannelDtmfReceived":
            if event["digit"] == self._late_end and time.monotonic() < self._late_until:
                return False  # pressed after the last digit that was wanted had ended the number by itself
            self._typed += event["digit"]
            return True
        if event["type"] == "ChannelTalkingStarted" and hears:
            self._talking = True
            return True
        return False

    async def _listen(self, listen: dict[str, Any], ear: Optional[Ear]) -> list[dict[str, Any]]:
        most, end = listen["digits"]["max"], listen["digits"]["end"]
        deadline = time.monotonic() + listen["timeout_ms"] / 1000
        while True:
            if self._typed and (len(self._typed) >= most or end in self._typed):
                return await self._keyed(most, end)
            wait = BETWEEN_DIGITS if self._typed else deadline - time.monotonic()
            event = await self._next(LONGEST_SPEECH if self._talking and not self._typed else max(wait, 0))
            if event is None and self._typed:
                return await self._keyed(most, end)
            finished = event is None or event["type"] == "ChannelTalkingFinished"
            if ear and self._talking and finished:
                self._talking = False
                text, confidence = await ear.recognise()
                return await self._send("speech", text=text, confidence=confidence)
            if event is None:
                return await self._send("silence")
            self._note(event, bool(ear))

    async def _keyed(self, most: int, end: str) -> list[dict[str, Any]]:
        digits, _, rest = self._typed.partition(end)
        if len(digits) > most:
            digits, rest = digits[:most], ""
        if most > 1 and end not in self._typed:
            self._late_end, self._late_until = end, time.monotonic() + BETWEEN_DIGITS
        self._typed = rest
        return await self._send("dtmf", digits=digits or end)

    async def _transfer(self, transfer: dict[str, Any]) -> list[dict[str, Any]]:
        """Ring a human; the context goes along in the INVITE's User-to-User header (RFC 7433)."""
        context = transfer["context"].get("user_to_user", "")
        endpoint = self._bridge.targets.get(transfer["target"]) or self._bridge.targets["agent"]
        uui = f"{context.encode().hex()};encoding=hex"
        agent = f"agent-{self.id}-{time.monotonic_ns()}"
        self._bridge.calls[agent] = self
        self._partner = agent
        logger.info("%s: rings %s with %s", self.id, endpoint, context)
        await self._ari("POST", f"channels/{self.id}/ring")
        made = await self._ari(
            "POST",
            f"channels/{agent}",
            {"variables": {"PJSIP_HEADER(add,User-to-User)": uui}} if context else {},
            endpoint=endpoint,
            app=APP,
            appArgs="agent",
            callerId=self._from or "anonymous",
            timeout=RING,
        )
        result = "failed" if made is None else await self._rung(agent)
        await self._ari("DELETE", f"channels/{self.id}/ring")
        if result == "answered":
            room = await self._ari("POST", "bridges", type="mixing")
            await self._ari("POST", f"bridges/{room['id']}/addChannel", channel=f"{self.id},{agent}")
        else:
            self._forget(agent)
        actions = await self._send("transfer_result", result=result)
        if result != "answered":
            return actions
        while True:  # until one of the two hangs up
            event = await self._next()
            if event and event["channel"]["id"] == agent and event["type"] in ("StasisEnd", "ChannelDestroyed"):
                self._ended_by = "agent"
                raise GoneError

    async def _rung(self, agent: str) -> str:
        while True:
            event = await self._next()
            assert event is not None
            if event.get("channel", {}).get("id") != agent:
                continue
            if event["type"] == "StasisStart":
                return "answered"
            if event["type"] == "ChannelDestroyed":
                return CAUSES.get(event["cause"], "failed")

    async def _next(self, timeout: Optional[float] = None) -> Optional[dict[str, Any]]:
        """The next thing that happens, None when nothing does in time. Raises ``GoneError`` when the caller hangs
        up.
        """
        try:
            event = await asyncio.wait_for(self._inbox.get(), timeout)
        except asyncio.TimeoutError:
            return None
        ours = event.get("channel", {}).get("id") == self.id
        if ours and event["type"] in ("StasisEnd", "ChannelDestroyed", "ChannelHangupRequest"):
            raise GoneError
        return event

    async def _hang_up(self) -> None:
        for channel in (self.id, self._partner):
            if channel:
                await self._ari("DELETE", f"channels/{channel}", reason="normal")
        self._forget(self._partner)
        logger.info("%s: over, ended by %s", self.id, self._ended_by)

    def _forget(self, channel: str) -> None:
        self._bridge.calls.pop(channel, None)


class Ear:
    """A recording of the caller's side while the bridge talks and listens."""

    def __init__(self, ari: Ari, snoop: str, name: str, command: str) -> None:
        self._ari = ari
        self._snoop = snoop
        self._name = name
        self._command = command
        self._open = True

    async def recognise(self) -> tuple[str, float]:
        """What was said, and how sure that is; nothing when the command fails."""
        await self._ari("POST", f"recordings/live/{self._name}/stop")
        sound = await self._ari("GET", f"recordings/stored/{self._name}/file")
        process = await asyncio.create_subprocess_exec(
            *shlex.split(self._command), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        try:
            out, _ = await asyncio.wait_for(process.communicate(sound or b""), PATIENCE)
            found = json.loads(out)
            return str(found["text"]), float(found.get("confidence", 1.0))
        except (asyncio.TimeoutError, ValueError, KeyError) as error:
            logger.error("speech was not recognised: %s", type(error).__name__)
            return "", 0.0

    async def close(self) -> None:
        """Throw the recording away."""
        if self._open:
            self._open = False
            await self._ari("DELETE", f"channels/{self._snoop}")
            await self._ari("DELETE", f"recordings/stored/{self._name}")


class Bridge:
    """All calls of an Asterisk."""

    def __init__(
        self, ari: Ari, hotline: Hotline, prompts: Prompts, targets: dict[str, str], recogniser: str = ""
    ) -> None:
        self.ari = ari
        self.hotline = hotline
        self.prompts = prompts
        self.targets = targets
        self.calls: dict[str, Call] = {}
        self._recogniser = recogniser
        self._running: set[asyncio.Task[None]] = set()

    async def ear(self, channel: str) -> Optional[Ear]:
        """Begin to record what a caller says; None when there is nothing to recognise it with."""
        if not self._recogniser:
            return None
        name = f"{APP}-{time.monotonic_ns()}"
        snoop = await self.ari("POST", f"channels/{channel}/snoop", spy="in", app=APP, appArgs="ear")
        if snoop is None:
            return None
        path = f"channels/{snoop['id']}/record"
        try:
            for _ in range(20):  # until the snooping channel has come in
                if await self.ari("POST", path, name=name, format="wav", ifExists="overwrite"):
                    return Ear(self.ari, snoop["id"], name, self._recogniser)
                await asyncio.sleep(0.02)
        except aiohttp.ClientResponseError as error:  # no directory to record to: keys still work
            logger.error("speech cannot be recorded: %s", error)
        await self.ari("DELETE", f"channels/{snoop['id']}")
        return None

    async def run(self) -> None:
        """Serve calls until Asterisk goes away."""
        async with self.ari.events() as socket:
            logger.info("connected to Asterisk; calls come by Stasis(%s)", APP)
            async for message in socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    self._dispatch(json.loads(message.data))

    def _dispatch(self, event: dict[str, Any]) -> None:
        channel = event.get("channel")
        if event["type"] == "StasisStart" and not event["args"]:
            call = self.calls[channel["id"]] = Call(channel, self)
            task = asyncio.ensure_future(self._serve(call))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
            return
        target = channel["id"] if channel else event.get("playback", {}).get("target_uri", "").removeprefix("channel:")
        if target in self.calls:
            self.calls[target].tell(event)

    async def _serve(self, call: Call) -> None:
        try:
            await call.run()
        finally:
            self.calls.pop(call.id, None)


def options() -> argparse.Namespace:
    """Command line; every option has an environment variable of the same name (HOTLINE_URL …)."""

    def add(name: str, default: str, text: str) -> None:
        variable = name.upper().replace("-", "_")
        parser.add_argument(f"--{name}", default=os.environ.get(variable, default), help=f"{text} ({variable})")

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add("hotline-url", "http://127.0.0.1:5005/webhooks/ivr/webhook", "endpoint of the engine")
    add("hotline-ivr-secret", "", "key of the signature")
    add("hotline-ivr-secret-file", "var/ivr-secret", "file with the key, where none is given")
    add("ari-url", "http://127.0.0.1:8088", "Asterisk's HTTP server")
    add("ari-user", "hotline", "user in ari.conf")
    add("ari-password", "", "its password")
    add("prompts", "/var/lib/asterisk/sounds/hotline", "directory for prompts")
    add("prompts-seen-as", "", "the same as Asterisk sees it, where that differs")
    add("tts", "espeak-ng -v cmn -m -s 200 --stdin -w {wav}", "command that makes a WAV file of SSML on its input")
    add("stt", "", 'command that prints {"text", "confidence"} for a WAV file on its input; none: keys only')
    add("agent", "PJSIP/agent", "dial string for the target agent")
    add("supervisor", "", "dial string for the target supervisor")
    add("complaint", "", "dial string for the target complaint")
    return parser.parse_args()


async def main(chosen: argparse.Namespace) -> None:
    """Serve calls; connect again when Asterisk was restarted."""
    secret = chosen.hotline_ivr_secret or Path(chosen.hotline_ivr_secret_file).read_text().strip()
    timeout = aiohttp.ClientTimeout(total=None, connect=5, sock_read=PATIENCE)
    async with aiohttp.ClientSession(timeout=timeout) as http, aiohttp.ClientSession() as socket:
        ari = Ari(http, chosen.ari_url, chosen.ari_user, chosen.ari_password)
        ari.events = Ari(socket, chosen.ari_url, chosen.ari_user, chosen.ari_password).events  # type: ignore[method-assign]
        prompts = Prompts(Path(chosen.prompts), chosen.prompts_seen_as or chosen.prompts, chosen.tts)
        targets = {"agent": chosen.agent, "supervisor": chosen.supervisor, "complaint": chosen.complaint}
        bridge = Bridge(ari, Hotline(http, chosen.hotline_url, secret), prompts, targets, chosen.stt)
        while True:
            try:
                await bridge.run()
            except aiohttp.ClientError as error:
                logger.error("no connection to Asterisk: %s", error)
            await asyncio.sleep(2)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(options()))
