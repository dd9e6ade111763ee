"""What Prometheus reads at ``/metrics``: counted where it happens, without a customer's words, number or id.

    hotline_turn_seconds{channel}      turns and how long they took, waiting included
    hotline_stage_seconds{stage}       lock (waiting for the conversation), load, rasa (understand, decide, act), save
    hotline_answers_total{response}    answers by their name in domain.yml
    hotline_fallbacks_total            messages that were not understood
    hotline_handoffs_total             customers that were put into the queue of the human agents
    hotline_errors_total{kind}         fault (the engine or a store failed), too_late, unavailable (a backend), refused

Tickets, open handoffs and the outbox are asked of the database when ``/metrics`` is read (``hotline/probes.py``).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache

from prometheus_client import CollectorRegistry, Counter, Histogram

from hotline.answers import Answer

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
ERRORS = {
    "utter_courtesy_fault": "fault",
    "utter_courtesy_too_late": "too_late",
    "utter_courtesy_unavailable": "unavailable",
}


class Metrics:
    """The counters of one process."""

    def __init__(self) -> None:
        self.registry = here = CollectorRegistry()
        self._turns = Histogram("hotline_turn_seconds", "Turns", ["channel"], buckets=SECONDS, registry=here)
        self._stages = Histogram("hotline_stage_seconds", "Stages of turns", ["stage"], buckets=SECONDS, registry=here)
        self._answers = Counter("hotline_answers", "Answers by their name", ["response"], registry=here)
        self._fallbacks = Counter("hotline_fallbacks", "Messages that were not understood", registry=here)
        self._handoffs = Counter("hotline_handoffs", "Customers put into the queue of the agents", registry=here)
        self._errors = Counter("hotline_errors", "Turns excused or refused", ["kind"], registry=here)
        # The library looks a label up under a lock and through all of its names.
        self._channel = lru_cache(1000)(self._turns.labels)
        self._stage = lru_cache(1000)(self._stages.labels)
        self._answer = lru_cache(1000)(self._answers.labels)

    def turn(self, channel: str, seconds: float, answers: Iterable[Answer]) -> None:
        """A message was answered."""
        self._channel(channel).observe(seconds)
        for answer in answers:
            if not answer.name:
                continue
            self._answer(answer.name).inc()
            if answer.name in ERRORS:
                self._errors.labels(ERRORS[answer.name]).inc()
            if answer.metadata.get("not_understood"):
                self._fallbacks.inc()
            if answer.metadata.get("queues"):
                self._handoffs.inc()

    def refused(self) -> None:
        """A message was not let in."""
        self._errors.labels("refused").inc()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure a stage of a turn, whether it succeeds or not."""
        started = time.monotonic()
        try:
            yield
        finally:
            self._stage(name).observe(time.monotonic() - started)
