from __future__ import annotations

import pytest

from hotline.errors import GatewayDataError, GatewayTimeoutError, GatewayUnavailableError
from hotline.testing.faults import Faults, NoSuchBackendError, Switch, backend_name


class Store:
    size = 3

    async def read(self) -> str:
        return "read"

    def local(self) -> str:
        return "local"


@pytest.mark.parametrize(
    ("class_name", "name"),
    [
        ("SqlBillingGateway", "billing"),
        ("TmfBillingGateway", "billing"),
        ("SqlPasswordStore", "passwords"),
        ("SqlConversationStore", "conversations"),
        ("SqlCatalogue", "catalogue"),
        ("Database", "database"),
        ("SqlEventLog", "event_log"),
    ],
)
def test_a_backend_is_called_after_its_class(class_name: str, name: str) -> None:
    assert backend_name(class_name) == name


async def test_only_what_is_awaited_fails_and_only_while_it_is_down() -> None:
    faults = Faults()
    faults.names.add("store")
    switch = Switch(Store(), "store", faults.fail)
    for kind, error in (
        ("unavailable", GatewayUnavailableError),
        ("timeout", GatewayTimeoutError),
        ("garbage", GatewayDataError),
    ):
        faults.down("store", kind)
        with pytest.raises(error):
            await switch.read()
        assert (switch.local(), switch.size) == ("local", 3)
    faults.up("store")
    assert await switch.read() == "read"


def test_a_backend_that_does_not_exist_cannot_be_down() -> None:
    with pytest.raises(NoSuchBackendError, match="no backend is called weather"):
        Faults().down("weather")
