"""The endpoint's description is served, and true: fuzzed by schemathesis from an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from hotline.channels.ivr.protocol import RESULTS, TYPES
from hotline.settings import ROOT
from tests.channels.ivr.server import SECRET, Server

SCHEMATHESIS = ROOT / ".tools" / "schemathesis" / "bin" / "schemathesis"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


def test_the_description_is_served(server: Server) -> None:
    status, body = server.request("/webhooks/ivr/openapi.json", method="GET")
    assert status == 200
    assert "/webhook" in json.loads(body)["paths"]


def test_the_description_names_the_events_that_there_are(server: Server) -> None:
    schemas = json.loads(server.request("/webhooks/ivr/openapi.json", method="GET")[1])["components"]["schemas"]
    assert set(schemas["Event"]["discriminator"]["mapping"]) == set(TYPES)
    assert schemas["TransferResult"]["properties"]["result"]["enum"] == list(RESULTS)


@pytest.mark.services
def test_the_endpoint_keeps_to_its_description(server: Server) -> None:
    hooks = Path(__file__).with_name("schemathesis_hooks.py")
    base = f"http://127.0.0.1:{server.port}/webhooks/ivr"
    result = subprocess.run(
        [str(SCHEMATHESIS), "run", f"{base}/openapi.json", "--url", base, "--checks", CHECKS, "--max-examples", "60"],
        env={
            **os.environ,
            "SCHEMATHESIS_HOOKS": hooks.stem,
            "PYTHONPATH": str(hooks.parent),
            "IVR_SECRET": os.environ.get("IVR_SECRET", SECRET),
        },
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-2000:]
