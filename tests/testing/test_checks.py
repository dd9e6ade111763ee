"""Every check of a conversation test can fail: each with a talk that passes and the same talk with one thing wrong."""

from __future__ import annotations

import pytest

from hotline.testing.report import failure
from hotline.testing.runner import StepError
from tests.testing.conftest import Play

STRICT = "strict: true\n"
HELLO = "您好!请问有什么可以帮助您?"
MORE = "请问还有什么可以帮助您?"


def talk(*steps: str, head: str = STRICT, case: str = "") -> str:
    lines = "".join(f"  - {step}\n" for step in steps)
    return f"{head}test_cases:\n- test_case: a talk\n{case}  steps:\n{lines}"


@pytest.mark.parametrize(
    ("step", "why"),
    [
        (
            "utter: utter_courtesy_gret",
            "utter: utter_courtesy_gret is not in domain.yml; did you mean utter_courtesy_greet",
        ),
        ("intent: gret", "intent: gret is not in domain.yml"),
        ("slot_was_not_set: [phone_numbr]", "phone_numbr is not in domain.yml; did you mean phone_number"),
        ("slot_was_set: [{phone_numbr: 1}]", "phone_numbr is not in domain.yml"),
    ],
)
def test_a_name_that_the_domain_does_not_have_is_no_expectation(played: Play, step: str, why: str) -> None:
    with pytest.raises(StepError, match=rf"talk.yml:6: .*{why}"):
        played(talk("user: 你好", step, "..."))


@pytest.mark.parametrize(
    ("right", "wrong", "why"),
    [
        ([f"bot: {HELLO}"], ["bot: 您好!"], "other words"),
        (["utter: utter_courtesy_greet"], ["utter: utter_courtesy_goodbye"], "the response was utter_courtesy_greet"),
        ([f"bot: {HELLO}"], [f"bot: {HELLO}", f"bot: {MORE}"], "nothing more was said"),
        (["..."], [], "more was said than expected"),
        (["intent: greet", "..."], ["intent: goodbye", "..."], "it was understood as greet"),
        (["mode: bot", "..."], ["mode: closed", "..."], "the conversation is bot"),
        (
            ["slot_was_not_set: [phone_number]", "..."],
            ["slot_was_set: [phone_number]", "..."],
            "phone_number was not set",
        ),
        (["sms: none", "..."], ["sms: {phone: '13800138000'}", "..."], "there is none"),
    ],
)
def test_a_greeting(played: Play, right: list[str], wrong: list[str], why: str) -> None:
    assert played(talk("user: 你好", *right)).failed is None
    outcome = played(talk("user: 你好", *wrong))
    assert outcome.failed is not None
    assert why in failure(outcome)


@pytest.mark.parametrize(
    ("right", "wrong", "why"),
    [
        (
            ["slot_was_set: [phone_number]"],
            ["slot_was_not_set: [phone_number]"],
            "phone_number was set to ['13800138000']",
        ),
        (
            ["slot_was_set: [{phone_number: '13800138000'}]"],
            ["slot_was_set: [{phone_number: '13800138001'}]"],
            "phone_number was set to ['13800138000']",
        ),
        (
            ["slot_was_not_set: [{phone_number: '13800138001'}]"],
            ["slot_was_not_set: [{phone_number: '13800138000'}]"],
            "phone_number was set to ['13800138000']",
        ),
    ],
)
def test_a_slot(played: Play, right: list[str], wrong: list[str], why: str) -> None:
    steps = ["user: 我的号码是13800138000", "..."]
    assert played(talk(*steps, *right)).failed is None
    assert why in failure(played(talk(*steps, *wrong)))


def test_buttons(played: Play) -> None:
    steps = ["open:", "utter: utter_courtesy_greet", "utter: utter_courtesy_opening\n    buttons: "]
    assert played(talk(*steps[:2], steps[2] + "[查话费, 查账单, 查流量, 转人工]")).failed is None
    assert "the buttons were ['查话费', " in failure(played(talk(*steps[:2], steps[2] + "[查话费]")))


def test_answers_must_come_in_order(played: Play) -> None:
    thanks = "user: 谢谢你"
    in_order = ["bot: 不客气!", f"bot: {MORE}"]
    for head in ("", STRICT):
        assert played(talk(thanks, *in_order, head=head)).failed is None
        assert played(talk(thanks, *reversed(in_order), head=head)).failed is not None


def test_without_strict_other_answers_may_come_between(played: Play) -> None:
    for steps in (["bot: 不客气!"], [f"bot: {MORE}"], []):
        assert played(talk("user: 谢谢你", *steps, head="")).failed is None
        assert played(talk("user: 谢谢你", *steps)).failed is not None


