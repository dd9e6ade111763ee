"""The trained model, taken out of models/hotline.tar.gz once a session and without starting Rasa."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from benchmarks.understanding import gazetteer
from hotline.nlu.gazetteer import Gazetteer
from hotline.nlu.model import IntentModel

ARCHIVE = Path(__file__).resolve().parents[2] / "models" / "hotline.tar.gz"


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> IntentModel:
    assert ARCHIVE.exists(), "train first: make train"
    path = tmp_path_factory.mktemp("model") / "model.npz"
    with tarfile.open(ARCHIVE) as archive:
        member = next(m for m in archive if m.name.endswith("/model.npz") and "HotlineIntentClassifier" in m.name)
        stored = archive.extractfile(member)
        assert stored is not None
        path.write_bytes(stored.read())
    return IntentModel.load(path)


@pytest.fixture(scope="session")
def names() -> Gazetteer:
    return gazetteer()
