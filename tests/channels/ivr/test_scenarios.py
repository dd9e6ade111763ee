"""Every row of the protocol's tables, over HTTP with the real engine."""

from __future__ import annotations

from typing import Any

import pytest

from tests.channels.ivr.jambonz_line import JambonzLine
from tests.channels.ivr.player import NeutralLine, play, scenarios
from tests.channels.ivr.server import Server


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda scenario: scenario["scenario"])
def test_on_the_neutral_endpoint(server: Server, scenario: dict[str, Any]) -> None:
    play(scenario, server, NeutralLine(server))


@pytest.mark.parametrize(
    "scenario", [s for s in scenarios() if not s.get("neutral")], ids=lambda scenario: scenario["scenario"]
)
def test_through_jambonz(server: Server, scenario: dict[str, Any]) -> None:
    play(scenario, server, JambonzLine(server))
