"""Backends that are down, for tests: a switch in front of everything from ``hotline.gateways`` that services hold."""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any

from hotline.errors import GatewayDataError, GatewayError, GatewayTimeoutError, GatewayUnavailableError, HotlineError

KINDS: dict[str, type[GatewayError]] = {
    "unavailable": GatewayUnavailableError,
    "timeout": GatewayTimeoutError,
    "garbage": GatewayDataError,
}
HUNG = "hung"
FOREVER = 3600.0  # seconds: longer than any turn may last


class NoSuchBackendError(HotlineError):
    """A test names a backend that nothing is called."""


class Faults:
    """Which backends are down. A backend is called after its class: ``SqlBillingGateway`` is ``billing``."""

    def __init__(self) -> None:
        self._down: dict[str, str] = {}
        self._switches: dict[int, Switch] = {}
        self.names: set[str] = set()

    def install(self, holder: Any) -> None:
        """Put a switch in front of every gateway that an object or what it holds refers to."""
        self._install(holder, set())

    def down(self, name: str, kind: str = "unavailable") -> None:
        """Let a backend fail; ``database`` lets everything fail that is kept in the database. ``hung``: no answer at
        all, not even the time limit's.
        """
        self._known(name)
        self._down[name] = kind

    def up(self, name: str) -> None:
        """Let it answer again."""
        self._known(name)
        self._down.pop(name, None)

    async def fail(self, name: str) -> None:
        """Fail as a call of a backend must now; at once and without harm when it is up."""
        kind = self._down.get(name)
        if kind == HUNG:
            await asyncio.sleep(FOREVER)
        elif kind:
            raise KINDS[kind](f"{name} is down in this test")

    def _known(self, name: str) -> None:
        if name not in self.names:
            raise NoSuchBackendError(f"no backend is called {name}; there are: {', '.join(sorted(self.names))}")

    def _install(self, holder: Any, seen: set[int]) -> None:
        if id(holder) in seen:
            return
        seen.add(id(holder))
        for attribute, value in list(getattr(holder, "__dict__", {}).items()):
            module = type(value).__module__
            if isinstance(value, Switch) or not module.startswith("hotline.") or module == __name__:
                continue
            self._install(value, seen)
            if module.startswith("hotline.gateways") and _is_backend(value.__class__):
                setattr(holder, attribute, self._switch(value))

    def _switch(self, target: Any) -> Switch:
        if id(target) not in self._switches:
            name = backend_name(type(target).__name__)
            self.names.add(name)
            self._switches[id(target)] = Switch(target, name, self.fail)
        return self._switches[id(target)]


def backend_name(class_name: str) -> str:
    """``SqlPasswordStore`` → ``passwords``, ``Database`` → ``database``."""
    bare = re.sub(r"^(Sql|Tmf|Http|Kept)|(Gateway)$", "", class_name)
    bare = re.sub(r"Store$", "s", bare)
    return re.sub(r"(?<!^)(?=[A-Z])", "_", bare).lower()


@cache
def _is_backend(kind: type) -> bool:
    return any(inspect.iscoroutinefunction(method) for _, method in inspect.getmembers(kind, inspect.isfunction))


class Switch:
    """Stands in front of a backend and passes everything on, unless it is down: then what would be awaited fails."""

    def __init__(self, target: Any, name: str, fail: Callable[[str], Awaitable[None]]) -> None:
        self._target = target
        self._name = name
        self._fail = fail

    def __getattr__(self, attribute: str) -> Any:
        value = getattr(self._target, attribute)
        if not inspect.iscoroutinefunction(value):
            return value

        async def call(*args: Any, **kwargs: Any) -> Any:
            await self._fail(self._name)
            return await value(*args, **kwargs)

        return call
