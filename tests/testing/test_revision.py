"""Another revision: unpacked beside the repository, trained, asked in its own tree with the talks of this one."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from hotline.testing import replay, revision
from hotline.testing.replay import utterances
from hotline.testing.revision import RevisionError, record_of_patch, record_of_revision, unpack
from hotline.testing.stage import Troupe

TALK = Path("tests/conversations/a.yml")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose first revision has no replay yet, and whose talks changed since."""
    root = tmp_path / "repository"
    for name in ("hotline/testing/replay.py", "hotline/testing/loader.py", ".rasa/cache.db", str(TALK)):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("now")
    git(root, "init", "-q")
    (root / ".gitignore").write_text(".rasa\n")
    (root / TALK).write_text("then")
    git(root, "add", ".gitignore", str(TALK), "hotline/testing/loader.py")
    git(root, "-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", "then")
    (root / TALK).write_text("now")
    monkeypatch.setattr(revision, "ROOT", root)
    return root


def git(root: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=root, check=True)


def test_the_other_revision_is_trained_and_asked_with_todays_talks(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[str] = []

    def run(command: Sequence[str], tree: Path) -> None:
        commands.append(command[2])
        assert tree != repository
        assert (tree / TALK).read_text() == "now"
        assert (tree / "hotline/testing/replay.py").exists()
        assert (tree / ".rasa/cache.db").exists()
        if command[2] == "hotline.testing.replay":
            Path(command[4]).write_text(json.dumps({"talks": list(command[5:])}))

    monkeypatch.setattr(revision, "_run", run)
    assert record_of_revision("HEAD", [TALK]) == {"talks": [str(TALK)]}
    assert commands == ["rasa", "hotline.testing.replay"]


PATCH = f"# what it does\n--- a/{TALK}\n+++ b/{TALK}\n@@ -1 +1 @@\n-then\n\\ No newline at end of file\n+patched\n"


def test_a_patch_is_applied_to_the_latest_commit_in_a_tree_of_its_own(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(command: Sequence[str], tree: Path) -> None:
        assert tree != repository and (tree / TALK).read_text() == "patched\n"
        if command[2] == "hotline.testing.replay":
            Path(command[4]).write_text(json.dumps({"talks": list(command[5:])}))

    monkeypatch.setattr(revision, "_run", run)
    assert record_of_patch(PATCH, [TALK]) == {"talks": [str(TALK)]}
    assert (repository / TALK).read_text() == "now"


def test_a_patch_that_does_not_apply_is_said(repository: Path) -> None:
    with pytest.raises(RevisionError, match=r"git apply: .*patch"):
        record_of_patch(PATCH.replace("-then", "-something else"), [TALK])


def test_a_revision_that_does_not_exist_is_named(repository: Path, tmp_path: Path) -> None:
    with pytest.raises(RevisionError, match=r"git archive nowhere: .*nowhere"):
        unpack("nowhere", tmp_path)


def test_a_step_that_fails_says_what_it_said(tmp_path: Path) -> None:
    with pytest.raises(RevisionError, match=r"(?s)json.tool nothing … failed in .*No such file"):
        revision._run(["python3", "-m", "json.tool", "nothing"], tmp_path)
    revision._run(["python3", "-c", ""], tmp_path)


def test_talks_are_replayed_and_utterances_classified(
    troupe: Troupe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk, heard = tmp_path / "talk.yml", tmp_path / "nlu.yml"
    talk.write_text(
        "test_cases:\n"
        "- {test_case: a, steps: [{user: 你好}, {bot: 不对}, {at: 2026-10-24}, {silence: }]}\n"
        "- {test_case: b, steps: [{user: 你好}, {button: 没有}]}\n"
    )
    heard.write_text("nlu:\n- intent: greet\n  examples: |\n    - 你好\n- synonym: x\n  examples: |\n    - y\n")
    monkeypatch.setattr(replay, "Troupe", lambda model: troupe)
    replay.main("model", str(tmp_path / "out.json"), str(talk), str(heard))
    record: Any = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    first, second = record["talks"]
    assert [move["did"] for move in first["moves"]] == ["你好", "[silence ]"]
    assert first["moves"][0]["answers"] == [{"name": "utter_courtesy_greet", "text": "您好!请问有什么可以帮助您?"}]
    assert (first["moves"][0]["intents"], first["moves"][0]["mode"]) == (["greet"], "bot")
    assert len(second["moves"]) == 1
    assert "no button “没有” is on offer" in second["broke_off"]
    (row,) = record["utterances"]
    assert (row["text"], row["expected"], row["found"]) == ("你好", "greet", "greet")


def test_only_examples_of_intents_are_utterances(tmp_path: Path) -> None:
    path = tmp_path / "nlu.yml"
    path.write_text("nlu:\n- intent: a\n  examples: |\n    - x\n    - y\n- lookup: z\n  examples: |\n    - z\n")
    assert list(utterances(path)) == [("a", "x"), ("a", "y")]
