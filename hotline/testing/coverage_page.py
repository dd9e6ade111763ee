"""The coverage of conversation tests as one HTML page that a colleague can read."""

from __future__ import annotations

from html import escape

from hotline.testing.coverage import KINDS, Coverage

# What each kind is, for readers who do not know the code.
MEANINGS = {
    "intents": "客户的意图:每一种说法至少有一个测试用到",
    "rules": "对话规则:每一条至少决定过一步",
    "stories": "跨轮次的故事",
    "questions": "办理中的提问(表单:槽位):每一个都问到过",
    "responses": "话术:每一句(含电话版本)都说到过",
    "clauses": "服务规范的条款:规定用语都说到过",
    "outcomes": "动作的结果:每个动作可能说的话都说到过",
    "reasons": "转人工的原因:每一种都出现过",
    "transitions": "工单的流转:每一步都走到过",
}

_STYLE = """
body{font:15px/1.6 system-ui,"Noto Sans CJK SC",sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;width:100%}
td,th{padding:.3rem .6rem;text-align:left;border-bottom:1px solid #ddd}
td.n{text-align:right;font-variant-numeric:tabular-nums}
.bar{background:#eee;width:12rem}.bar i{display:block;height:.8rem;background:#2a7}
.bar i.low{background:#c60}summary{cursor:pointer}li.no{color:#a40}li.yes{color:#777}code{font-size:.9em}
"""


def page(coverage: Coverage) -> str:
    """The page, complete: no script, nothing to fetch."""
    rows = "".join(_row(coverage, kind) for kind in KINDS)
    parts = "".join(_part(coverage, kind) for kind in KINDS)
    return (
        '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>会话测试覆盖</title>'
        f"<style>{_STYLE}</style><h1>会话测试覆盖</h1>"
        f"<table><tr><th>类别<th>含义<th>达到<th>共<th>%<th>{rows}</table>{parts}</html>\n"
    )


def _row(coverage: Coverage, kind: str) -> str:
    total, percent = len(coverage.existing[kind]), coverage.percent(kind)
    low = "" if percent == 100 else ' class="low"'
    return (
        f'<tr><td><a href="#{kind}">{kind}</a><td>{MEANINGS[kind]}<td class="n">{total - len(coverage.missing(kind))}'
        f'<td class="n">{total}<td class="n">{percent:.1f}'
        f'<td><div class="bar"><i{low} style="width:{percent:.1f}%"></i></div>'
    )


def _part(coverage: Coverage, kind: str) -> str:
    missing = coverage.missing(kind)
    reached = sorted(coverage.existing[kind] - set(missing))
    lines = "".join(f'<li class="no"><code>{escape(item)}</code>' for item in missing)
    done = "".join(f'<li class="yes"><code>{escape(item)}</code>' for item in reached)
    summary = f"{len(missing)} 项没有测试:" if missing else "全部达到。"
    return (
        f'<h2 id="{kind}">{kind}</h2><p>{MEANINGS[kind]}。{summary}</p><ul>{lines}</ul>'
        f"<details><summary>已达到 {len(reached)} 项</summary><ul>{done}</ul></details>"
    )
