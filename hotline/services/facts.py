"""What reports count of a conversation: facts, derived from a turn that is about to be kept and kept together with it.

| kind | once a | name |
|---|---|---|
| ``begun`` | conversation | – ; at the first thing that the customer says: opening the widget is no conversation |
| ``handed_off`` | conversation that was handed off, under the day and hour it began | – |
| ``ended`` | conversation | ``farewell``, or ``left`` when the customer was gone without one |
| ``topic`` | conversation and topic | the topic that the assistant spoke about |
| ``understood`` | message to the assistant | – |
| ``not_understood`` | message to the assistant | what was said, masked |
| ``said`` | sentence with a clause of the manual | the clause |
| ``handoff`` | handoff | its reason |
| ``waited`` | handoff that was in the queue | ``answered``, or how else it ended; ``value``: seconds in the queue |
| ``talked`` | handoff that was answered | the agent's log-in; ``value``: seconds from being claimed to the end |
| ``taboo`` | phrase of an agent that was held back | the phrase |

Other facts have tables of their own: tickets with their histories, ratings, calls.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hotline.masking import mask
from hotline.ports import Conversation, Fact, Mode

BEGUN, ENDED, TOPIC, HANDED_OFF = "begun", "ended", "topic", "handed_off"
UNDERSTOOD, NOT_UNDERSTOOD = "understood", "not_understood"
SAID, HANDOFF, TABOO = "said", "handoff", "taboo"
WAITED, TALKED, ANSWERED = "waited", "talked", "answered"

KINDS = (BEGUN, HANDED_OFF, ENDED, TOPIC, UNDERSTOOD, NOT_UNDERSTOOD, SAID, HANDOFF, WAITED, TALKED, TABOO)
WORDED = (NOT_UNDERSTOOD,)  # whose names are customers' words, which are not kept for ever
HOURLY = (BEGUN, HANDED_OFF, HANDOFF)  # which reports show by the hour; of the others the day is enough
UNANSWERED = 60  # seconds (ch2: 客户等待超过60秒未做答则视为未应答)
LONGEST = 200  # characters of a name
COUNTED = "counted"  # in a conversation's state: what is counted once
HOUSE = "house"  # the clause of what the manual does not prescribe
# The parts of responses' names that are no topic a customer has a wish about; handoffs are counted by themselves.
NO_TOPICS = frozenset({"courtesy", "verification", "ask", "invalid", "handoff"})

Answers = Sequence[Mapping[str, Any]]


def facts_of(conversation: Conversation, answers: Answers) -> list[Fact]:
    """The facts of one turn; what is counted once is noted in ``conversation.state``."""
    said = next((str(_metadata(answer)["said"]) for answer in answers if _metadata(answer).get("said")), "")
    named = [answer for answer in answers if answer.get("name")]
    counted = set(conversation.state.get(COUNTED, ()))
    once = [fact for fact in _once(conversation, said, named) if _key(fact) not in counted]
    if BEGUN not in counted and not any(fact.kind == BEGUN for fact in once):
        once = []  # nothing was said yet
    if once:
        conversation.state[COUNTED] = sorted(counted | {_key(fact) for fact in once})
    return [*once, *_every_time(said, named)]


def _once(conversation: Conversation, said: str, answers: Answers) -> Iterator[Fact]:
    if said:
        yield Fact(BEGUN)
    topics = (answer["name"].split("_")[1] for answer in answers if answer["name"].startswith("utter_"))
    for topic in dict.fromkeys(topics):
        if topic not in NO_TOPICS:
            yield Fact(TOPIC, topic)
    if conversation.mode is Mode.CLOSED:
        yield Fact(ENDED, "farewell" if answers else "left")


def _every_time(said: str, answers: Answers) -> Iterator[Fact]:
    if said and answers:
        lost = any(_metadata(answer).get("not_understood") for answer in answers)
        yield Fact(NOT_UNDERSTOOD, mask(said)[:LONGEST]) if lost else Fact(UNDERSTOOD)
    for answer in answers:
        clause = str(_metadata(answer).get("clause") or HOUSE)
        if clause != HOUSE:
            yield Fact(SAID, clause)


def _metadata(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    return answer.get("metadata") or {}


def _key(fact: Fact) -> str:
    return f"{fact.kind}:{fact.name}" if fact.kind == TOPIC else fact.kind
