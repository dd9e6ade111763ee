"""Cards: the figures of an answer as plain data, for channels that can draw them. No words are here, figures only.

An action says a card with the answer that it belongs to: ``call.say("utter_…", json_message=cards.balance(…), …)``.
Channels that cannot draw leave it out; the answer's words say the same. ``docs/widget.md`` lists the types.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Optional

from hotline import formats
from hotline.ports import Bill, Plan, Usage

Card = dict[str, Any]

# To whom a ticket was sent, and whether he has answered us, is no matter of the customer's.
_AT_WORK = {"dispatched": "working", "returned": "working"}


def balance(amount: Decimal, owed: bool = False) -> Card:
    """The balance in yuan, or what is owed."""
    return {"type": "balance", "amount": formats.money(amount), "owed": owed}


def bill(bill: Bill, more: Optional[Decimal] = None) -> Card:
    """A bill by item, in yuan; ``more`` is by how much it is higher than the one before."""
    return {
        "type": "bill",
        "month": formats.month(bill.month),
        "total": formats.money(bill.total),
        "items": [{"name": item.name, "amount": formats.money(item.amount)} for item in bill.items],
        "more": formats.money(more) if more else None,
    }


def usage(usage: Usage) -> Card:
    """Data by package in MB, voice in minutes."""
    packages = [
        {
            "name": package.name,
            "scope": package.scope,
            "used": package.used,
            "total": package.total,
            "expires": formats.day(package.expires),
        }
        for package in usage.packages
    ]
    return {"type": "usage", "packages": packages, "voice": {"used": usage.voice_used, "total": usage.voice_total}}


def plans(plans: Sequence[Plan], current: Optional[str] = None, fitting: Optional[str] = None) -> Card:
    """Plans side by side: fee in yuan a month, data in MB, voice in minutes; the present and the recommended one."""
    rows = [{"name": p.name, "fee": formats.fee(p.fee), "data": p.data, "voice": p.voice} for p in plans]
    return {"type": "plans", "plans": rows, "current": current, "fitting": fitting}


def ticket(number: str, state: str, about: str = "", due: str = "") -> Card:
    """A ticket and how far it is: ``accepted working answered archived withdrawn``; ``due`` says when the answer is."""
    return {"type": "ticket", "number": number, "state": _AT_WORK.get(state, state), "about": about, "due": due}
