"""All errors that the hotline raises on purpose.

    HotlineError
    ├── SettingsError              a setting is missing or not one of its values
    ├── MessageRejectedError       the door refuses a message: too long, ill-typed, too fast
    ├── GatewayError               something behind a port did not answer properly
    │   ├── GatewayTimeoutError    … within its time limit
    │   ├── GatewayUnavailableError  … at all (refused, broken off, 5xx)
    │   └── GatewayDataError       … with anything that makes sense
    └── ServiceError               a rule of the service says no
        ├── UnknownSubscriberError the number is not one of ours
        ├── NotVerifiedError       personal data was asked for without a valid verification
        ├── NoSuchItemError        no plan, pack, service or bill of that name or month
        ├── OrderRefusedError      a change that the rules do not allow; carries the reason
        └── IllegalMoveError       a ticket or handoff is not in a state that allows this move

Each error that can end a customer's task has exactly one sentence in domain.yml; the table is in
``actions/outcomes.py``.
"""

from __future__ import annotations


class HotlineError(Exception):
    """Root of the tree."""


class SettingsError(HotlineError):
    """A setting is missing or not one of its values; the message names the variable."""


class MessageRejectedError(HotlineError):
    """The door does not let a message in.

    ``field`` names what is wrong with it, ``reason`` says why in English for the sender's log.
    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class GatewayError(HotlineError):
    """Something behind a port did not answer properly."""


class GatewayTimeoutError(GatewayError):
    """No answer within the time limit."""


class GatewayUnavailableError(GatewayError):
    """Refused, broken off, or an answer that says it cannot serve."""


class GatewayDataError(GatewayError):
    """An answer that makes no sense."""


class ServiceError(HotlineError):
    """A rule of the service says no."""


class UnknownSubscriberError(ServiceError):
    """The number is not one of ours."""


class NotVerifiedError(ServiceError):
    """Personal data was asked for without a valid verification of that number in that conversation."""


class NoSuchItemError(ServiceError):
    """No plan, pack, service or bill of that name or month."""


class OrderRefusedError(ServiceError):
    """A change that the rules do not allow; ``reason`` is a key that has a sentence of its own in domain.yml."""

    def __init__(self, reason: str, **facts: object) -> None:
        super().__init__(reason)
        self.reason = reason
        self.facts = facts


class IllegalMoveError(ServiceError):
    """A ticket or a handoff is in a ``state`` that does not allow this ``move``; nothing was changed."""

    def __init__(self, state: str, move: str) -> None:
        super().__init__(f"{move} is not possible when {state}")
        self.state = state
        self.move = move
