from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.served import Product


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One running product for all proofs that leave it whole."""
    made = Product(tmp_path_factory.mktemp("product"))
    made.start()
    yield made
    made.stop()
