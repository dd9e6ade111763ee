"""Stock Rasa as its users have it: an environment of its own with what `pip install rasa` gives.

This product locks some packages elsewhere than pip would put them (jsonschema 3.2: newer ones take 20 ms and more to
check an action's answer). Stock Rasa is not measured with that help unless it is asked for.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from comparison.servers import PYTHON, ROOT

TOLD = ("rasa", "jsonschema", "SQLAlchemy", "sanic", "tensorflow", "numpy")
_VERSIONS = "import importlib.metadata as m, json, sys; print(json.dumps({n: m.version(n) for n in sys.argv[1:]}))"


def stock_python(directory: Path, pins: Sequence[str] = ()) -> str:
    """The interpreter of an environment with Rasa in our version, jieba and ``pins``, made in ``directory`` if need be.

    Raises ``SystemExit`` with what to do when the packages cannot be had.
    """
    python = directory / "bin" / "python"
    wanted = [f"rasa=={version('rasa')}", "jieba", *pins]
    mark = directory / "installed.json"
    if mark.exists() and json.loads(mark.read_text()) == wanted:
        return str(python)
    uv = subprocess.run([ROOT / "scripts" / "find-uv"], check=True, capture_output=True, text=True).stdout.strip()
    steps = (
        [uv, "venv", "--quiet", "--clear", "--no-project", "--python", PYTHON[0], str(directory)],
        [uv, "pip", "install", "--quiet", "--python", str(python), *wanted],
    )
    for step in steps:
        if subprocess.run(step, cwd=ROOT).returncode:
            raise SystemExit(f"stock: {' '.join(wanted)} cannot be installed; is the package index reachable?")
    mark.write_text(json.dumps(wanted))
    return str(python)


def versions(python: str) -> dict[str, str]:
    """What is installed there, by name."""
    done = subprocess.run([python, "-c", _VERSIONS, *TOLD], check=True, capture_output=True, text=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found
