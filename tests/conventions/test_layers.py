"""What a file may touch, by where it stands (docs/architecture.md)."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import distributions

import pytest

from tests.conventions import house

RASA = {"rasa", "rasa_sdk", "sanic", "socketio"}
OUTSIDE = {"sqlalchemy", "alembic", "aiohttp", "requests", "httpx", "socket", "sqlite3"}

# folder or file -> what nothing in it imports
FORBIDDEN = {
    "hotline/services/": RASA
    | OUTSIDE
    | {"actions", "hotline.gateways", "hotline.channels", "hotline.desk", "hotline.bootstrap"},
    "hotline/ports.py": RASA | OUTSIDE | {"actions", "hotline.gateways", "hotline.services"},
    "hotline/gateways/": RASA | {"actions", "hotline.channels", "hotline.desk"},
    "hotline/channels/": OUTSIDE | {"actions", "hotline.gateways"},
    "hotline/desk/": OUTSIDE | {"actions", "hotline.gateways"},
    "hotline/nlu/": OUTSIDE | {"actions", "hotline.gateways", "hotline.channels", "hotline.services"},
    "actions/": OUTSIDE | {"sanic", "hotline.gateways", "hotline.channels"},
}

# The only files that know which implementation stands behind a port.
CHOOSERS = ("hotline/bootstrap.py", "hotline/cli.py", "hotline/gateways/", "hotline/testing/")


@pytest.mark.parametrize("place", FORBIDDEN)
def test_a_layer_imports_nothing_it_may_not_touch(place: str) -> None:
    for path in house.files_under("actions", "hotline", suffix=".py"):
        if path.startswith(place):
            for name, line in house.imports(path):
                assert not house.within(name, FORBIDDEN[place]), (
                    f"{path}:{line} imports {name}, which {place} may not touch: go through a port in hotline/ports.py."
                )


def test_only_the_bootstrap_chooses_implementations() -> None:
    for path in house.files_under("actions", "hotline", suffix=".py"):
        if not path.startswith(CHOOSERS):
            for name, line in house.imports(path):
                assert not house.within(name, {"hotline.gateways"}), (
                    f"{path}:{line} imports {name}: let hotline/bootstrap.py choose it."
                )


def test_every_package_that_is_imported_is_asked_for_in_requirements() -> None:
    product, known = asked_for("requirements.in"), providers()
    tools = product | asked_for("requirements-dev.in")
    for path in house.files_under("actions", "hotline", suffix=".py"):
        asked = tools if path.startswith("hotline/testing/") else product
        for name, line in house.imports(path):
            package = name.split(".")[0]
            if package in sys.stdlib_module_names or package in {"actions", "hotline"}:
                continue
            providing = known.get(package, {package})
            assert providing & asked, f"{path}:{line} imports {package}: add it to requirements.in, run scripts/lock."


def asked_for(requirements: str) -> set[str]:
    """The packages that a requirements file names."""
    names = re.findall(r"^(\w[\w.-]*)", house.text(requirements), re.MULTILINE)
    return {name.lower().replace("_", "-") for name in names}


def providers() -> dict[str, set[str]]:
    """The distributions that install each top-level package (packages_distributions of Python 3.10 misses many)."""
    found: dict[str, set[str]] = {}
    for distribution in distributions():
        name = distribution.metadata["Name"].lower().replace("_", "-")
        for package in {file.parts[0].removesuffix(".py") for file in distribution.files or []}:
            found.setdefault(package, set()).add(name)
    return found


def test_nothing_happens_at_import() -> None:
    modules = [
        path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for path in house.files_under("actions", "hotline", suffix=".py")
        if not path.startswith("hotline/gateways/migrations/")  # Alembic runs these by itself
    ]
    script = house.ROOT / "tests" / "conventions" / "watch_imports.py"
    result = subprocess.run(
        [sys.executable, "-W", "ignore", str(script), *modules],
        cwd=house.ROOT,
        env={**os.environ, "PYTHONPATH": str(house.ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, f"Something happens at import: {result.stderr.strip().splitlines()[-1]}"
