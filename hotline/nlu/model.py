"""The numbers behind the intent classifier, free of Rasa so that experiments and benchmarks can use them alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Optional

import numpy as np
import numpy.typing as npt

from hotline.nlu.features import Reading, features, read
from hotline.nlu.requests import MOVES

# How confidence is made, measured on hands that the model had not seen (docs/understanding.md): how sharply scores
# become probabilities; how much a turn of nothing but strange words counts as none of our business; and after how many
# pairs of syllables that begins to weigh in full.
SHARPNESS, SEVERITY, SMOOTHING = 5.0, 6.0, 3
NOT_OURS = {"out_of_scope", "chitchat"}
# What a sentence of a context counts where it is learnt without.
BARE = 0.5
# A short turn that follows an answer is likelier about the same matter: what that adds to its score. More where the
# words are those of a request, because then the question is only which; less where they are thanks, a yes, a value.
SAME_TASK, SAME_TOPIC, FOLLOW_UP, ANSWERED = 0.5, 0.2, 20, {"told", "anything_else"}

Row = tuple[str, str, Optional[str]]
"""Text, intent, and what was asked before (or None)."""

Floats = npt.NDArray[np.float32]


class IntentModel:
    """A linear model with one weight for every feature and intent."""

    def __init__(
        self,
        intents: Sequence[str],
        names: Sequence[str],
        weights: npt.NDArray[np.float16],
        idf: Floats,
        bias: Floats,
        familiar: Iterable[str],
        unheard: float,
    ) -> None:
        """``weights`` has a row for each of ``names`` and a column for each of ``intents``.

        ``familiar`` are the pairs of syllables (``hua-fei``) that customers use when they speak of our service, and
        ``unheard`` is the share of theirs that is probably missing from it.
        """
        self.intents, self.names = list(intents), list(names)
        self._index = {name: i for i, name in enumerate(self.names)}
        self._places = {intent: i for i, intent in enumerate(self.intents)}
        self._weights, self._idf, self._bias = weights, idf, bias
        self._familiar, self._unheard = frozenset(familiar), unheard

    @classmethod
    def train(cls, rows: Sequence[Row]) -> IntentModel:
        """Learn from rows of normalised text.

        What was said in a context is learnt without it too, because a bare sentence must be understood as well; but at
        half the weight, so that answers and follow-ups say less about what the same words mean by themselves.
        """
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.svm import LinearSVC

        readings = [(read(text), intent, asked) for text, intent, asked in rows]
        weights = np.repeat((1.0, BARE), (len(rows), sum(1 for _, _, asked in rows if asked)))
        readings += [(reading, intent, None) for reading, intent, asked in readings if asked]
        vectorizer = TfidfVectorizer(analyzer=lambda row: features(*row), min_df=3, sublinear_tf=True, dtype=np.float32)
        x = vectorizer.fit_transform([(reading, asked) for reading, _, asked in readings])
        svm = LinearSVC(C=1).fit(x, [intent for _, intent, _ in readings], weights)
        heard = Counter("-".join(pair) for r, intent, _ in readings if intent not in NOT_OURS for pair in r.pairs())
        return cls(
            list(svm.classes_),
            list(vectorizer.get_feature_names_out()),
            np.ascontiguousarray(svm.coef_.T, dtype=np.float16),
            vectorizer.idf_.astype(np.float32),
            svm.intercept_.astype(np.float32),
            sorted(heard),
            # Good and Turing: what was heard once is as frequent as what was never heard yet.
            sum(count == 1 for count in heard.values()) / (1 + sum(heard.values())),
        )

    def scores(self, text: str, asked: Optional[str] = None) -> Floats:
        """The raw score of every intent."""
        return self._scores(read(text), asked)

    def _scores(self, reading: Reading, asked: Optional[str]) -> Floats:
        index = self._index
        known = [i for name in features(reading, asked) if (i := index.get(name)) is not None]
        if not known:
            return self._bias
        ids, counts = np.unique(np.array(known), return_counts=True)
        value = (1 + np.log(counts.astype(np.float32))) * self._idf[ids]
        result: Floats = (value / np.linalg.norm(value)) @ self._weights[ids].astype(np.float32) + self._bias
        return result

    def probabilities(self, text: str, asked: Optional[str] = None, topic: Optional[str] = None) -> Floats:
        """The calibrated probability of every intent; what is missing to one is doubt whether it is any of them.

        ``topic`` is the intent of the task that was served last. A text without a word is nothing at all.
        """
        reading = read(text)
        if not reading.whole:
            return np.zeros(len(self.intents), np.float32)
        scores = self._scores(reading, asked)
        # None of the intents: the rival of all the others, and the stronger the stranger the words.
        outside, strangeness = self._places.get("out_of_scope"), self._strangeness(reading)
        stranger = float(scores.mean() if outside is None else scores[outside]) + SEVERITY * strangeness
        leads = outside is not None and int(scores.argmax()) == outside
        if topic in self._places and asked in ANSWERED and len(reading.core) <= FOLLOW_UP:
            move = self.intents[int(scores.argmax())] in MOVES
            scores = scores.copy()
            scores[self._places[topic]] += SAME_TOPIC if move else SAME_TASK
        highest = max(float(scores.max()), stranger)
        powers = np.exp((scores - highest) * SHARPNESS)
        doubt = float(np.exp((stranger - highest) * SHARPNESS))
        result: Floats = powers / (powers.sum() + doubt)
        if leads:  # doubt whether it is any of ours speaks for this one, unless nobody can tell what was said
            result[outside] = (result[outside] + doubt / (powers.sum() + doubt)) * (1 - strangeness) ** 3
        return result

    def strangeness(self, text: str) -> float:
        """From 0 for words that customers use with us to nearly 1 for talk of something else.

        A linear model is sure of itself on a recipe too, if one word of it is ours; how much of the rest was ever heard
        here tells the two apart. Heard, not read: a homophone is no strange word. What customers say that is merely
        missing from the examples is taken off, so that few examples do not make strangers of our own customers.
        """
        return self._strangeness(read(text))

    def _strangeness(self, reading: Reading) -> float:
        pairs = reading.pairs()
        strange = sum("-".join(pair) not in self._familiar for pair in pairs) / (len(pairs) + SMOOTHING)
        return max(0.0, strange - self._unheard) / (1 - self._unheard)

    def save(self, path: Path) -> None:
        """Write the model to a file."""
        np.savez_compressed(
            path,
            intents=np.array(self.intents),
            names=np.array("\n".join(self.names)),
            weights=self._weights,
            idf=self._idf,
            bias=self._bias,
            familiar=np.array("\n".join(sorted(self._familiar))),
            unheard=np.array(self._unheard),
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
                str(stored["familiar"]).split("\n"),
                float(stored["unheard"]),
            )
