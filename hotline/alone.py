"""The claim of a process to serve an embedded database alone (``HOTLINE_LOCK=process``)."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO, Optional

from sqlalchemy.engine import make_url

from hotline.errors import SettingsError
from hotline.settings import Settings


def claim(settings: Settings) -> Optional[IO[str]]:
    """Claim the database of these settings until the file that is returned is closed, or the process ends.

    None when several may serve it. Raises ``SettingsError`` when another process has it.
    """
    path = make_url(settings.database).database
    if not settings.alone or not settings.database.startswith("sqlite") or not path:
        return None
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    mark = Path(f"{path}.serving").open("a")  # noqa: SIM115 - it stays open
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        mark.close()
        raise SettingsError(f"another process serves {path}: stop it, or set HOTLINE_LOCK=database for both") from None
    return mark
