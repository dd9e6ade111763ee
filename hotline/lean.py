"""Rasa without what this product does not use: TensorFlow, the neural components and the chat platforms' clients.

Rasa imports every component and every channel it has, whatever ``config.yml`` and ``credentials.yml`` name: TensorFlow
above all, two thirds of the memory and half of the time to start (docs/performance.md). Here the modules in ``UNUSED``
become placeholders: they can be imported, and their names too, which is all that Rasa does with them; whoever makes use
of one gets an error that says how to have the whole. Rasa itself is not changed.

Rasa stays whole where the project names one of its components or channels (a name without a dot, such as
``DIETClassifier`` or ``slack``), or ``RASA_WHOLE`` is set. See docs/adr/0008.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn, Optional

ROOT = Path(__file__).resolve().parent.parent

UNUSED = frozenset(
    [
        "rasa.core.policies.ted_policy",
        "rasa.core.policies.unexpected_intent_policy",
        "rasa.nlu.classifiers.diet_classifier",
        "rasa.nlu.classifiers.logistic_regression_classifier",
        "rasa.nlu.classifiers.sklearn_intent_classifier",
        "rasa.nlu.extractors.crf_entity_extractor",
        "rasa.nlu.featurizers.dense_featurizer.convert_featurizer",
        "rasa.nlu.featurizers.dense_featurizer.lm_featurizer",
        "rasa.nlu.featurizers.sparse_featurizer.count_vectors_featurizer",
        "rasa.nlu.selectors.response_selector",
        "rasa.utils.tensorflow.callback",
        "rasa.utils.tensorflow.data_generator",
        "rasa.utils.tensorflow.model_data",
        *(
            f"rasa.core.channels.{platform}"
            for platform in (
                "botframework", "facebook", "hangouts", "mattermost", "rocketchat", "slack", "telegram", "twilio",
                "twilio_voice", "webexteams",
            )
        ),
    ]
)  # fmt: skip
"""Modules of Rasa 3.6.21 that nothing here uses, and that need what takes long to import."""

LIGHT = frozenset(["FallbackClassifier", "MemoizationPolicy", "RulePolicy"])
"""Rasa's own components that need none of them."""


class Placeholder:
    """Stands for a class of Rasa's that is not there."""

    def __init__(self, *_: Any, **__: Any) -> None:
        refuse(type(self).__name__)

    @classmethod
    def name(cls) -> str:
        """Rasa keeps its channels by their names."""
        return cls.__name__


def refuse(name: str) -> NoReturn:
    """Raise ``RuntimeError``: something wants what was left out."""
    raise RuntimeError(f"Rasa's {name} is left out of the hotline: set RASA_WHOLE=1 to have the whole of Rasa")


class _Finder(MetaPathFinder, Loader):
    """Answers for what is left out; the project is read when Rasa first asks for any of it."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._whole: Optional[bool] = None

    def find_spec(
        self, fullname: str, path: Optional[Sequence[str]] = None, target: Optional[ModuleType] = None
    ) -> Optional[ModuleSpec]:
        if fullname not in UNUSED:
            return None
        if self._whole is None:
            self._whole = wants_whole(self._root)
        return None if self._whole else ModuleSpec(fullname, self)

    def exec_module(self, module: ModuleType) -> None:
        def names(name: str) -> type[Placeholder]:
            if name.startswith("__"):
                raise AttributeError(name)
            found = type(name, (Placeholder,), {"__module__": module.__name__})
            setattr(module, name, found)
            return found

        module.__getattr__ = names  # type: ignore[method-assign]  # PEP 562


def wants_whole(root: Path) -> bool:
    """Whether a project names components or channels of Rasa's that are left out otherwise."""
    if os.environ.get("RASA_WHOLE"):
        return True
    config, channels = _text(root / "config.yml"), _text(root / "credentials.yml")
    components = set(re.findall(r"^\s*-?\s*name:\s*[\"']?(\w+)[\"']?\s*(?:#.*)?$", config, re.MULTILINE))
    return bool(components - LIGHT or re.search(r"^\w+:", channels, re.MULTILINE))


def install(root: Path = ROOT) -> None:
    """Leave out of Rasa, as far as it is not imported yet, what the project in ``root`` does not use."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder(root))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""
