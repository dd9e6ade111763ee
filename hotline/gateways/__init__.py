"""Implementations of the ports: SQL for the embedded database, TM Forum APIs for an operator's systems.

Why ``AccountGateway.execute`` may refuse (``OrderRefusedError.reason``), with the facts it carries:

    already         it is so already: plan, open service, lost line, running line
    arrears         money is owed: ``amount`` (positive, yuan)
    balance         the balance does not cover the fee: ``balance``, ``fee``
    code_required   a new password without a passed code and a waiting password
    contract        a contract forbids it: ``until``
    not_open        the service, pack or plan to cancel is not held
    pack_running    a pack runs until it expires: ``until``
    plan_required   a number cannot be without a plan
    realname        the line waits for the holder's real name
    suspended       the line is stopped
"""

from __future__ import annotations

REFUSALS = frozenset(
    {
        "already",
        "arrears",
        "balance",
        "code_required",
        "contract",
        "not_open",
        "pack_running",
        "plan_required",
        "realname",
        "suspended",
    }
)
