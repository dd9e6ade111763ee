"""How long a customer's data is kept, and what becomes of it on request: rows and pictures (docs/security.md).

Source: PIPL art. 19 (no longer than needed), 45 (copy), 47 (deletion); GB/T 35273-2020 6.1, 8.3, 8.6.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from hotline.bootstrap import Services
from hotline.channels.images import Images
from hotline.masking import mask
from hotline.ports import Forgotten

logger = logging.getLogger(__name__)


def images_of(services: Services) -> Images:
    """The pictures of this deployment."""
    return Images(services.settings.var / "images")


async def export(services: Services, phone: str) -> dict[str, Any]:
    """All about a number, with the pictures of its conversations (base64), JSON."""
    tables = await services.customers.export(phone)
    images = images_of(services)
    pictures = [
        {"conversation": row["id"], "name": path.name, "jpeg": base64.b64encode(path.read_bytes()).decode()}
        for row in tables.get("conversations", ())
        for path in images.of(str(row["id"]))
    ]
    return {"phone": phone, "exported": services.clock.now().isoformat(), "tables": tables, "images": pictures}


async def forget(services: Services, phone: str) -> tuple[Forgotten, int]:
    """Delete all about a number; what was deleted, and how many pictures."""
    gone = await services.customers.forget(phone)
    pictures = _forget_images(services, gone.conversations)
    logger.info("forgot %s on request: %s, %s pictures", mask(phone), dict(gone.rows), pictures)
    return gone, pictures


async def purge(services: Services, days: int) -> dict[str, int]:
    """Delete what nobody touched for so many days; how much of what was deleted."""
    before = services.clock.now() - timedelta(days=days)
    total: dict[str, int] = {}
    while True:
        gone = await services.customers.purge(before)
        found = dict(gone.rows)
        if pictures := _forget_images(services, gone.conversations):
            found["images"] = pictures
        if not found:
            break
        for name, count in found.items():
            total[name] = total.get(name, 0) + count
    if total:
        logger.info("deleted what was older than %s days: %s", days, total)
    return total


def _forget_images(services: Services, conversations: Iterable[str]) -> int:
    images = images_of(services)
    return sum(images.forget(conversation) for conversation in conversations)
