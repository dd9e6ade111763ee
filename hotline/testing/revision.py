"""Another revision of this repository, unpacked, trained and asked what it would say (``hotline test --against``)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from hotline.errors import HotlineError
from hotline.settings import ROOT

TESTING = Path("hotline") / "testing"


class RevisionError(HotlineError):
    """A revision cannot be unpacked, trained or asked; the text says what was tried and what it answered."""


def record(model: Path, files: Sequence[Path], tree: Path = ROOT) -> Any:
    """What the product in a tree says to the talks and utterances in these files (``hotline.testing.replay``)."""
    with tempfile.TemporaryDirectory(prefix="hotline-replay-") as directory:
        out = Path(directory) / "record.json"
        _run([sys.executable, "-m", "hotline.testing.replay", str(model), str(out), *map(str, files)], tree)
        return json.loads(out.read_text(encoding="utf-8"))


def record_of_revision(revision: str, files: Sequence[Path]) -> Any:
    """The same for another revision, in a tree of its own, with the talks and utterances of this one."""
    with tempfile.TemporaryDirectory(prefix="hotline-revision-") as directory:
        tree = Path(directory)
        unpack(revision, tree)
        for path in files:
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / path, tree / path)
        if not (tree / TESTING / "replay.py").exists():  # from before there was one
            shutil.copytree(ROOT / TESTING, tree / TESTING, dirs_exist_ok=True)
        return record(_trained(tree), files, tree)


def record_of_patch(patch: str, files: Sequence[Path]) -> Any:
    """The same for the latest commit with a patch applied."""
    with tempfile.TemporaryDirectory(prefix="hotline-patch-") as directory:
        tree = Path(directory)
        unpack("HEAD", tree)
        command = ["git", "apply", "-"]
        # Outside of any repository, or git would look for the files in the one around it.
        environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(tree.parent)}
        done = subprocess.run(
            command, cwd=tree, env=environment, input=patch, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RevisionError(f"git apply: {done.stderr.strip()}")
        return record(_trained(tree), files, tree)


def unpack(revision: str, tree: Path) -> None:
    """Write the files of a revision into a directory; nothing of the repository is touched."""
    archive = subprocess.run(["git", "archive", revision], cwd=ROOT, capture_output=True, check=False)
    if archive.returncode:
        raise RevisionError(f"git archive {revision}: {archive.stderr.decode(errors='replace').strip()}")
    with tarfile.open(fileobj=BytesIO(archive.stdout)) as files:
        files.extractall(tree)


def _trained(tree: Path) -> Path:
    """The model of a tree; what Rasa has already learnt here is not learnt again there."""
    cache = ROOT / ".rasa"
    if cache.exists():
        shutil.copytree(cache, tree / ".rasa")
    model = tree / "models" / "other.tar.gz"
    options = ["--skip-validation", "--fixed-model-name", "other", "--out", str(model.parent)]
    _run([sys.executable, "-m", "rasa", "train", *options], tree)
    return model


def _run(command: Sequence[str], tree: Path) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": str(tree),
        "RASA_TELEMETRY_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONWARNINGS": "ignore",
    }
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        shown = " ".join(command[1:4])
        raise RevisionError(f"{shown} … failed in {tree}:\n{done.stderr[-2000:]}")
