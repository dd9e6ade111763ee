"""TMF621 under schemathesis: whatever fits TM Forum's published description is answered as it says, and never by a
fault of ours.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from hotline.settings import ROOT
from tests.desk.desk_server import desk

SCHEMATHESIS = ROOT / ".tools" / "schemathesis" / "bin" / "schemathesis"
DESCRIPTION = ROOT / "tests" / "gateways" / "tmf" / "TMF621-TroubleTicket-v4.0.0.swagger.json"
TOKEN = "operator-token-of-the-tests-0123456789"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


@pytest.mark.services
async def test_the_api_keeps_to_the_published_description(tmp_path: Path) -> None:
    async with desk(tmp_path, api_token=TOKEN) as started:
        process = await asyncio.create_subprocess_exec(
            str(SCHEMATHESIS),
            "run",
            str(DESCRIPTION),
            *("--url", f"{started.server.base}/tmf-api/troubleTicket/v4"),
            *("--header", f"Authorization: Bearer {TOKEN}"),
            # The other side's part: a listener is where events are sent to.
            *("--exclude-path-regex", "^/listener/"),
            *("--checks", CHECKS, "--phases", "examples,coverage,fuzzing", "--max-examples", "15"),
            env={**os.environ, "PYTHONPATH": ""},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await asyncio.wait_for(process.communicate(), 300)
    assert process.returncode == 0, output.decode()[-6000:]
