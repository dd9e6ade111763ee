"""Logs: structured, masked last of all, and without a customer's words above DEBUG (promise P5)."""

from __future__ import annotations

import logging
from typing import Any

import structlog

from hotline.masking import mask


def configure_logs(level: str) -> None:
    """Set up Rasa's structlog and the standard library's logging at a level such as INFO."""
    number = getattr(logging, level)
    handler = logging.StreamHandler()
    handler.setFormatter(_MaskingFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=number, handlers=[handler], force=True)
    logging.getLogger("sanic.access").setLevel(logging.WARNING)  # its lines hold addresses and say nothing else
    for chatty in ("sanic.error", "apscheduler", "rasa_sdk", "matplotlib"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
            _mask_line,  # last of all: Rasa logs objects, which are words only once they are written out
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=True,
    )


class _MaskingFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return mask(super().format(record))


def _mask_line(_logger: Any, _method: str, line: Any) -> str:
    return mask(str(line))