def test_any_answers_stand_for_none_too(played: Play) -> None:
    assert played(talk("user: 谢谢你", "bot: 不客气!", "...", f"bot: {MORE}", "...")).failed is None
    assert played(talk("user: 谢谢你", "...", f"bot: {MORE}")).failed is None
    assert played(talk("user: 谢谢你", "...", "bot: 没有这句")).failed is not None


def test_a_talk_ends_at_the_first_turn_that_fails(played: Play) -> None:
    outcome = played(talk("user: 你好", "...", "user: 你好", "bot: x", "user: 你好", "..."))
    assert len(outcome.exchanges) == 2


def test_the_report_shows_talk_expectation_rule_and_understanding(played: Play) -> None:
    report = failure(played(talk("user: 你好", "...", "user: 谢谢你", "bot: 不用谢")))
    assert "talk.yml:8: a talk" in report
    assert "客户 你好" in report
    assert "助手 不客气!" in report
    assert "✗ bot: 不用谢" in report
    assert "action_answer_thanks ← courtesy:道谢 → 不客气" in report
    assert "understood: thank" in report
    assert "ranking: thank" in report


def test_a_message_of_a_retry_is_answered_with_the_same_words(played: Play) -> None:
    assert played(talk("user: 你好", f"bot: {HELLO}", "again:", f"bot: {HELLO}")).failed is None
    assert played(talk("user: 你好", f"bot: {HELLO}", "again:", "bot: x")).failed is not None


def test_a_backend_that_is_down_is_noticed_and_comes_back(played: Play) -> None:
    shop = "user: 你们有哪些套餐"
    plans = "utter: utter_billing_plan_catalog"
    assert played(talk(shop, plans, head="")).failed is None
    assert "utter_courtesy_unavailable" in failure(played(talk("down: catalogue", shop, plans, head="")))
    assert played(talk("down: {catalogue: timeout}", shop, "up: catalogue", shop, plans, head="")).failed is None


def test_the_clock_is_moved(played: Play) -> None:
    assert played(talk("at: 2026-10-24", "user: 再见", "bot: 祝您周末愉快!再见!", "...")).failed is None
    assert played(talk("at: 2026-10-22", "user: 再见", "bot: 祝您周末愉快!再见!", "...")).failed is not None


def test_another_conversation_knows_nothing_of_the_first(played: Play) -> None:
    ask = ["user: 查话费", "utter: utter_ask_phone_number"]
    ask += ["user: '13800138000'", "utter: utter_verification_ask_password"]
    assert played(talk(*ask, "conversation: second", *ask)).failed is None
    assert played(talk(*ask, *ask)).failed is not None


def test_slots_of_fixtures_are_there_before_the_first_word(played: Play) -> None:
    head = "strict: true\nfixtures: [{known: [{phone_number: '13800138000'}]}]\n"
    ask = ["user: 查话费", "utter: utter_verification_ask_password"]
    assert played(talk(*ask, head=head, case="  fixtures: [known]\n")).failed is None
    assert played(talk(*ask, head=head)).failed is not None


def test_settings_may_differ(played: Play) -> None:
    ends = ["user: 再见", "bot: 再见!"]
    assert played(talk(*ends, case="  settings: {survey_web: 0}\n")).failed is None
    assert played(talk(*ends)).failed is not None


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        (["user: 你好", "...", "button: 没有的"], ":7: no button “没有的” is on offer; on offer: none"),
        (["open:", "...", "button: 没有的"], "on offer: 查话费、查账单、查流量、转人工"),
        (["down: weather", "user: 你好", "..."], ":5: no backend is called weather; there are: account, billing, "),
        (["key: '1'", "..."], ":5: key is not possible on the channel web"),
    ],
)
def test_a_step_that_cannot_be_played_names_its_line(played: Play, steps: list[str], why: str) -> None:
    with pytest.raises(StepError) as caught:
        played(talk(*steps))
    assert why in str(caught.value)


def test_a_model_that_is_older_than_the_words_is_pointed_out(played: Play) -> None:
    outcome = played(talk("user: 你好", "bot: x"))
    assert "`make train`" not in failure(outcome)
    assert "trained before domain.yml changed (utter_a …): `make train`" in failure(outcome, ["utter_a"])


# --- the desk, waiting, the telephone, a subscriber who is different ---------------------------------------------------

HUMAN = ["user: 转人工", "..."]
JOINED = "utter: utter_handoff_agent_joined"
CALL = "channel: ivr\nstrict: true\n"


