"""Trains models/hotline.tar.gz when something it is made of has changed; else returns at once without a word.

Contents decide, not dates: a fresh clone or a touched file trains nothing anew. Rasa itself keeps what each component
learnt (``.rasa/cache``) and repeats only what changed; an edit of the words in domain.yml just puts the new domain into
the model. Rasa does not see the modules that our components import, so a change of these trains everything again.

    scripts/train.py [--force]
"""

import hashlib
import json
import logging
import os
import sys
import time
import warnings
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODEL = ROOT / "models" / "hotline.tar.gz"
RECORD = ROOT / "models" / "hotline.json"
DATA = ["config.yml", "domain.yml", "data"]
CODE = ["hotline/nlu", "hotline/dialogue", "hotline/text.py", "requirements.lock"]


def digest(names: Iterable[str]) -> str:
    """Return one hash over the names and contents of files and folders."""
    total = hashlib.sha256()
    for name in names:
        path = ROOT / name
        files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.suffix in {".yml", ".py"})
        for file in files:
            total.update(f"{file.relative_to(ROOT)}\0".encode())
            total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def read_record() -> dict[str, str]:
    """Return what the present model was made of; empty when there is no model or no telling."""
    try:
        return dict(json.loads(RECORD.read_text())) if MODEL.exists() else {}
    except (OSError, ValueError):
        return {}


# Rasa says the first to everybody, and does not know our own components: they read lookup tables and synonyms, and ours
# is the policy of rules.
EXPECTED = (
    "Slot auto-fill has been removed",
    "You have defined training data consisting of lookup tables",
    "You have defined synonyms",
    "'RulePolicy' is not included",
)


def show_warning(message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
    """Show what Rasa finds odd in our data; not the deprecations inside its packages, nor what is expected."""
    if category is UserWarning and not str(message).startswith(EXPECTED):
        print(f"train: {message}", file=sys.stderr)


def train(force: bool) -> None:
    """Let Rasa train; raises what Rasa raises when data or configuration contradict themselves."""
    os.environ["RASA_TELEMETRY_ENABLED"] = "false"
    os.environ["LOG_LEVEL"] = "WARNING"  # Rasa's progress bars, which a log cannot hold
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
    warnings.showwarning = show_warning
    from rasa.utils.log_utils import configure_structlog

    from hotline.training import train as train_model

    configure_structlog(logging.WARNING)
    logging.basicConfig(format="train: %(message)s")
    logging.getLogger("rasa.engine.training.hooks").setLevel(logging.INFO)
    train_model(ROOT, MODEL, force)


def main() -> int:
    """Train if need be; the exit code is 0 when the model is up to date afterwards."""
    os.chdir(ROOT)
    made_of = {"data": digest(DATA), "code": digest(CODE)}
    known = read_record()
    force = "--force" in sys.argv[1:]
    if known == made_of and not force:
        return 0
    print("train: teaching the assistant what is new in data, domain and configuration …", flush=True)
    started = time.monotonic()
    try:
        train(force or known.get("code") != made_of["code"])
    except Exception as error:  # Rasa's own messages name the file and the rule; a stack of its inside does not help
        # Of what a component raises Rasa says which component it was, and only that.
        cause = error.__cause__ or error if type(error).__name__ == "GraphComponentException" else error
        print(f"train: {type(cause).__name__}: {cause}", file=sys.stderr)
        print("train: failed, the model was not changed", file=sys.stderr)
        return 1
    made_of["data"] = digest(DATA)  # Rasa writes an assistant_id into a config.yml that has none
    RECORD.write_text(json.dumps(made_of, indent=2) + "\n")
    print(f"train: done in {time.monotonic() - started:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
