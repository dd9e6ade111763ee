"""The numbers behind the intent classifier, free of Rasa so that experiments and benchmarks can use them alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple, Optional

import numpy as np
import numpy.typing as npt

from hotline.nlu.features import ANSWERED, Reading, features, read, topic_features
from hotline.text import hesitates

# How confidence is made, measured on hands that the model had not seen (docs/understanding.md): how sharply scores
# become probabilities; how much a turn of nothing but strange words counts as none of our business; and after how many
# pairs of syllables that begins to weigh in full.
SHARPNESS, SEVERITY, SMOOTHING = 5.0, 5.0, 3
# How often a pair of syllables is to be heard before it is familiar: among so many examples what one customer once said
# in an aside – of a match, of a series on television – is no word of ours.
FAMILIAR = 2
NOT_OURS = {"out_of_scope", "chitchat"}
# What a sentence of a context counts where it is learnt without.
BARE = 0.5
# How loud the task that was served last speaks beside all the words of a turn, which together have the length of 1.
TOPIC = 0.6


class Row(NamedTuple):
    """A sentence to learn from: normalised text, intent, what was asked and which task was served before it."""

    text: str
    intent: str
    asked: Optional[str] = None
    topic: Optional[str] = None


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

        ``idf`` is what each name counts: rare words more than common ones, the topic always the same.

        ``familiar`` are the pairs of syllables (``hua-fei``) that customers use when they speak of our service, and
        ``unheard`` is the share of what they say that is not among them.
        """
        self.intents, self.names = list(intents), list(names)
        self._index = {name: i for i, name in enumerate(self.names)}
        self._places = {intent: i for i, intent in enumerate(self.intents)}
        # Taken apart and added up at every turn: turned into what NumPy multiplies once.
        self._weights, self._idf, self._bias = weights.astype(np.float32), idf, bias
        self._familiar, self._unheard = frozenset(familiar), unheard

    @classmethod
    def train(cls, rows: Sequence[Row]) -> IntentModel:
        """Learn from rows of normalised text.

        What was said in a context is learnt without it too, because a bare sentence must be understood as well; but at
        half the weight, so that answers and follow-ups say less about what the same words mean by themselves. What
        carries no topic where there must have been one speaks for itself: it is learnt after any of them, so that the
        topic counts for less the more the words say.
        """
        from scipy.sparse import hstack
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.preprocessing import MultiLabelBinarizer
        from sklearn.svm import LinearSVC

        chance, topics = Random(1), [row.topic for row in rows if row.topic]
        turns: list[tuple[Reading, Optional[str], Optional[str]]] = []
        for text, _, asked, topic in rows:
            any_topic = chance.choice(topics) if topics and asked in ANSWERED else None
            turns.append((read(text), asked, topic or any_topic))
        intents, weights = [row.intent for row in rows], np.ones(len(rows))
        in_context = [i for i, row in enumerate(rows) if row.asked]
        turns += [(turns[i][0], None, None) for i in in_context]
        intents += [intents[i] for i in in_context]
        weights = np.append(weights, np.full(len(in_context), BARE))

        words = TfidfVectorizer(
            analyzer=lambda turn: features(turn[0], turn[1]), min_df=3, sublinear_tf=True, dtype=np.float32
        )
        served = MultiLabelBinarizer(sparse_output=True)
        x_served = served.fit_transform([topic_features(*turn) for turn in turns]).astype(np.float32)
        x = hstack([words.fit_transform(turns), TOPIC * x_served], format="csr")
        svm = LinearSVC(C=1).fit(x, intents, weights)
        heard = Counter(
            "-".join(pair)
            for (reading, _, _), intent in zip(turns, intents, strict=True)
            if intent not in NOT_OURS
            for pair in reading.pairs()
        )
        rare = sum(count for count in heard.values() if count < FAMILIAR)
        names = [*words.get_feature_names_out(), *served.classes_]
        return cls(
            list(svm.classes_),
            names,
            np.ascontiguousarray(svm.coef_.T, dtype=np.float16),
            np.append(words.idf_, np.full(len(names) - len(words.idf_), TOPIC)).astype(np.float32),
            svm.intercept_.astype(np.float32),
            sorted(pair for pair, count in heard.items() if count >= FAMILIAR),
            # Good and Turing: what was heard once is as frequent as what was never heard yet.
            (rare + sum(count == 1 for count in heard.values())) / (1 + sum(heard.values())),
        )

    def scores(self, text: str, asked: Optional[str] = None, topic: Optional[str] = None) -> Floats:
        """The raw score of every intent."""
        return self._scores(read(text), asked, topic)

    def _scores(self, reading: Reading, asked: Optional[str], topic: Optional[str]) -> Floats:
        result = self._bias.copy()
        if words := self._known(features(reading, asked)):
            occurs = Counter(words)
            ids, counts = list(occurs), np.fromiter(occurs.values(), np.float32, len(occurs))
            value = (1 + np.log(counts)) * self._idf[ids]
            result += (value / np.linalg.norm(value)) @ self._weights[ids]
        if served := self._known(topic_features(reading, asked, topic)):
            result += self._idf[served] @ self._weights[served]
        return result

    def _known(self, names: Iterable[str]) -> list[int]:
        return [i for name in names if (i := self._index.get(name)) is not None]

    def probabilities(self, text: str, asked: Optional[str] = None, topic: Optional[str] = None) -> Floats:
        """The calibrated probability of every intent; what is missing to one is doubt whether it is any of them.

        ``topic`` is the intent of the task that was served last. A text without a word, or of hesitation alone, is
        nothing at all.
        """
        reading = read(text)
        if not reading.whole or hesitates(text):
            return np.zeros(len(self.intents), np.float32)
        scores = self._scores(reading, asked, topic)
        # None of the intents: the rival of all the others, and the stronger the stranger the words.
        outside, strangeness = self._places.get("out_of_scope"), self._strangeness(reading)
        stranger = float(scores.mean() if outside is None else scores[outside]) + SEVERITY * strangeness
        leads = outside is not None and int(scores.argmax()) == outside
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
            weights=self._weights.astype(np.float16),  # half the size, and as good
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
