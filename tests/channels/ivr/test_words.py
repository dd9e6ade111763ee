"""What callers hear makes sense by ear alone: held against every response as the telephone says it."""

from __future__ import annotations

import re

import pytest

from hotline.settings import ROOT
from hotline.wording import Words
from tests.conventions import house

WORDS = Words.from_file(ROOT / "domain.yml")
# Never spoken: lists of titles, the texts of short messages, what only the widget can do.
NOT_SPOKEN = {"utter_courtesy_topics", "utter_courtesy_opening", "utter_courtesy_too_fast", "utter_handoff_left"}
YES_OR_NO = {"confirm", "resume_task", "offer_human", "offer_sms", "offer_message", "offer_callback"}
SCREEN = re.compile("回复“|点击|点一下|链接|网址|https?:|下面|下方|屏幕|页面|图片|按钮|输入框|打字")


def spoken() -> list[str]:
    return [name for name in house.responses() if name not in NOT_SPOKEN and not name.endswith("_text")]


def variant_metadata(name: str) -> dict[str, object]:
    return dict(WORDS.variant(name, "ivr").get("metadata", {}))


@pytest.mark.parametrize("name", spoken())
def test_nothing_needs_a_screen(name: str) -> None:
    text = str(WORDS.variant(name, "ivr").get("text", ""))
    found = SCREEN.search(text)
    assert not found, (
        f"{name} says {found.group() if found else ''} on the telephone: give it a variant with channel: ivr"
    )


@pytest.mark.parametrize("name", spoken())
def test_no_list_is_longer_than_five(name: str) -> None:
    buttons = WORDS.variant(name, "ivr").get("buttons", [])
    assert len(buttons) <= 5, f"{name} offers {len(buttons)} keys on the telephone: five at most, in a variant"


@pytest.mark.parametrize("name", [name for name in spoken() if name.startswith("utter_service_confirm_")])
def test_what_a_change_costs_or_stops_is_heard_before_it_can_be_confirmed(name: str) -> None:
    assert variant_metadata(name).get("must_hear"), f"{name} can be talked over on the telephone"


@pytest.mark.parametrize("name", [name for name in spoken() if variant_metadata(name).get("asks") in YES_OR_NO])
def test_a_yes_or_no_has_keys_and_one_for_no(name: str) -> None:
    payloads = [button["payload"] for button in WORDS.variant(name, "ivr").get("buttons", [])]
    assert "/deny" in payloads, f"{name} has no key for no"
