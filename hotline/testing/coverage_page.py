"""The coverage of conversation tests as one HTML page that a colleague can read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

from hotline.testing.coverage import KINDS, Coverage

# What each kind is, for readers who do not know the code: its name and what it means to reach it.
MEANINGS = {
    "intents": ("意图", "客户的每一种意思,至少有一个测试说到"),
    "rules": ("规则", "每一条对话规则,至少决定过一步"),
    "stories": ("故事", "跨轮次的故事"),
    "questions": ("提问", "办理中的提问(表单:槽位),每一个都问到过"),
    "responses": ("话术", "每一句话(含电话版本)都说到过"),
    "clauses": ("条款", "服务规范的规定用语都说到过"),
    "outcomes": ("结果", "每个动作可能说的话都说到过"),
    "reasons": ("转人工", "转人工的原因,每一种都出现过"),
    "transitions": ("工单", "工单的流转,每一步都走到过"),
    "scenarios": ("情景", "规范的情景:顺利办成,以及更正、取消、插话、无效输入、后台故障中至少两种"),
}

_STYLE = """
body{font:15px/1.6 system-ui,"Noto Sans CJK SC",sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;width:100%}
td,th{padding:.3rem .6rem;text-align:left;border-bottom:1px solid #ddd}
td:first-child{white-space:nowrap}td small{color:#777}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
.bar i{display:block;height:.8rem;background:#2a7}.bar{background:#eee;width:10rem}
.bar i.low{background:#c60}summary{cursor:pointer}code{font-size:.9em;overflow-wrap:anywhere}
li.no{color:#a40}li.yes{color:#555}li span{color:#777}.all{color:#2a7}h2 small{color:#777;font-weight:normal}
@media (max-width:40rem){.wide{display:none}td,th{padding:.3rem}ul{padding-left:1.2rem}}
"""


def page(coverage: Coverage, texts: Mapping[str, str] = {}) -> str:
    """The page, complete: no script, nothing to fetch. ``texts`` are the words of responses, by their names."""
    kinds = [kind for kind in KINDS if coverage.existing[kind]]
    rows = "".join(_row(coverage, kind) for kind in kinds)
    parts = "".join(_part(coverage, kind, texts) for kind in kinds)
    return (
        '<!doctype html><html lang="zh-CN"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><title>会话测试覆盖</title>'
        f"<style>{_STYLE}</style><h1>会话测试覆盖</h1>"
        '<table><tr><th>类别<th class="wide">要求<th class="n">达到<th class="n">共<th class="n">%<th class="wide">'
        f"{rows}</table>{parts}</html>\n"
    )


def _row(coverage: Coverage, kind: str) -> str:
    total, percent = len(coverage.existing[kind]), coverage.percent(kind)
    low = "" if percent == 100 else ' class="low"'
    name, meaning = MEANINGS[kind]
    return (
        f'<tr><td><a href="#{kind}">{name}</a> <small class="wide">{kind}</small><td class="wide">{meaning}'
        f'<td class="n">{total - len(coverage.missing(kind))}<td class="n">{total}<td class="n">{percent:.1f}'
        f'<td class="wide"><div class="bar"><i{low} style="width:{percent:.1f}%"></i></div>'
    )


def _part(coverage: Coverage, kind: str, texts: Mapping[str, str]) -> str:
    missing = coverage.missing(kind)
    reached = sorted(coverage.existing[kind] - set(missing))
    name, meaning = MEANINGS[kind]
    summary = f"<p>{len(missing)} 项没有测试:</p>" if missing else '<p class="all">全部达到。</p>'
    return (
        f'<h2 id="{kind}">{name} <small>{kind}</small></h2><p>{meaning}。</p>{summary}'
        f"<ul>{_items(missing, 'no', texts)}</ul>"
        f"<details><summary>已达到 {len(reached)} 项</summary><ul>{_items(reached, 'yes', texts)}</ul></details>"
    )


def _items(names: Iterable[str], mark: str, texts: Mapping[str, str]) -> str:
    return "".join(
        f'<li class="{mark}"><code>{escape(name)}</code> <span>{escape(texts.get(name, ""))}</span>' for name in names
    )
