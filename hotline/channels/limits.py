"""How fast a browser may speak: a token bucket, in plain arithmetic on a clock that the caller reads."""

from __future__ import annotations


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
