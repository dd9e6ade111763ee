"""Whether a process serves an embedded database alone, so that what it remembers of conversations is all there is.

Every server of a database has a line in a file beside it, and holds a shared lock on that file. Who finds the lock free
begins the file anew. A server sees by the file's size, at every turn, that another has come; from then on nothing is
remembered, and conversations are locked in the database. Servers on several machines have no such file in common:
PostgreSQL is for them.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Optional

from sqlalchemy.engine import make_url

from hotline.settings import Settings


class Company:
    """This process among those that serve a database, from now until it ends."""

    def __init__(self, database: Path) -> None:
        database.parent.mkdir(parents=True, exist_ok=True)
        self._line = b"%10d\n" % os.getpid()
        self._file = Path(f"{database}.serving").open("ab")  # noqa: SIM115 - it stays open
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._file.truncate(0)
        except BlockingIOError:
            pass  # others serve it
        self._write()
        fcntl.flock(self._file, fcntl.LOCK_SH)
        if self._line not in Path(self._file.name).read_bytes():
            self._write()  # two came at once, and the other began the file anew; nobody can from here on
        self._came = time.monotonic()

    def alone(self) -> bool:
        """Whether no other process came; once one has, False for good. A few microseconds."""
        return os.fstat(self._file.fileno()).st_size == len(self._line)

    def settle(self, turn: float) -> None:
        """Wait until the others' turns that began when they were still alone are over; ``turn`` is in seconds."""
        if not self.alone():
            time.sleep(max(0.0, self._came + turn - time.monotonic()))

    def leave(self) -> None:
        """Serve it no longer."""
        self._file.close()

    def _write(self) -> None:
        self._file.write(self._line)
        self._file.flush()


def join(settings: Settings) -> Optional[Company]:
    """Come to those that serve the database of these settings; None where it is shared anyway, or in memory."""
    path = make_url(settings.database).database
    if not settings.alone or not settings.database.startswith("sqlite") or not path:
        return None
    return Company(Path(path))


@contextmanager
def company_of(settings: Settings) -> Iterator[None]:
    """Let whoever serves this database know that it is not alone, as a command does that takes something away."""
    company = join(settings)
    try:
        yield
    finally:
        if company is not None:
            company.leave()
