from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from tests.served import Product
from tests.support import NOW

SECRET = "secret-of-the-tests"


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The product on the day of the README's talks."""
    made = Product(tmp_path_factory.mktemp("product"), now=NOW.isoformat(), ivr_secret=SECRET)
    made.start()
    yield made
    assert made.end(signal.SIGINT) == 0, "Ctrl-C is the way to stop it"