@pytest.mark.parametrize(
    ("steps", "right", "wrong", "why"),
    [
        ([*HUMAN, "agent: claim"], [JOINED], [], "more was said than expected"),
        (
            [*HUMAN, "agent: {claim: , as: s9001}"],
            [JOINED, "desk: {agent: s9001}"],
            ["...", "desk: {agent: a1001}"],
            "no row",
        ),
        ([*HUMAN, "agent: claim", "...", "agent: {say: 请讲}"], ["bot: 请讲"], ["bot: 请说"], "other words"),
        (
            [*HUMAN, "agent: claim", "...", "agent: {say: 你到底想怎么样}"],
            ["desk: {held: 1}"],
            ["desk: {held: 0}"],
            "no row",
        ),
        ([*HUMAN, "wait: 65"], ["utter: utter_handoff_callback_offered"], [], "more was said than expected"),
        ([*HUMAN, "wait: 30"], [], ["utter: utter_handoff_callback_offered"], "nothing more was said"),
        ([*HUMAN, "agent: claim", "...", "agent: vanish", "wait: 30"], ["mode: human"], ["mode: queued"], "is human"),
        (
            ["user: 建议你们多开几个营业厅", "...", "agent: {dispatch: 市场部}"],
            ["ticket: {state: dispatched, department: 市场部}"],
            ["ticket: {state: returned}"],
            "no row",
        ),
    ],
)
def test_the_desk(played: Play, steps: list[str], right: list[str], wrong: list[str], why: str) -> None:
    assert played(talk(*steps, *right)).failed is None
    assert why in failure(played(talk(*steps, *wrong)))


@pytest.mark.parametrize(("result", "mode"), [("answered", "human"), ("busy", "bot")])
def test_what_becomes_of_a_transferred_call(played: Play, result: str, mode: str) -> None:
    steps = ["open: '13800138000'", "...", "key: '0'", "...", f"transfer: {result}", "..."]
    assert played(talk(*steps, f"mode: {mode}", head=CALL)).failed is None
    assert "the conversation is " in failure(played(talk(*steps, "mode: closed", head=CALL)))


def test_a_subscriber_who_is_different_is_so_in_one_test_only(played: Play) -> None:
    ask = ["user: 我的手机怎么停机了", "...", "user: '13800138000'", "...", "user: '246810'"]
    lost = "subscriber: {phone: '13800138000', status: suspended, suspended_for: lost}"
    assert played(talk(lost, *ask, "utter: utter_billing_suspended_for_lost", "...")).failed is None
    assert "utter_billing_not_suspended" in failure(
        played(talk(*ask, "utter: utter_billing_suspended_for_lost", "..."))
    )


def test_a_backend_that_hangs_is_given_up_at_the_deadline(played: Play) -> None:
    steps = ["down: {catalogue: hung}", "user: 你们有哪些套餐", "utter: utter_courtesy_too_late"]
    assert played(talk(*steps, case="  settings: {turn_deadline: 0.2}\n")).failed is None
    assert played(talk(*steps[1:], head="")).failed is not None


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        (["user: 你好", "...", "agent: claim"], ":7: agent: claim: NoSuchItemError nobody at the desk knows"),
        (["user: 你好", "...", "agent: archive"], ":7: agent: archive: NoSuchItemError no ticket was filed"),
        ([*HUMAN, "agent: {say: 请讲}"], ":7: agent: say: IllegalMoveError"),
        ([*HUMAN, "agent: {claim: , as: nobody}"], ":7: agent: nobody at the desk is called nobody; there are: a1001"),
        (["subscriber: {phone: '1'}", "user: 你好", "..."], ":5: no subscriber has the number 1"),
        (["transfer: busy"], ":5: transfer is not possible on the channel web"),
    ],
)
def test_what_cannot_be_done_names_its_line(played: Play, steps: list[str], why: str) -> None:
    with pytest.raises(StepError) as caught:
        played(talk(*steps))
    assert why in str(caught.value)


@pytest.mark.parametrize(
    ("case", "step", "sent"),
    [
        ("", "", {}),
        ("  metadata: one\n", "", {"city": "Berlin", "age": 7}),
        ("", "two", {"city": "Köln"}),
        ("  metadata: one\n", "two", {"city": "Köln", "age": 7}),
    ],
)
def test_metadata_go_with_the_messages_of_a_case_or_a_step(
    played: Play, case: str, step: str, sent: dict[str, object]
) -> None:
    head = "metadata:\n- one: {city: Berlin, age: 7}\n- two: {city: Köln}\n"
    said = "user: 你好" + (f"\n    metadata: {step}" if step else "")
    (exchange,) = played(talk(said, head=head, case=case)).exchanges
    (message,) = [event for event in exchange.move.events if event.type_name == "user"]
    assert {name: message.metadata[name] for name in ("city", "age") if name in message.metadata} == sent
