"""Our tracker is what Rasa's replay would make of any events, and stays so as they come one by one."""

from __future__ import annotations

import random

import pytest
from rasa.core.policies.rule_policy import RulePolicy
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActionReverted,
    ActiveLoop,
    AllSlotsReset,
    BotUttered,
    ConversationPaused,
    DefinePrevUserUtteredFeaturization,
    Event,
    FollowupAction,
    LoopInterrupted,
    Restarted,
    SessionStarted,
    SlotSet,
    UserUtteranceReverted,
    UserUttered,
)
from rasa.shared.core.slots import BooleanSlot, TextSlot
from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity

from hotline.dialogue.events import events_from
from hotline.dialogue.rulebook import RuleBook
from hotline.dialogue.tracker import SHOWN, HotlineTracker

FORMS = ["book_form", "pay_form"]


def domain() -> Domain:
    custom = [{"type": "custom"}]
    slots = [
        TextSlot("said", mappings=custom, influence_conversation=False),
        BooleanSlot("sure", mappings=custom, initial_value=False, influence_conversation=True),
    ]
    forms = {name: {"required_slots": []} for name in FORMS}
    return Domain(["greet", "inform"], ["month"], slots, {}, ["action_a", *FORMS], forms, {})


def drawn(chance: random.Random) -> Event:
    """Any event, those that make a talk more often than those that take something back."""
    form = chance.choice(FORMS)
    month = [{"entity": "month", "value": "3"}]
    often = [
        UserUttered("好", {"name": chance.choice(["greet", "inform"])}, chance.choice([[], month])),
        ActionExecuted("action_listen"),
        ActionExecuted(form),
        ActionExecuted("action_a", hide_rule_turn=chance.random() < 0.5),
        ActiveLoop(chance.choice([form, form, None])),
        SlotSet("sure", chance.random() < 0.5),
        SlotSet("said", "x"),
        BotUttered("您好"),
    ]
    rarely = [
        ActionExecutionRejected(form),
        LoopInterrupted(True),
        FollowupAction("action_a"),
        UserUtteranceReverted(),
        ActionReverted(),
        SessionStarted(),
        Restarted(),
        AllSlotsReset(),
        ConversationPaused(),
    ]
    return chance.choice(often if chance.random() < 0.92 else rarely)


@pytest.mark.parametrize("seed", range(40))
def test_whatever_happens_it_is_as_rasa_would_replay_it(seed: int) -> None:
    chance, rules = random.Random(seed), domain()
    ours = HotlineTracker("c", rules.slots).for_domain(rules)
    for _ in range(80):
        event = drawn(chance)
        ours.update(event)
        if (
            isinstance(event, UserUttered) and chance.random() < 0.8
        ):  # as Rasa does when it has predicted the next action
            ours.recent_states(rules, 2)
            ours.update(DefinePrevUserUtteredFeaturization(chance.random() < 0.2))
        if chance.random() < 0.4:
            stock = DialogueStateTracker.from_events("c", list(ours.events), rules.slots)
            assert ours.applied_events() == stock.applied_events()
            assert ours.past_states(rules) == stock.past_states(rules)
            assert ours.recent_states(rules, 3) == stock.past_states(rules)[-3:]
            hidden = {"ignore_rule_only_turns": True, "rule_only_data": {}}
            assert ours.past_states(rules, **hidden) == stock.past_states(rules, **hidden)
            for verbosity in EventVerbosity:
                expected, state = stock.current_state(verbosity), ours.current_state(verbosity)
                assert {**state, "active_loop": 0} == {**expected, "active_loop": 0}
                assert ours.active_loop == stock.active_loop
            assert ours.idx_after_latest_restart() == stock.idx_after_latest_restart()


def test_a_copy_and_its_original_do_not_change_each_other() -> None:
    rules = domain()
    tracker = HotlineTracker("c", rules.slots).for_domain(rules)
    for event in (SlotSet("said", "一"), ActionExecuted("action_listen"), ActiveLoop("book_form")):
        tracker.update(event)
    known = tracker.event_dicts()
    copy = tracker.copy()
    copy.update(SlotSet("said", "二"))
    copy.update(LoopInterrupted(True))
    tracker.update(ActiveLoop(None))
    assert (tracker.get_slot("said"), copy.get_slot("said")) == ("一", "二")
    assert (tracker.active_loop_name, copy.active_loop_name) == (None, "book_form")
    assert [row["event"] for row in copy.event_dicts(3)] == ["slot", "loop_interrupted"]
    assert [row["event"] for row in copy.event_dicts(4)] == ["loop_interrupted"]
    another = copy.copy()
    copy.update(SlotSet("said", "三"))
    for one, last in ((tracker, ActiveLoop), (copy, SlotSet), (another, LoopInterrupted)):
        assert [one.events[n] for n in range(len(one.events))] == list(one.events) == list(reversed(one.events))[::-1]
        assert type(one.events[-1]) is last
    assert (len(copy.events), len(another.events), copy.events == another.events) == (6, 5, False)
    assert another.events == another.copy().events
    assert [row["event"] for row in tracker.event_dicts(3)] == ["active_loop"]
    assert tracker.event_dicts()[:3] == known
    assert copy.past_states(rules) == DialogueStateTracker.from_events("c", list(copy.events), rules.slots).past_states(
        rules
    )


def test_an_action_is_shown_the_last_of_very_many_events() -> None:
    tracker = HotlineTracker("c", [])
    for number in range(SHOWN + 5):
        tracker.update(UserUttered(str(number)))
    shown = tracker.current_state(EventVerbosity.ALL)["events"]
    assert [shown[0]["text"], shown[-1]["text"], len(shown)] == ["5", str(SHOWN + 4), SHOWN]


def test_actions_are_counted_back_to_where_the_assistant_listened() -> None:
    tracker = HotlineTracker("c", [])
    for name in ("action_a", "action_listen", "action_a", "book_form"):
        tracker.update(ActionExecuted(name))
    assert tracker.actions_since_listening(("action_listen",)) == 2


def test_events_come_back_from_json_as_rasa_makes_them() -> None:
    events = [drawn(random.Random(seed)) for seed in range(100)]
    rows = [event.as_dict() for event in events]
    assert [event.as_dict() for event in events_from(rows)] == rows
    assert events_from([{"no": "event"}]) == []


def test_the_rule_book_finds_what_a_search_of_all_rules_finds() -> None:
    chance = random.Random(1)

    def state() -> dict[str, dict[str, str]]:
        whole = {
            "prev_action": {"action_name": chance.choice(["action_listen", "action_a"])},
            "user": {"intent": chance.choice(["greet", "inform"])},
            "active_loop": {"name": chance.choice([*FORMS, "should_not_be_set"])},
        }
        return {key: value for key, value in whole.items() if chance.random() < 0.7}

    import json

    for _ in range(200):
        lookup = {json.dumps([state() for _ in range(chance.randint(1, 3))]): "action_a" for _ in range(20)}
        states = [state() for _ in range(chance.randint(1, 4))]
        book = RuleBook(lookup)
        stock = object.__new__(RulePolicy)
        assert set(book.applicable(states)) == RulePolicy._get_possible_keys(stock, lookup, states)
        assert book.depth == max(len(json.loads(key)) for key in lookup)
