"""Frames that are none: what cannot be read, or is no event of the widget's protocol, ends the line and is counted.

The libraries below us write a traceback for each, and would hand a browser's ``connect`` event to our handler of
connections.
"""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections.abc import Callable
from typing import Any

from sanic import Blueprint, Sanic
from socketio import packet

logger = logging.getLogger(__name__)

EVERY = 60.0  # seconds between two lines of the log
RESERVED = ("connect", "disconnect")  # happen at the server, and are never sent
# Where a frame is taken apart. An exception that comes from here is the sender's fault.
READERS = {"engineio.packet", "engineio.payload", "sanic.server.websockets.frame"}
RECEIVER = "engineio.async_socket"


class Unreadable(logging.Filter):
    """Counts what cannot be read; as a filter, lets through all but what the libraries log of it."""

    def __init__(self, counted: Callable[[], None]) -> None:
        super().__init__()
        self._counted = counted
        self._number = 0
        self._told = float("-inf")
        self.logger = logging.getLogger(f"{__name__}.engineio")  # for Engine.IO
        self.logger.setLevel(logging.WARNING)  # below that it logs every word

    def note(self) -> None:
        """Count one, and say so in the log once a minute at most."""
        self._counted()
        self._number += 1
        if time.monotonic() - self._told >= EVERY:
            self._told = time.monotonic()
            logger.warning("frames that are none were refused: %d since the start", self._number)

    def filter(self, record: logging.LogRecord) -> bool:
        """See ``logging.Filter``."""
        trace = record.exc_info[2] if record.exc_info else None
        modules = [frame.f_globals.get("__name__") for frame, _ in traceback.walk_tb(trace)]
        if not READERS & set(modules) and modules[-1:] != [RECEIVER]:
            return True
        self.note()
        return False

    def watch(self, blueprint: Blueprint) -> None:
        """Filter what is logged while the server runs."""
        loggers = [self.logger, logging.getLogger("sanic.error"), logging.getLogger("asyncio")]

        async def begin(_app: Sanic, _loop: asyncio.AbstractEventLoop) -> None:
            for each in loggers:
                each.addFilter(self)

        async def end(_app: Sanic, _loop: asyncio.AbstractEventLoop) -> None:
            for each in loggers:
                each.removeFilter(self)

        blueprint.listener(begin, "after_server_start")
        blueprint.listener(end, "before_server_stop")


def packets(refused: Callable[[], None]) -> type[packet.Packet]:
    """Socket.IO's packets; one of a browser's that is none becomes a farewell, which ends its connection."""

    class Packet(packet.Packet):
        def __init__(self, *args: Any, encoded_packet: Any = None, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            if encoded_packet is not None:
                self.decode(encoded_packet)

        def decode(self, encoded_packet: Any) -> int:
            try:
                super().decode(encoded_packet)
                sound = self._sound()
            except Exception:  # whatever the parser stumbles over
                sound = False
            if not sound:
                refused()
                self.packet_type, self.namespace, self.data, self.id = packet.DISCONNECT, None, None, None
            return 0

        def _sound(self) -> bool:
            if self.packet_type == packet.EVENT:
                said: Any = self.data
                name, *rest = said if isinstance(said, list) else [None]
                return isinstance(name, str) and name not in RESERVED and len(rest) <= 1
            return self.packet_type in (packet.CONNECT, packet.DISCONNECT)  # what comes with them, its handler looks at

    return Packet
