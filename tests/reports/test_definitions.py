"""docs/reports.md defines every figure in the very sentence that the product knows."""

from __future__ import annotations

import re
from typing import Any

import pytest

from hotline.reports.figures import definitions
from hotline.settings import ROOT

DEFINED = [
    (part, name, about) for part in ("headline", "tables", "staffing") for name, about in definitions()[part].items()
]


@pytest.mark.parametrize(("part", "name", "about"), DEFINED, ids=lambda value: value if isinstance(value, str) else "")
def test_a_figure_is_defined_in_one_sentence_on_the_page_and_in_the_documents(
    part: str, name: str, about: dict[str, Any]
) -> None:
    row = f"| {name} | {about['title']} | {about['en']} |"
    assert row in (ROOT / "docs" / "reports.md").read_text(encoding="utf-8")
    assert len(re.findall(r"[。!?]", about["means"])) == 1 and about["means"].endswith("。")
    assert len(re.findall(r"\.(?:\s|$)", about["en"])) == 1 and about["en"].endswith(".")
