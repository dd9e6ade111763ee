"""Parts of the hotline that are broken on purpose, as low down as they can be reached.

actions   the action server, here the actions in Rasa's process
trackers, locks, tickets   a table of the database, at the driver: other tables go on working
billing   the operator's TM Forum APIs, a real HTTP server that misbehaves
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from sqlalchemy import event, exc
from sqlalchemy.engine import Engine

from hotline.rasa_actions import InProcessActions
from tests.promises.effort import SLOW

PARTS = ("actions", "trackers", "locks", "tickets", "billing")
KINDS = ("down", "hung", "slow", "error", "garbage")
TABLES = {"trackers": "tracker_events", "locks": "conversation_locks", "tickets": "tickets"}
FOREVER = 3600.0

GARBAGE = {
    "trackers": "UPDATE tracker_events SET events = '{\"event\": 7}'",
    "locks": "CREATE TRIGGER garbage AFTER INSERT ON conversation_locks BEGIN "
    "UPDATE conversation_locks SET owner = '?', until = 'soon' WHERE conversation = new.conversation; END",
    "tickets": "CREATE TRIGGER garbage AFTER INSERT ON tickets BEGIN "
    "UPDATE tickets SET created = 'yesterday', deadline = 'soon' WHERE id = new.id; END",
}


class BrokenTables:
    """Breaks one table of a database and mends it again."""

    def __init__(self, engine: Engine, path: Path) -> None:
        self._path = path
        self._broken: tuple[str, str] | None = None
        self._released = threading.Event()
        event.listen(engine, "before_cursor_execute", self._before)

    def break_down(self, part: str, kind: str) -> None:
        if kind == "garbage":
            self._change(GARBAGE[part])
        else:
            self._released.clear()
            self._broken = (TABLES[part], kind)

    def mend(self) -> None:
        """All of it works again, and what hung goes on; rows that hold garbage and leases of who has died are gone."""
        self._broken = None
        self._released.set()
        self._change("DROP TRIGGER IF EXISTS garbage")
        self._change("DELETE FROM conversation_locks")
        self._change("DELETE FROM tracker_events WHERE events = '{\"event\": 7}'")

    def _change(self, statement: str) -> None:
        connection = sqlite3.connect(self._path, timeout=10)
        connection.execute(statement)
        connection.commit()
        connection.close()

    def _before(self, _connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if self._broken is None or self._broken[0] not in statement:
            return
        kind = self._broken[1]
        if kind == "hung":
            self._released.wait(FOREVER)
        elif kind == "slow":
            time.sleep(SLOW)
        elif kind == "down":
            raise exc.OperationalError(statement, (), sqlite3.OperationalError("unable to open database file"))
        else:
            raise exc.DatabaseError(statement, (), sqlite3.DatabaseError("database disk image is malformed"))


class BrokenActions(InProcessActions):
    """The actions, or what becomes of a call when the action server fails."""

    def __init__(self) -> None:
        super().__init__()
        self.kind = ""

    async def request(self, method: str = "post", *args: Any, **kwargs: Any) -> Any:
        if self.kind == "down":
            raise aiohttp.ClientConnectionError("refused")
        if self.kind == "hung":
            await asyncio.sleep(FOREVER)
        if self.kind == "error":
            raise aiohttp.ClientResponseError(None, (), status=500)  # type: ignore[arg-type]
        if self.kind == "garbage":
            return {"events": "none", "responses": [{"response": 7}, "?"]}
        if self.kind == "slow":
            await asyncio.sleep(SLOW)
        return await super().request(method, *args, **kwargs)


class BrokenOperator:
    """Stands in front of a mock operator's handlers."""

    def __init__(self) -> None:
        self.kind = ""

    @web.middleware
    async def middleware(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if self.kind == "down":  # as a load balancer with nothing behind it, which cuts the line
            assert request.transport is not None
            request.transport.abort()
        if self.kind == "hung":
            await asyncio.sleep(FOREVER)
        if self.kind == "error":
            return web.Response(status=500, text="Traceback (most recent call last)")
        if self.kind == "garbage":
            return web.Response(
                text='[{"productSerialNumber": null, "status": {}}, NaN', content_type="application/json"
            )
        if self.kind == "slow":
            await asyncio.sleep(SLOW)
        return await handler(request)  # type: ignore[no-any-return]
