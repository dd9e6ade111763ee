"""A test that hangs is a failure, and where it hangs is shown, in one process and in many."""

from __future__ import annotations

import pytest

HANGING = """
import time

def wait_for_ever():
    time.sleep(60)

def test_hangs():
    wait_for_ever()
"""


@pytest.mark.parametrize("processes", ["0", "1"])
def test_where_a_test_hangs_is_shown(pytester: pytest.Pytester, processes: str) -> None:
    pytester.makepyfile(HANGING)
    options = ("-n", processes, "-o", "timeout=3", "-o", "timeout_method=thread", "-o", "faulthandler_timeout=2")
    needless = ("cacheprovider", "cov", "playwright", "hypothesispytest", "asyncio", "anyio")
    off = (word for name in needless for word in ("-p", f"no:{name}"))
    found = pytester.runpytest_subprocess(*options, *off, timeout=60)
    assert found.ret != 0
    found.stderr.fnmatch_lines("*in wait_for_ever")


def test_the_stacks_are_shown_before_the_end(pytestconfig: pytest.Config) -> None:
    assert 0 < float(pytestconfig.getini("faulthandler_timeout")) < float(pytestconfig.getini("timeout"))
    assert pytestconfig.getini("timeout_method") == "thread"
