"""What an audit comes to: 0, or 1 for advisories that docs/security.md does not answer, or 2 when it was not made."""

from __future__ import annotations

import json
import sys
from pathlib import Path


def verdict(status: int, report: Path, answers: str) -> tuple[int, list[str]]:
    """The exit code and what to say, from pip-audit's own exit code (1: advisories, or a package not looked up)."""
    if status not in (0, 1) or not report.exists():
        return 2, [f"audit: NOT MADE: pip-audit ended with {status}; is its advisory source within reach?"]
    found = json.loads(report.read_text(encoding="utf-8"))["dependencies"]
    skipped = [one["name"] for one in found if "skip_reason" in one]
    if skipped or not found:
        return 2, [f"audit: NOT MADE for {', '.join(skipped) or 'any package'}"]
    lines, open_ones = [], 0
    for one in found:
        for advisory in one["vulns"]:
            names = [advisory["id"], *advisory.get("aliases", [])]
            answered = any(name in answers for name in names)
            open_ones += not answered
            state = "answered" if answered else "NOT ANSWERED in docs/security.md"
            lines.append(f"audit: {one['name']} {one['version']}: {', '.join(names)}: {state}")
    return (1 if open_ones else 0), [*lines, f"audit: {len(found)} packages, {open_ones} advisories without an answer"]


if __name__ == "__main__":
    code, said = verdict(int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]).read_text(encoding="utf-8"))
    print("\n".join(said))
    sys.exit(code)
