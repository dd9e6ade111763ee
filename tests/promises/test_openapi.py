"""The endpoints keep to docs/openapi.json: fuzzed by schemathesis from an environment of its own."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from hotline.settings import ROOT
from tests.promises.effort import FULL
from tests.served import Product

SCHEMATHESIS = ROOT / ".tools" / "schemathesis" / "bin" / "schemathesis"
DESCRIPTION = ROOT / "docs" / "openapi.json"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


def test_each_path_of_the_description_is_served(product: Product) -> None:
    for path, operations in json.loads(DESCRIPTION.read_text())["paths"].items():
        if "get" in operations:
            assert product.status(path.replace("{name}", "x" * 20)) in {200, 401}, path


@pytest.mark.services
def test_the_endpoints_keep_to_their_description(product: Product, tmp_path: Path) -> None:
    result = subprocess.run(
        [
            *(str(SCHEMATHESIS), "run", str(DESCRIPTION), "--url", product.base, "--checks", CHECKS),
            *("--max-examples", "1000" if FULL else "60", "--exclude-checks", "unsupported_method"),
        ],
        capture_output=True,
        text=True,
        timeout=1800 if FULL else 400,
        cwd=tmp_path,
    )
    assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-2000:]
