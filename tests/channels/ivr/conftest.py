"""One running hotline for all tests that speak HTTP to the telephone endpoints."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hotline import bootstrap
from tests.channels.ivr.server import Server


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    found = Server(Path(tmp_path_factory.mktemp("ivr")))
    yield found
    found.stop()


@pytest.fixture
def server(running: Server) -> Server:
    """The server, its services being those of this process again, whichever another test used meanwhile."""
    bootstrap.use(running.services)
    return running
