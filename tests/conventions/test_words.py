"""One voice (manual, chapter 2): all that a customer hears is in domain.yml, as prescribed, and cites its clause."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from tests.conventions import house

# Clauses that a response may cite; see the head of domain.yml.
CLAUSE = re.compile(r"(1860|1258)-\d+|ch[123](-\d+)?|house")

# Phrases that ask back or rebuke when they stand alone (服务忌语 (2) ①).
TABOO_ALONE = {"为什么", "什么", "说什么", "怎样", "你说什么", "什么怎么样"}

# Python files with Chinese in their strings, none of which is a sentence for a customer. A value of a catalogue, a rule
# of reading or of writing figures may stand here with its reason; words may not.
CHINESE_IN_CODE = {
    "hotline/channels/ivr/voice.py": "the signs by which a date or an amount is told in a text",
    "hotline/cli.py": "sentences for the operator to try, shown when the server starts",
    "hotline/formats.py": "dates and amounts as figures with their units",
    "hotline/gateways/billing.py": "the scope that a plan's own allowance has in the data",
    "hotline/nlu/": "how customers say things: months, plans, titles, numbers",
    "hotline/services/calendar.py": "names that the calendar package uses",
    "hotline/services/complaint.py": "how customers put a complaint: what is no part of it, corrections, additions",
    "hotline/services/taboo.py": "您 and 妳 read as 你 in a search",
    "hotline/services/secretary.py": "the name of call forwarding in the list of services",
    "hotline/services/service.py": "units of data volume as customers say them",
    "hotline/testing/": "reports of conversation tests, for developers",
    "hotline/text.py": "how customers write and say things: digits, fillers, stutters",
}


def ascii_only(value: str) -> str:
    """The part of a test's id that a value gives; pytest would write Chinese as numbers."""
    return value if value.isascii() else ""


@pytest.mark.parametrize(("scenario", "clause", "sentence"), house.prescribed(), ids=ascii_only)
def test_a_prescribed_sentence_is_a_response_that_cites_its_clause(scenario: str, clause: str, sentence: str) -> None:
    clauses = [
        str(variant.get("metadata", {}).get("clause"))
        for _, variant in house.variants()
        if house.same_words(variant.get("text", ""), sentence)
    ]
    assert clauses, (
        f"docs/manual prescribes for {scenario} ({clause}): {sentence}\nNo response of domain.yml is these words."
    )
    # The same words may be prescribed twice (1860-37 and 1860-38): one of their clauses is cited.
    allowed = {c for _, c, other in house.prescribed() if house.same_words(other, sentence)}
    assert set(clauses) & allowed, f"The response that says {sentence!r} cites {clauses}, not {sorted(allowed)}."


@pytest.mark.parametrize(
    ("clause", "sentence"),
    [
        ("1258-6", "祝您周末愉快!再见!"),
        ("1258-6", "祝您{holiday}愉快!再见!"),
        ("1860-38", "对不起,我挂线了。再见!"),
    ],
)
def test_a_sentence_quoted_among_the_consequences_is_a_response_too(clause: str, sentence: str) -> None:
    assert sentence.replace("再见!", "") in house.text("docs/manual/scenarios.yml"), (
        "no longer in scenarios.yml: correct this test"
    )
    said = [v["metadata"]["clause"] for _, v in house.variants() if house.same_words(v.get("text", ""), sentence)]
    assert clause in said, f"No response says {sentence!r} and cites {clause}."


@pytest.mark.parametrize(("clause", "slip", "said"), house.errata(), ids=ascii_only)
def test_the_manuals_slips_are_said_in_their_corrected_form(clause: str, slip: str, said: str) -> None:
    everything = "\n".join(text for _, variant in house.variants() for text in house.words(variant))
    if slip:
        assert slip not in everything, f"{clause} is corrected in the manual's errata: say {said}"
    for form in said.split(" / "):
        pattern = re.escape(form).replace("XX节", r"\{\w+\}")
        if clause in {c for _, c, _ in house.prescribed()}:
            assert re.search(pattern, everything), f"{clause} in its corrected form is said nowhere: {form}"


@pytest.mark.parametrize("name", house.responses())
def test_a_response_cites_its_clause(name: str) -> None:
    for variant in house.responses()[name]:
        clause = str(variant.get("metadata", {}).get("clause", ""))
        assert CLAUSE.fullmatch(clause), (
            f"{name} needs metadata: {{clause: …}} with 1860-N, 1258-N, chN or house, not {clause!r}"
        )


@pytest.mark.parametrize("name", house.responses())
def test_a_response_has_exactly_one_default_text(name: str) -> None:
    variants = house.responses()[name]
    assert all("text" in variant for variant in variants), f"{name}: each variant needs a text"
    default = [variant for variant in variants if not {"condition", "channel"} & set(variant)]
    assert len(default) == 1, (
        f"{name} has {len(default)} default texts; Rasa would pick one at random. Others need a condition or channel."
    )
    others = [(str(variant.get("condition")), variant.get("channel")) for variant in variants]
    assert len(others) == len(set(others)), f"{name}: two variants under the same condition and channel"


