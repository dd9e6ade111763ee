"""Pictures that customers send with a complaint.

What arrives is decoded and encoded anew, so that only pixels are kept: no metadata, no place, no file that is
something else besides. It is kept under the var directory, never where files are served from.
"""

from __future__ import annotations

import hashlib
import io
import re
import secrets
import shutil
import warnings
from pathlib import Path
from typing import Optional

from PIL import Image, ImageOps, UnidentifiedImageError

from hotline.errors import MessageRejectedError

MAX_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 40_000_000
MAX_SIDE = 1600
MAX_A_CONVERSATION = 6
FORMATS = ("JPEG", "PNG", "WEBP")

_NAME = re.compile(r"[A-Za-z0-9_-]{16,40}")


class Images:
    """The pictures of all conversations, in one folder each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, conversation: str, data: bytes) -> str:
        """Keep a picture as JPEG of at most 1600 pixels a side; returns its name. Blocks: call it in a thread, one at a
        time, since the largest takes 0.25 GB meanwhile.

        Raises ``MessageRejectedError`` for what is no picture, too large, or one too many.
        """
        folder = self._of(conversation)
        if len(list(folder.glob("*.jpg"))) >= MAX_A_CONVERSATION:
            raise MessageRejectedError("image", f"at most {MAX_A_CONVERSATION} a conversation")
        picture = _decode(data)
        name = secrets.token_urlsafe(18)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        picture.save(folder / f"{name}.jpg", "JPEG", quality=85, optimize=True)
        return name

    def path(self, conversation: str, name: str) -> Optional[Path]:
        """Where a conversation's picture is; None when it has none of that name."""
        if not _NAME.fullmatch(name):
            return None
        path = self._of(conversation) / f"{name}.jpg"
        return path if path.is_file() else None

    def of(self, conversation: str) -> list[Path]:
        """All pictures of a conversation, oldest first."""
        return sorted(self._of(conversation).glob("*.jpg"), key=lambda path: path.stat().st_mtime)

    def forget(self, conversation: str) -> int:
        """Delete the pictures of a conversation; how many there were."""
        found = self.of(conversation)
        shutil.rmtree(self._of(conversation), ignore_errors=True)
        return len(found)

    def _of(self, conversation: str) -> Path:
        return self._folder / hashlib.sha256(conversation.encode()).hexdigest()[:32]


def _decode(data: bytes) -> Image.Image:
    if len(data) > MAX_BYTES:
        raise MessageRejectedError("image", f"must have at most {MAX_BYTES} bytes")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
                if opened.width * opened.height > MAX_PIXELS:
                    raise MessageRejectedError("image", f"must have at most {MAX_PIXELS} pixels")
                opened.draft("RGB", (MAX_SIDE, MAX_SIDE))  # a JPEG need not be decoded larger than it is kept
                picture = opened.convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombWarning) as error:
        raise MessageRejectedError("image", f"no JPEG, PNG or WebP picture: {type(error).__name__}") from None
    except Image.DecompressionBombError:
        raise MessageRejectedError("image", f"must have at most {MAX_PIXELS} pixels") from None
    picture.thumbnail((MAX_SIDE, MAX_SIDE))
    picture = ImageOps.exif_transpose(picture)
    picture.info.clear()  # Pillow would write a comment again
    return picture
