"""Training data are read as Rasa reads them, only faster."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from rasa.shared.importers.importer import TrainingDataImporter

from hotline.errors import SettingsError
from hotline.settings import ROOT
from hotline.training import HotlineData

NLU = ["verification.yml", "shared/synonyms.yml", "shared/lookups.yml", "shared/entities.yml"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("config.yml", "domain.yml", "data/rules/verification.yml", *(f"data/nlu/{name}" for name in NLU)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_domain_rules_and_examples_are_those_that_rasa_reads(project: Path) -> None:
    ours = HotlineData(project)
    rasas = TrainingDataImporter.load_from_config(
        str(project / "config.yml"), str(project / "domain.yml"), [str(project / "data")]
    )
    theirs = rasas.get_nlu_data()
    assert [m.data for m in ours.get_nlu_data().intent_examples] == [m.data for m in theirs.intent_examples]
    assert ours.get_nlu_data().entity_synonyms == theirs.entity_synonyms
    assert sorted(map(str, ours.get_nlu_data().lookup_tables)) == sorted(map(str, theirs.lookup_tables))
    assert ours.get_stories().fingerprint() == rasas.get_stories().fingerprint()
    assert ours.get_domain().fingerprint() == rasas.get_domain().fingerprint()
    assert ours.get_config().items() <= rasas.get_config().items()
    assert ours.get_config_file_for_auto_config() == rasas.get_config_file_for_auto_config()
    assert ours.get_conversation_tests().is_empty()


@pytest.mark.parametrize(
    "content",
    [
        "nlu: []\nrules: []\n",
        "- intent: greet\n",
        "version: '3.1'\nnlu:\n- intnet: greet\n  examples: |\n    - x\n",
        "version: '3.1'\nnlu:\n- intent: greet\n",
        "version: '3.1'\nnlu:\n- intent: greet\n  example: |\n    - x\n  examples: |\n    - y\n",
    ],
)
def test_a_file_that_is_not_understood_is_named(project: Path, content: str) -> None:
    (project / "data/nlu/verification.yml").write_text(content, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"verification\.yml"):
        HotlineData(project).get_nlu_data()