@pytest.mark.parametrize(
    "name",
    [name for name in house.responses() if any(map(house.PLACEHOLDER.search, map(str, house.responses()[name])))],
)
def test_every_placeholder_is_a_slot_or_is_passed_where_the_response_is_said(name: str) -> None:
    for variant in house.responses()[name]:
        wanted = {p for text in house.words(variant) for p in house.PLACEHOLDER.findall(text)}
        missing = wanted - house.names("slots") - set(variant["metadata"].get("passes", [])) - passed_to(name)
        assert not missing, (
            f"{name}: {sorted(missing)} would reach a customer as raw {{…}}. Pass it in the action (or by a slot), "
            "or declare it in metadata: {passes: [..]} when the code builds its name."
        )


def passed_to(response: str) -> set[str]:
    """The names of values in the Python files that say a response: keywords of calls and keys of rows."""
    return {name for strings, names in named_in_code() if response in strings for name in names}


@cache
def named_in_code() -> list[tuple[set[str], set[str]]]:
    """Of each Python file its strings, and the names of values: keywords of calls and keys of rows."""
    return [
        ({string for string, _ in house.strings(path)}, values_named(house.code(path)))
        for path in house.files_under("actions", "hotline", suffix=".py")
    ]


def values_named(code: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(code):
        if isinstance(node, ast.Call):
            found |= {keyword.arg for keyword in node.keywords if keyword.arg}
        elif isinstance(node, ast.Dict):
            found |= {key.value for key in node.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)}
    return found


def test_every_response_is_said_somewhere() -> None:
    said = {step["action"] for _, _, turn in house.turns() for step in house.steps(turn) if "action" in step}
    code = "\n".join(
        s for path in house.files_under("actions", "hotline", suffix=".py") for s, _ in house.strings(path)
    )
    asks = {f"utter_{kind}_{slot}" for slot in house.names("slots") for kind in ("ask", "invalid")}
    asks |= {f"utter_ask_{form}_{slot}" for form in house.names("forms") for slot in house.names("slots")}
    unsaid = [name for name in house.responses() if name not in said | asks and not re.search(rf"\b{name}\b", code)]
    assert not unsaid, f"No rule, story or action says {unsaid}: say them, by their names in full, or take them out."


def test_every_response_that_code_names_exists() -> None:
    for path in house.files_under("actions", "hotline", suffix=".py"):
        for string, line in house.strings(path):
            if re.fullmatch(rf"utter_({'|'.join(house.TOPICS)}|ask|invalid)_\w*[a-z]", string):
                assert string in house.responses(), f"{path}:{line} says {string}, which domain.yml does not have."


def bare(text: str) -> str:
    """The text without punctuation, space and placeholders."""
    return re.sub(r"[\W_]+", "", house.PLACEHOLDER.sub("", text))


def test_no_response_contains_a_taboo_phrase() -> None:
    for phrase in house.taboo():
        guilty = [name for name, v in house.variants() if any(bare(phrase) in bare(text) for text in house.words(v))]
        assert not guilty, f"{guilty} contain the taboo phrase {phrase}."


def test_no_response_asks_back_curtly() -> None:
    for name, variant in house.variants():
        for text in house.words(variant):
            curt = TABOO_ALONE & {bare(sentence) for sentence in re.split(r"[。!?;!?;]", text)}
            assert not curt, f"{name} says {curt} on its own, which is taboo."


@pytest.mark.parametrize("path", house.files_under("actions", "hotline", suffix=".py"))
def test_no_words_outside_the_domain(path: str) -> None:
    if path.startswith(tuple(CHINESE_IN_CODE)):
        return
    found = [
        f"line {line}: {string!r}"
        for string, line in house.strings(path, patterns=False)
        if house.CHINESE.search(string)
    ]
    assert not found, (
        f"{path} has Chinese in its strings: {found}. Words for customers belong into domain.yml; what is only matched "
        "or looked up may stand in a file listed in CHINESE_IN_CODE (tests/conventions/test_words.py) with its reason."
    )


def test_the_list_of_code_with_chinese_is_no_longer_than_needed() -> None:
    for prefix in CHINESE_IN_CODE:
        paths = [path for path in house.files_under("actions", "hotline", suffix=".py") if path.startswith(prefix)]
        assert any(house.CHINESE.search(s) for path in paths for s, _ in house.strings(path)), (
            f"take {prefix} off the list"
        )


@pytest.mark.parametrize("path", house.files_under("actions", suffix=".py"))
def test_actions_say_responses_and_never_texts(path: str) -> None:
    for node in ast.walk(house.code(path)):
        if not (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "utter_message"
        ):
            continue
        keywords = {keyword.arg for keyword in node.keywords}
        assert not node.args and "text" not in keywords, f"{path}:{node.lineno}: utter_message(response=…), not a text"
