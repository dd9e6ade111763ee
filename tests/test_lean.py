"""Rasa is imported without what the product does not use, and whole where it is asked for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from rasa.nlu.classifiers.diet_classifier import DIETClassifier

from hotline import lean

HEAVY = ["tensorflow", "sklearn", "slack_sdk"]
IMPORTS = f"import sys, hotline.server; print(*(name for name in {HEAVY} if name in sys.modules))"


def _imported(**environment: str) -> list[str]:
    command = [sys.executable, "-W", "ignore", "-c", IMPORTS]
    known = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **environment}
    return subprocess.run(command, check=True, capture_output=True, text=True, env=known).stdout.split()


def _project(folder: Path, config: str = "", credentials: str = "") -> Path:
    (folder / "config.yml").write_text(config)
    (folder / "credentials.yml").write_text(credentials)
    return folder


def test_the_server_is_imported_without_tensorflow_and_chat_platforms() -> None:
    assert _imported() == []


def test_the_whole_of_rasa_is_there_when_the_environment_asks_for_it() -> None:
    assert _imported(RASA_WHOLE="1") == HEAVY


def test_what_is_left_out_says_how_to_have_it() -> None:
    with pytest.raises(RuntimeError, match=r"DIETClassifier is left out .* RASA_WHOLE=1"):
        DIETClassifier({})


def test_this_project_needs_none_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RASA_WHOLE", raising=False)
    assert not lean.wants_whole(lean.ROOT)


@pytest.mark.parametrize(
    ("config", "credentials"),
    [
        ("pipeline:\n- name: DIETClassifier\n  epochs: 40\n", ""),
        ('policies:\n  - name: "TEDPolicy"  # from rasa init\n', ""),
        ("pipeline:\n- epochs: 3\n  name: ResponseSelector\n", ""),
        ("", "slack:\n  slack_token: x\n"),
    ],
)
def test_a_project_that_names_what_rasa_has_gets_all_of_rasa(tmp_path: Path, config: str, credentials: str) -> None:
    assert lean.wants_whole(_project(tmp_path, config, credentials))


def test_components_by_dotted_path_and_the_light_ones_do_not_ask_for_more(tmp_path: Path) -> None:
    config = "pipeline:\n- name: my.own.Classifier\n- name: FallbackClassifier\npolicies:\n- name: RulePolicy\n"
    assert not lean.wants_whole(_project(tmp_path, config, "my.own.Channel:\n  token: x\n"))
