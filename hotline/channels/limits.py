"""How fast a browser may speak, in plain arithmetic on a clock that the caller reads (seconds, monotonic)."""

from __future__ import annotations

from collections import OrderedDict


class Bucket:
    """Lets ``capacity`` events through at once and ``per_second`` in the long run; ``now`` is in seconds, monotonic."""

    def __init__(self, capacity: float, per_second: float, now: float) -> None:
        self._capacity = capacity
        self._per_second = per_second
        self._level = capacity
        self._at = now

    def take(self, now: float) -> bool:
        """Whether one more event may pass now; it then counts."""
        self._level = min(self._capacity, self._level + (now - self._at) * self._per_second)
        self._at = now
        if self._level < 1:
            return False
        self._level -= 1
        return True


class Seldom:
    """Lets something of a name through once in so many seconds; remembers no name longer."""

    def __init__(self, every: float) -> None:
        self._every = every
        self._last: OrderedDict[str, float] = OrderedDict()

    def take(self, name: str, now: float) -> bool:
        """Whether it may pass now; it then counts."""
        while self._last and now - next(iter(self._last.values())) >= self._every:
            self._last.popitem(last=False)
        if name in self._last:
            return False
        self._last[name] = now
        return True
