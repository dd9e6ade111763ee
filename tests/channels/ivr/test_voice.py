"""How it sounds: prosody, numbers as what they are, nothing that breaks a document."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.channels.ivr.voice import ssml

SPEECH = "{http://www.w3.org/2001/10/synthesis}"


def inner(text: str, louder: bool = False) -> str:
    found = ssml(text, louder)
    return found[found.index("<prosody") :].split(">", 1)[1].removesuffix("</prosody></speak>")


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("号码13800138000的", '号码<say-as interpret-as="telephone">138-0013-8000</say-as>的'),
        ("余额86.40元。", '余额<say-as interpret-as="currency">86.40元</say-as>。'),
        ("充值100元", '充值<say-as interpret-as="currency">100元</say-as>'),
        ("余额-5元", '余额<say-as interpret-as="currency">-5元</say-as>'),
        ("2026年3月5日到期", '<say-as interpret-as="date" format="ymd">2026年3月5日</say-as>到期'),
        ("您2026年3月的账单", '您<say-as interpret-as="date" format="ym">2026年3月</say-as>的账单'),
        ("已用7.15GB", '已用<sub alias="7.15G">7.15GB</sub>'),
        ("共500MB", '共<sub alias="500M">500MB</sub>'),
        ("工号012345。", '工号<say-as interpret-as="digits">012345</say-as>。'),
        ("单号F20261021000001", '单号F<say-as interpret-as="digits">20261021000001</say-as>'),
        ("请拨打12580,", '请拨打<say-as interpret-as="digits">12580</say-as>,'),
        (
            "拨打110、119或120。",
            '拨打<say-as interpret-as="digits">110</say-as>、<say-as interpret-as="digits">119</say-as>'
            '或<say-as interpret-as="digits">120</say-as>。',
        ),
        ("共200分钟,剩59分钟", "共200分钟,剩59分钟"),
        ("流量、120元", '流量、<say-as interpret-as="currency">120元</say-as>'),
        ("<b>&\"'", "&lt;b&gt;&amp;\"'"),
        ("a\x00\x08b", "ab"),
    ],
)
def test_numbers_are_read_as_what_they_are(text: str, spoken: str) -> None:
    assert inner(text) == spoken


@given(st.text(alphabet=st.characters(), max_size=80), st.booleans())
def test_every_text_makes_a_whole_document_that_says_it(text: str, louder: bool) -> None:
    root = ElementTree.fromstring(ssml(text, louder))
    assert root.tag == f"{SPEECH}speak"
    prosody = root[0]
    assert prosody.tag == f"{SPEECH}prosody"
    assert prosody.attrib["volume"] == ("x-loud" if louder else "medium")


def test_the_voice_is_of_middling_speed() -> None:
    assert 'rate="95%" pitch="medium" volume="medium"' in ssml("您好!")
