"""The repository as a newcomer finds it: what it names exists, settings are explained, no machine is named."""

from __future__ import annotations

import os
import re

import pytest

from hotline.settings import environment_names
from tests.conventions import house

# Index, mirror and registry hosts, in URLs or settings; spelt as a pattern so that this file does not name them either.
REGISTRY = re.compile(
    r"(pypi|pythonhosted|npmjs|yarnpkg|anaconda)\W(org|com|io)\b|index[-_]url\W*http|registry\W*http", re.I
)
MACHINE_PATH = re.compile(r"(?<![\w.])/(root|work|opt|mnt)/\w|(?<![\w.])/(home|Users)/\w+/|(?<![\w.])/tmp/\w")

TEXT = (
    ".py",
    ".md",
    ".yml",
    ".yaml",
    ".toml",
    ".in",
    ".lock",
    ".json",
    ".txt",
    ".cfg",
    ".ini",
    ".example",
    ".sh",
    ".html",
    ".js",
    ".ts",
    ".css",
)


def texts() -> list[str]:
    """The text files of the repository: by suffix, or scripts without one."""
    return [f for f in house.files() if f.endswith(TEXT) or "." not in f.rpartition("/")[2]]


@pytest.mark.parametrize("path", texts())
def test_no_package_registry_and_no_place_of_one_machine_is_named(path: str) -> None:
    for number, line in enumerate(house.text(path).splitlines(), 1):
        assert not REGISTRY.search(line), f"{path}:{number} names a package registry: {line.strip()[:100]}"
        assert not MACHINE_PATH.search(line), f"{path}:{number} names a place on one machine: {line.strip()[:100]}"


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_the_paths_in_the_readme_exist(readme: str) -> None:
    named = set(re.findall(r"`([\w.-]+(?:/[\w.{},<>*-]*)+)`", house.text(readme)))
    named |= set(re.findall(r"\]\((?!https?:|#)([^)#]+)", house.text(readme)))
    made = ("var/", "models/", ".venv/", ".tools/")
    missing = [
        p for p in named if not re.search("[<*{]", p) and not p.startswith(made) and not (house.ROOT / p).exists()
    ]
    assert not missing, f"{readme} speaks of {sorted(missing)}, which do not exist."


@pytest.mark.parametrize("document", [f for f in house.files() if f.endswith(".md")])
def test_the_make_targets_in_documents_exist(document: str) -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", house.text("Makefile"), re.MULTILINE))
    named = set(re.findall(r"(?:`|^\s*\$?\s*)make ([a-z][a-z-]*)(?:`|\s|$)", house.text(document), re.MULTILINE))
    assert named <= targets, f"{document} speaks of make {sorted(named - targets)}, which the Makefile does not have."


def commands(document: str) -> list[str]:
    """The lines of a document's shell blocks, without comments."""
    blocks = re.findall(r"^```(?:sh|bash|shell|console)\n(.*?)^```", house.text(document), re.MULTILINE | re.DOTALL)
    lines = [line.partition(" #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def test_both_readmes_have_the_same_headings_and_commands() -> None:
    def headings(document: str) -> list[str]:
        outside = re.sub(r"^```.*?^```", "", house.text(document), flags=re.MULTILINE | re.DOTALL)
        return re.findall(r"^(#+) ", outside, re.MULTILINE)

    assert headings("README.md") == headings("README.zh-CN.md"), "the two READMEs have different headings"
    assert commands("README.md") == commands("README.zh-CN.md"), "the two READMEs show different commands"


def test_the_readme_shows_the_two_commands() -> None:
    assert {"make run", "make test"} <= set(commands("README.md"))


@pytest.mark.parametrize("name", environment_names() or [])
def test_a_setting_is_explained_to_operators(name: str) -> None:
    assert f"`{name}`" in house.text("docs/operations.md"), f"{name} is missing in the table of docs/operations.md"


@pytest.mark.parametrize("document", ["docs/operations.md", ".env.example", "README.md"])
def test_every_setting_in_the_documents_exists(document: str) -> None:
    named = set(re.findall(r"\bHOTLINE_[A-Z_]+[A-Z]\b", house.text(document)))
    unknown = named - set(environment_names() or [])
    assert not unknown, f"{document} explains {sorted(unknown)}, which hotline/settings.py does not have."


@pytest.mark.parametrize(
    "path", [".ci/run", *(f for f in house.files() if f.startswith("scripts/") and "." not in f.rpartition("/")[2])]
)
def test_a_script_can_be_executed(path: str) -> None:
    assert house.text(path).startswith("#!"), f"{path} needs a first line that says what runs it"
    assert os.access(house.ROOT / path, os.X_OK), f"chmod +x {path}"


def test_the_changelog_names_the_present_version() -> None:
    version = re.search(r'^version = "(.+)"', house.text("pyproject.toml"), re.MULTILINE)
    assert version and f"## {version[1]}" in house.text("CHANGELOG.md")


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = [int(m[1]) for f in house.files() if (m := re.fullmatch(r"docs/adr/(\d{4})-[a-z0-9-]+\.md", f))]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
