"""The numbers behind the intent classifier, free of Rasa so that experiments and benchmarks can use them alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Optional

import numpy as np
import numpy.typing as npt

from hotline.nlu.features import bare, features
from hotline.text import collapse

# How confidence is made (benchmarks/understanding.py shows what other values do): how sharply scores become
# probabilities, how much a strange word weighs, and how many words it takes before strangeness counts in full.
TEMPERATURE, SEVERITY, SMOOTHING = 7.0, 3, 3
NOT_OURS = {"out_of_scope", "chitchat"}

Row = tuple[str, str, Optional[str]]
"""Text, intent, and what was asked before (or None)."""


class IntentModel:
    """A linear model with one weight for every feature and intent."""

    def __init__(
        self,
        intents: Sequence[str],
        names: Sequence[str],
        weights: npt.NDArray[np.float32],
        idf: npt.NDArray[np.float32],
        bias: npt.NDArray[np.float32],
        temperature: float,
        familiar: Iterable[str] = (),
    ) -> None:
        """``weights`` has a row for each of ``names`` and a column for each of ``intents``.

        ``familiar`` are the pairs of characters that customers use when they speak of our service.
        """
        self._familiar = frozenset(familiar)
        self.intents, self.names = list(intents), list(names)
        self._index = {name: i for i, name in enumerate(self.names)}
        self._weights, self._idf, self._bias, self._temperature = weights, idf, bias, temperature

    @classmethod
    def train(cls, rows: Sequence[Row]) -> IntentModel:
        """Learn from rows of normalised text."""
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.svm import LinearSVC

        vectorizer = TfidfVectorizer(analyzer=lambda row: features(*row), min_df=2, sublinear_tf=True, dtype=np.float32)
        x = vectorizer.fit_transform([(text, asked) for text, _, asked in rows])
        svm = LinearSVC(C=0.3).fit(x, [intent for _, intent, _ in rows])
        return cls(
            list(svm.classes_),
            list(vectorizer.get_feature_names_out()),
            np.ascontiguousarray(svm.coef_.T, dtype=np.float32),
            vectorizer.idf_.astype(np.float32),
            svm.intercept_.astype(np.float32),
            TEMPERATURE,
            sorted({pair for text, intent, _ in rows if intent not in NOT_OURS for pair in _pairs(text)}),
        )

    def scores(self, text: str, asked: Optional[str] = None) -> npt.NDArray[np.float32]:
        """The raw score of every intent."""
        index = self._index
        known = [i for name in features(text, asked) if (i := index.get(name)) is not None]
        if not known:
            return self._bias
        ids, counts = np.unique(np.array(known), return_counts=True)
        value = (1 + np.log(counts.astype(np.float32))) * self._idf[ids]
        result: npt.NDArray[np.float32] = (value / np.linalg.norm(value)) @ self._weights[ids] + self._bias
        return result

    def probabilities(self, text: str, asked: Optional[str] = None) -> npt.NDArray[np.float32]:
        """The calibrated probability of every intent."""
        scores = self.scores(text, asked) * self._temperature
        powers = np.exp(scores - scores.max())
        result: npt.NDArray[np.float32] = powers / powers.sum() * self.familiarity(text)
        return result

    def familiarity(self, text: str) -> float:
        """From 1 for words that customers use with us down to nearly 0 for talk of something else.

        A linear model is sure of itself on a recipe too, if one word of it is ours; how much of the rest was ever heard
        here tells the two apart.
        """
        pairs = _pairs(text)
        strange = sum(1 for pair in pairs if pair not in self._familiar)
        return float((1 - strange / (len(pairs) + SMOOTHING)) ** SEVERITY)

    def save(self, path: Path) -> None:
        """Write the model to a file."""
        np.savez(
            path,
            intents=np.array(self.intents),
            names=np.array("\n".join(self.names)),
            weights=self._weights,
            idf=self._idf,
            bias=self._bias,
            temperature=np.float32(self._temperature),
            familiar=np.array("\n".join(sorted(self._familiar))),
        )

    @classmethod
    def load(cls, path: Path) -> IntentModel:
        """Read a model from a file."""
        with np.load(path) as stored:
            return cls(
                [str(i) for i in stored["intents"]],
                str(stored["names"]).split("\n"),
                stored["weights"],
                stored["idf"],
                stored["bias"],
                float(stored["temperature"]),
                str(stored["familiar"]).split("\n"),
            )


def _pairs(text: str) -> list[str]:
    core = bare(collapse(text)) or bare(text)
    return [core[i : i + 2] for i in range(len(core) - 1)] or [core]
