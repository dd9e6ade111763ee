"""Where news of tickets goes outside the desk: to the customer by SMS, to a message broker."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from hotline import formats
from hotline.bootstrap import Services
from hotline.ports import Posted
from hotline.wording import Words

_MOBILE = re.compile(r"1[3-9]\d{9}")
ABOUT = "utter_complaint_about_{}"

Deliver = Callable[[Posted], Awaitable[None]]


class Receipts:
    """Tells customers by SMS that a ticket was filed, and how it was answered; the words are those of domain.yml."""

    def __init__(self, services: Services, words: Words) -> None:
        self._services = services
        self._words = words

    async def deliver(self, posted: Posted) -> None:
        """Send one; a number that is no mobile one gets nothing."""
        ticket = await self._services.tickets.find(str(posted.news.payload["number"]))
        phone = ticket.phone or ticket.subscriber
        if not _MOBILE.fullmatch(phone):
            return
        name = ABOUT.format(ticket.category)
        about = self._words.phrase(name if self._words.has(name) else ABOUT.format("general"))
        deadline = formats.moment(ticket.deadline.astimezone(self._services.clock.now().tzinfo))
        if posted.news.kind == "ticket.answer":
            answer = ticket.answer
            text = self._words.phrase("utter_complaint_sms_answer", about=about, ticket=ticket.number, answer=answer)
        else:
            text = self._words.phrase("utter_complaint_sms_filed", about=about, ticket=ticket.number, deadline=deadline)
        await self._services.sms.send(phone, text, f"outbox:{posted.id}")


def message(posted: Posted) -> dict[str, Any]:
    """A piece of news as it goes to a broker or listener."""
    return {"id": posted.id, "at": posted.at.isoformat(), "kind": posted.news.kind, **posted.news.payload}
