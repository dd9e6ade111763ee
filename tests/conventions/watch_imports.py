"""Imports the modules named on the command line; ends with an error when one does something while it is imported.

What counts: a connection, a listening socket, a database, a process, a file of the repository that is no Python.
"""

import importlib
import sys
from pathlib import Path

import hotline  # isort: skip  # noqa: F401  # first: how much of Rasa is imported is decided by hotline.lean

# What packages of others do while they are imported is not ours.
import rasa.core.agent
import rasa.core.channels  # noqa: F401
import rasa_sdk.executor  # noqa: F401
import sklearn  # noqa: F401
import sqlalchemy  # noqa: F401

ROOT = str(Path(__file__).resolve().parents[2])
ACTS = {"socket.connect", "socket.bind", "sqlite3.connect", "subprocess.Popen", "os.system"}

importing = ""


def watch(event: str, arguments: tuple[object, ...]) -> None:
    """Audit hook (sys.addaudithook): end the process at the first act of a module of ours."""
    if not importing:
        return
    if event in ACTS:
        raise SystemExit(f"{importing}: {event} {arguments[1:]}")
    if event == "open":
        path = str(arguments[0])
        of_python = path.endswith((".py", ".pyc")) or ".pyc." in path or "/.venv/" in path
        if path.startswith(ROOT) and not of_python:
            raise SystemExit(f"{importing}: opens {path}")


sys.addaudithook(watch)
for importing in sys.argv[1:]:
    importlib.import_module(importing)
importing = ""
