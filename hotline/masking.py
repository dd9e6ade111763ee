"""Masking of personal data wherever it need not be seen (promise P5; the manual's 保密制度, ch2).

A telephone number keeps its first three and last four digits; anything that could be a service password, an
identity-card or a bank-card number is blotted out whole.
"""

from __future__ import annotations

import re
from typing import Any

_PHONE = re.compile(r"(?<!\d)(1[3-9]\d)(\d{4})(\d{4})(?!\d)")
_GROUPED_PHONE = re.compile(r"(?<!\d)(1[3-9]\d)[- ](\d{4})[- ](\d{4})(?!\d)")
_LONG = re.compile(r"(?<!\d)\d{15,19}[\dXx]?(?!\d)")
_ANY = re.compile(r"\d{3}")  # what all of these contain
_SIX = re.compile(r"(?<![\d.])\d{6}(?![\d.])")


def mask(text: str) -> str:
    """The text with telephone, card and password-like numbers blotted out."""
    if not _ANY.search(text):
        return text
    text = _LONG.sub(lambda m: m.group()[:3] + "*" * (len(m.group()) - 7) + m.group()[-4:], text)
    text = _GROUPED_PHONE.sub(r"\1****\3", text)
    text = _PHONE.sub(r"\1****\3", text)
    return _SIX.sub("******", text)


def mask_all(value: Any) -> Any:
    """The same for every string inside lists and mappings."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {key: mask_all(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [mask_all(item) for item in value]
    return value
