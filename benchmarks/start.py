"""What a process with the model costs to start, with Rasa as the product imports it and with the whole of Rasa."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SIDES = {"as the product runs": {}, "with the whole of Rasa": {"RASA_WHOLE": "1"}}
PROCESS = """
import json, psutil, hotline.server
from hotline.engine import load_agent
from hotline.settings import current_settings
load_agent(current_settings().model)
process = psutil.Process()
print(json.dumps({"cpu_s": sum(process.cpu_times()[:2]), "mb": process.memory_info().rss / 1e6}))
"""


def main() -> int:
    """Print the table; the exit code is 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how often each is started (3)")
    rounds = parser.parse_args().rounds
    print("| a process with the model | CPU to start, s | memory, MB |\n|---|---:|---:|")
    for name, environment in SIDES.items():
        found = []
        for number in range(rounds):
            print(f"{name}: {number + 1} of {rounds}", file=sys.stderr, flush=True)
            found.append(started(environment))
        cpu, memory = (statistics.median(one[key] for one in found) for key in ("cpu_s", "mb"))
        print(f"| {name} | {cpu:.1f} | {memory:.0f} |")
    return 0


def started(environment: dict[str, str]) -> dict[str, float]:
    """CPU seconds and resident megabytes of one process."""
    known = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "RASA_TELEMETRY_ENABLED": "false", **environment}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROCESS], cwd=ROOT, env=known, check=True, capture_output=True, text=True
    )
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


if __name__ == "__main__":
    sys.exit(main())
