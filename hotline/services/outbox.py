"""Delivers what is in the outbox: by SMS, to a broker, to listeners; later and later again until it arrives."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Mapping

from hotline.errors import GatewayError, HotlineError
from hotline.ports import Outbox, Posted

logger = logging.getLogger(__name__)

Deliver = Callable[[Posted], Awaitable[None]]

LEASE = 30.0  # seconds that a delivery may take; then somebody else tries
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 300.0


class Dispatcher:
    """Takes news out of the outbox; ``carriers`` are the targets and how they are reached. At least once."""

    def __init__(self, outbox: Outbox, carriers: Mapping[str, Deliver], timer: Callable[[], float] = time.time) -> None:
        self._outbox = outbox
        self._carriers = carriers
        self._timer = timer

    async def run_once(self) -> int:
        """Deliver what is due; how many pieces arrived. Errors of the outbox itself pass."""
        arrived = 0
        for posted in await self._outbox.claim(list(self._carriers), self._timer(), LEASE):
            try:
                await self._carriers[posted.news.target](posted)
            except HotlineError as error:
                pause = min(FIRST_PAUSE * 2.0**posted.tries, LONGEST_PAUSE)
                level = logging.WARNING if isinstance(error, GatewayError) else logging.ERROR
                logger.log(level, "%s did not reach %s: %s", posted.news.kind, posted.news.target, type(error).__name__)
                await self._outbox.failed(posted.id, self._timer() + pause)
                continue
            await self._outbox.delivered(posted.id, self._timer())
            arrived += 1
        return arrived
