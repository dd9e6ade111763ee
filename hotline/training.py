"""Training by Rasa's engine, from data that are read once.

``rasa train`` reads every file several times to see what is in it, checks each against a schema, and copies all
examples for every file that it adds: with twenty thousand examples that is most of the time. Here the folders say what
is in them, a fast parser reads the files, and Rasa's own reader, graph, cache and checks of rules do the rest.
"""

from __future__ import annotations

import tarfile
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Optional, Union

import yaml
from rasa.engine.caching import LocalTrainingCache
from rasa.engine.graph import GraphModelConfiguration
from rasa.engine.recipes.recipe import Recipe
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.engine.storage.local_model_storage import MODEL_ARCHIVE_COMPONENTS_DIR, LocalModelStorage
from rasa.engine.storage.storage import ModelMetadata
from rasa.engine.training.graph_trainer import GraphTrainer
from rasa.engine.validation import validate
from rasa.shared.core.domain import Domain
from rasa.shared.core.training_data.structures import StoryGraph
from rasa.shared.data import TrainingType
from rasa.shared.importers.importer import TrainingDataImporter
from rasa.shared.importers.utils import story_graph_from_paths
from rasa.shared.nlu.training_data.formats.rasa_yaml import RasaYAMLReader
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils.io import read_model_configuration

from hotline.errors import SettingsError


class HotlineData(TrainingDataImporter):
    """``config.yml``, ``domain.yml``, and under ``data`` the folders ``nlu``, ``rules`` and ``stories``."""

    def __init__(self, root: Path) -> None:
        """The data of a project; nothing is read yet."""
        self._root = root

    def get_config(self) -> dict[str, Any]:
        """See Rasa's."""
        config: dict[str, Any] = read_model_configuration(str(self._root / "config.yml"))
        return config

    def get_config_file_for_auto_config(self) -> Optional[str]:
        """See Rasa's."""
        return str(self._root / "config.yml")

    def get_domain(self) -> Domain:
        """See Rasa's."""
        return self._domain

    def get_stories(self, exclusion_percentage: Optional[int] = None) -> StoryGraph:
        """See Rasa's."""
        return self._stories

    def get_conversation_tests(self) -> StoryGraph:
        """None: ours are in ``tests/conversations``, in a form of their own."""
        return StoryGraph([])

    def get_nlu_data(self, language: Optional[str] = "zh") -> TrainingData:
        """See Rasa's."""
        return self._examples

    @cached_property
    def _domain(self) -> Domain:
        return Domain.load(str(self._root / "domain.yml"))

    @cached_property
    def _stories(self) -> StoryGraph:
        folders = self._root / "data" / "rules", self._root / "data" / "stories"
        files = sorted(str(path) for folder in folders for path in folder.rglob("*.yml"))
        return story_graph_from_paths(files, self._domain)

    @cached_property
    def _examples(self) -> TrainingData:
        reader = RasaYAMLReader()
        for path in sorted((self._root / "data" / "nlu").rglob("*.yml")):
            reader.filename = str(path)
            reader._parse_nlu(_sections(path))
        return TrainingData(
            reader.training_examples, reader.entity_synonyms, reader.regex_features, reader.lookup_tables
        )


def _sections(path: Path) -> list[dict[str, Any]]:
    """The sections of a file of examples; ``SettingsError`` names a file that is none, or a section that is unknown."""
    with path.open(encoding="utf-8") as stream:
        content = yaml.load(stream, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    sections = content.get("nlu") if isinstance(content, dict) else None
    if not isinstance(sections, list) or set(content) != {"version", "nlu"}:
        raise SettingsError(f"{path}: a file of examples has a version and a list under nlu, nothing else")
    for section in sections:
        kind = next((kind for kind in ("intent", "synonym", "lookup", "regex") if kind in section), "")
        unknown = set(section) - {kind, "examples", "metadata"}
        if unknown or not section.get(kind) or not section.get("examples"):
            raise SettingsError(f"{path}: not a section of examples: {str(section)[:80]}")
    return sections


class QuickArchive(LocalModelStorage):
    """Rasa's storage whose archive is packed loosely: weights hardly shrink, and zlib tries hard for 15 seconds."""

    def create_model_package(
        self, model_archive_path: Union[str, Path], model_configuration: GraphModelConfiguration, domain: Domain
    ) -> ModelMetadata:
        """See Rasa's."""
        metadata = self._create_model_metadata(domain, model_configuration)
        Path(model_archive_path).parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory() as name, tarfile.open(model_archive_path, "w:gz", compresslevel=1) as archive:
            self._persist_metadata(metadata, Path(name))
            archive.add(name, arcname="")
            archive.add(self._storage_path, arcname=MODEL_ARCHIVE_COMPONENTS_DIR)
        return metadata


def train(root: Path, output: Path, force: bool) -> None:
    """Train ``output`` from the data of a project; what did not change is taken from Rasa's cache, unless forced.

    Raises what Rasa raises when data or configuration contradict themselves, and ``SettingsError``.
    """
    data = HotlineData(root)
    config = data.get_config()
    recipe = Recipe.recipe_for_name(config.get("recipe"))
    configuration = recipe.graph_config_for_recipe(config, {}, training_type=TrainingType.BOTH)
    validate(configuration)
    with TemporaryDirectory() as name:
        trainer = GraphTrainer(QuickArchive(Path(name)), LocalTrainingCache(), DaskGraphRunner)
        trainer.train(configuration, data, output, force_retraining=force)
