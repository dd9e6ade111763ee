"""What customers would notice of a change: sentences, intents, and conversations that go or end differently."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

MOST = 20

Record = Mapping[str, Any]


@dataclass(frozen=True)
class TalkChange:
    """A talk that goes differently: at which move, what the customer did, and what is said before and after."""

    file: str
    name: str
    move: int
    did: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    intents: tuple[str, str]
    ends: Optional[tuple[str, str]]


@dataclass
class Difference:
    """All changes between two records of ``hotline.testing.replay``.

    ``sentences`` has, by response, each text before and after with the talk it is said in; ``moved`` has text, right
    intent and intents found before and after; ``right`` how many were found rightly before and after, of how many.
    """

    sentences: dict[str, list[tuple[str, str, str]]] = field(default_factory=lambda: defaultdict(list))
    talks: list[TalkChange] = field(default_factory=list)
    moved: list[tuple[str, str, str, str]] = field(default_factory=list)
    right: tuple[int, int, int] = (0, 0, 0)
    compared: int = 0
    new: list[str] = field(default_factory=list)

    @property
    def nothing(self) -> bool:
        """Whether customers would notice nothing."""
        return not (self.sentences or self.talks or self.moved)


def compare(before: Record, after: Record) -> Difference:
    """What changed from one record to the other."""
    found = Difference()
    old = {(talk["file"], talk["name"]): talk for talk in before["talks"]}
    for talk in after["talks"]:
        known = old.get((talk["file"], talk["name"]))
        if known is None:
            found.new.append(talk["name"])
            continue
        found.compared += 1
        _compare_talk(known, talk, found)
    _compare_understanding(before["utterances"], after["utterances"], found)
    return found


def _compare_talk(before: Record, after: Record, found: Difference) -> None:
    for number, (old, new) in enumerate(zip(before["moves"], after["moves"], strict=False), start=1):
        names = [[answer["name"] for answer in side["answers"]] for side in (old, new)]
        if names[0] == names[1]:
            for was, now in zip(old["answers"], new["answers"], strict=False):
                if was["text"] != now["text"]:
                    found.sentences[was["name"]].append((was["text"], now["text"], after["name"]))
            if old["intents"] == new["intents"] and old["mode"] == new["mode"]:
                continue
        found.talks.append(_change(before, after, number, old, new))
        return
    if len(before["moves"]) != len(after["moves"]):
        broke: Record = {"answers": [], "intents": [], "did": "", "mode": ""}
        number = min(len(before["moves"]), len(after["moves"])) + 1
        old = before["moves"][number - 1] if number <= len(before["moves"]) else broke
        new = after["moves"][number - 1] if number <= len(after["moves"]) else broke
        found.talks.append(_change(before, after, number, old, new))


def _change(before: Record, after: Record, number: int, old: Record, new: Record) -> TalkChange:
    ends = (_end(before), _end(after))
    return TalkChange(
        file=after["file"],
        name=after["name"],
        move=number,
        did=old["did"] or new["did"],
        before=tuple(answer["text"] for answer in old["answers"]),
        after=tuple(answer["text"] for answer in new["answers"]),
        intents=("、".join(old["intents"]), "、".join(new["intents"])),
        ends=None if ends[0] == ends[1] else ends,
    )


def _end(talk: Record) -> str:
    if talk["broke_off"]:
        return str(talk["broke_off"])
    if not talk["moves"]:
        return ""
    last = talk["moves"][-1]
    said = last["answers"][-1]["text"] if last["answers"] else ""
    return f"{said} ({last['mode']})"


def _compare_understanding(before: Sequence[Record], after: Sequence[Record], found: Difference) -> None:
    old = {row["text"]: row for row in before}
    rows = [(old[row["text"]], row) for row in after if row["text"] in old]
    found.right = (
        sum(was["found"] == was["expected"] for was, _ in rows),
        sum(now["found"] == now["expected"] for _, now in rows),
        len(rows),
    )
    for was, now in rows:
        if was["found"] != now["found"]:
            found.moved.append((now["text"], now["expected"], was["found"], now["found"]))


# --- Markdown ---------------------------------------------------------------------------------------------------------


def markdown(difference: Difference, revision: str) -> str:
    """The report for a pull request's comment."""
    lines = [f"## What customers would notice, against `{revision}`", ""]
    new = f", {len(difference.new)} are new" if difference.new else ""
    lines.append(f"{difference.compared} test talks were replayed on both{new}.")
    if difference.right[2]:
        before, after, total = difference.right
        lines.append(
            f"{total} held-out utterances: {before} understood rightly before, {after} now "
            f"({100 * before / total:.1f} % → {100 * after / total:.1f} %)."
        )
    lines.append("")
    if difference.nothing:
        lines.append("**Nothing.** Every talk goes and every utterance is understood as before.")
    lines += [*_sentences(difference), *_talks(difference), *_moved(difference)]
    return "\n".join(lines).rstrip() + "\n"


def _sentences(difference: Difference) -> Iterator[str]:
    if not difference.sentences:
        return
    yield f"### Sentences changed: {len(difference.sentences)}"
    yield ""
    for name, changes in list(difference.sentences.items())[:MOST]:
        talks = len({talk for _, _, talk in changes})
        before, after, _ = changes[0]
        yield f"- `{name}` in {talks} talk{'s' if talks > 1 else ''}"
        yield f"  - before: {_quoted(before)}"
        yield f"  - now: {_quoted(after)}"
    yield from _rest(len(difference.sentences))


def _talks(difference: Difference) -> Iterator[str]:
    if not difference.talks:
        return
    ends = sum(change.ends is not None for change in difference.talks)
    yield f"### Conversations that go differently: {len(difference.talks)}, of which {ends} end differently"
    yield ""
    for change in sorted(difference.talks, key=lambda change: change.ends is None)[:MOST]:
        understood = "" if change.intents[0] == change.intents[1] else f" – understood {' → '.join(change.intents)}"
        yield f"- **{change.name}** (`{change.file}`), move {change.move}: {_quoted(change.did)}{understood}"
        if change.before == change.after:
            yield "  - the same is said"
        else:
            yield f"  - before: {_quoted(' / '.join(change.before))}"
            yield f"  - now: {_quoted(' / '.join(change.after))}"
        if change.ends:
            yield f"  - ended with {_quoted(change.ends[0])}, now with {_quoted(change.ends[1])}"
    yield from _rest(len(difference.talks))


def _moved(difference: Difference) -> Iterator[str]:
    if not difference.moved:
        return
    yield f"### Intents that moved: {len(difference.moved)} utterances"
    yield ""
    yield "| is | was understood as | now | how many | for example |"
    yield "|---|---|---|---|---|"
    groups = Counter((expected, before, after) for _, expected, before, after in difference.moved)
    example = {row[1:]: row[0] for row in reversed(difference.moved)}
    for group, count in groups.most_common(MOST):
        expected, before, after = group
        mark = " ✓" if after == expected else " ✗" if before == expected else ""
        yield f"| {expected} | {before} | {after}{mark} | {count} | {_quoted(example[group])} |"
    yield from _rest(len(groups))


def _rest(count: int) -> Iterator[str]:
    if count > MOST:
        yield f"- … and {count - MOST} more"
    yield ""


def _quoted(text: str) -> str:
    return f"“{text}”".replace("|", "\\|").replace("\n", " ") if text else "nothing"
