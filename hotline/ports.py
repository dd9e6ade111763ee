"""What the services need from the outside world, as Protocols, and the plain values that cross these borders.

Money is ``Decimal`` yuan, data volume whole MB, voice whole minutes, a month the first day of that month.
Every method may raise ``GatewayTimeoutError``, ``GatewayUnavailableError`` or ``GatewayDataError``; none may take
longer than its time limit (3 s unless the deployment says otherwise). Implementations are in ``hotline/gateways``
and are chosen in ``hotline/bootstrap.py`` alone; each port has one contract suite that all of them pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Optional, Protocol


class Clock(Protocol):
    """The time, so that tests and demonstrations can choose it."""

    def now(self) -> datetime:
        """The present moment, with a time zone."""
        ...


# --- billing ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Subscriber:
    """One telephone number and its contract.

    ``status`` is ``active``, ``suspended`` or ``closed``; ``suspended_for`` is ``arrears``, ``lost``, ``realname``,
    ``contract`` or
    None; ``gender`` is ``male``, ``female`` or None. ``next_plan`` is ordered but not in force yet.
    """

    phone: str
    name: str
    gender: Optional[str]
    status: str
    suspended_for: Optional[str]
    plan: str
    plan_since: date
    contract_until: Optional[date]
    services: tuple[str, ...]
    next_plan: Optional[str] = None
    next_plan_since: Optional[date] = None


@dataclass(frozen=True)
class BillItem:
    """One line of a bill."""

    name: str
    amount: Decimal


@dataclass(frozen=True)
class Bill:
    """One month's bill; ``month`` is the first of that month."""

    month: date
    items: tuple[BillItem, ...]

    @property
    def total(self) -> Decimal:
        """The sum of the items, in yuan."""
        return sum((item.amount for item in self.items), Decimal(0))


@dataclass(frozen=True)
class DataPackage:
    """A data allowance: that of the plan (``scope`` 国内) or of a pack (国内, 省内, 周末, …); volumes in MB."""

    name: str
    scope: str
    used: int
    total: int
    expires: date


@dataclass(frozen=True)
class Usage:
    """What was used this month: data by package, voice in minutes."""

    packages: tuple[DataPackage, ...]
    voice_used: int
    voice_total: int


@dataclass(frozen=True)
class Payment:
    """A payment that arrived; ``method`` is a name such as 支付宝."""

    day: date
    amount: Decimal
    method: str


class BillingGateway(Protocol):
    """Subscribers and their money, read only. Unknown numbers raise ``UnknownSubscriberError``."""

    async def subscriber(self, phone: str) -> Subscriber:
        """The contract behind a number."""
        ...

    async def balance(self, phone: str) -> Decimal:
        """The account balance; negative when money is owed."""
        ...

    async def bill(self, phone: str, month: date) -> Optional[Bill]:
        """The bill of a month, None when there is none."""
        ...

    async def usage(self, phone: str) -> Usage:
        """This month's use."""
        ...

    async def payments(self, phone: str, limit: int = 5) -> Sequence[Payment]:
        """The latest payments, newest first."""
        ...

    async def points(self, phone: str) -> int:
        """Loyalty points."""
        ...

    async def puk(self, phone: str) -> str:
        """The PUK of the SIM card."""
        ...


# --- catalogue -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Plan:
    """A tariff plan: fee in yuan a month, data in MB, voice in minutes."""

    name: str
    fee: Decimal
    data: int
    voice: int


@dataclass(frozen=True)
class Pack:
    """A data pack: fee in yuan, data in MB, days of validity."""

    name: str
    fee: Decimal
    data: int
    scope: str
    days: int


@dataclass(frozen=True)
class Service:
    """A value-added service: fee in yuan a month."""

    name: str
    fee: Decimal


@dataclass(frozen=True)
class Hall:
    """A business hall; ``hours`` such as 09:00-18:00."""

    name: str
    city: str
    district: str
    address: str
    hours: str


@dataclass(frozen=True)
class Outage:
    """A known outage in an area."""

    city: str
    district: str
    since: datetime
    until: datetime
    cause: str


class Catalogue(Protocol):
    """What the operator sells and where, public knowledge."""

    async def plans(self) -> Sequence[Plan]:
        """All plans, cheapest first."""
        ...

    async def packs(self) -> Sequence[Pack]:
        """All data packs, cheapest first."""
        ...

    async def services(self) -> Sequence[Service]:
        """All value-added services."""
        ...

    async def halls(self, city: Optional[str] = None, district: Optional[str] = None) -> Sequence[Hall]:
        """Business halls, of a city or district when given."""
        ...

    async def outages(self, city: Optional[str], district: Optional[str]) -> Sequence[Outage]:
        """Outages in force now in an area."""
        ...


# --- changes ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Order:
    """The receipt of a change: its number, and the day from which it holds."""

    number: str
    effective: date


class AccountGateway(Protocol):
    """Changes of a subscriber's account. Each is done once: the same ``key`` again returns the first receipt.

    ``conversation`` and ``key`` go to the audit log with the change, written in the same transaction.
    ``kind`` is one of ``change_plan buy_data_pack open_service cancel_service report_lost resume_service
    reset_password``,
    ``item`` the plan, pack or service it is about (empty where there is none).
    """

    async def execute(self, phone: str, kind: str, item: str, key: str, conversation: str) -> Order:
        """Carry out a change; ``OrderRefusedError`` when the rules do not allow it (reasons are listed in
        ``hotline/gateways``), ``NoSuchItemError`` for an unknown item.
        """
        ...

    async def preview(self, phone: str, kind: str, item: str) -> date:
        """The day from which this change would hold if it were carried out now; raises what ``execute`` would."""
        ...

    async def find(self, key: str) -> Optional[Order]:
        """The receipt of a change that was already done under this key."""
        ...


# --- verification ----------------------------------------------------------------------------------------------------


class PasswordStore(Protocol):
    """Service passwords (hashed) and wrong attempts a number and day."""

    async def check(self, phone: str, password: str) -> bool:
        """Whether this is the password of that number; an unknown number is simply False, in the same time."""
        ...

    async def change(self, phone: str, password: str) -> None:
        """Set a new password."""
        ...

    async def wrong_attempts(self, phone: str, day: date) -> int:
        """How many wrong passwords this number has had on that day, in all conversations and channels."""
        ...

    async def record_wrong(self, phone: str, day: date) -> int:
        """Count one more, atomically; returns the new count."""
        ...

    async def forgive_wrong(self, phone: str, day: date) -> None:
        """Count one less, atomically: an attempt that was counted beforehand turned out right, or was not checked."""
        ...


class GrantStore(Protocol):
    """Which number has been verified in which conversation: what the services trust, whatever the slots say."""

    async def grant(self, conversation: str, phone: str, until: datetime) -> None:
        """Remember that the number was verified in this conversation."""
        ...

    async def granted(self, conversation: str, phone: str, now: datetime) -> bool:
        """Whether such a grant exists and has not expired."""
        ...

    async def revoke(self, conversation: str) -> None:
        """Forget all grants of a conversation."""
        ...


class ResetStore(Protocol):
    """Codes that prove who holds a number, and new service passwords that wait for a yes; both are kept hashed.

    All is bound to conversation and number; of several codes the latest counts. ``AccountGateway.execute`` with kind
    ``reset_password`` makes the waiting password the one in force.
    """

    async def issue(self, conversation: str, phone: str, code: str, now: datetime, until: datetime) -> None:
        """Keep a code."""
        ...

    async def issued(self, phone: str, since: datetime) -> int:
        """How many codes a number was sent since a moment, in all conversations."""
        ...

    async def pending(self, conversation: str, phone: str, now: datetime, most_tries: int) -> bool:
        """Whether there is a code that can still be entered."""
        ...

    async def attempt(
        self, conversation: str, phone: str, code: str, now: datetime, most_tries: int, until: datetime
    ) -> bool:
        """Whether the code is right, in force and was tried less than ``most_tries`` times before.

        A try is counted before it is looked at, atomically. The right code holds as passed until ``until``.
        """
        ...

    async def passed(self, conversation: str, phone: str, now: datetime) -> bool:
        """Whether the code was passed and this still holds."""
        ...

    async def park(self, conversation: str, phone: str, password: str, now: datetime) -> bool:
        """Keep a new password until the customer says yes; False when no passed code holds."""
        ...


class SmsGateway(Protocol):
    """Short messages to a subscriber."""

    async def send(self, phone: str, text: str, key: str) -> None:
        """Send once; the same ``key`` again does nothing."""
        ...


# --- what customers report and ask for -------------------------------------------------------------------------------


@dataclass(frozen=True)
class FaultReport:
    """A fault as a customer reports it.

    ``kind`` is ``network``, ``broadband`` or ``handset``; ``phone`` reaches the customer; ``description`` is in his own
    words; ``findings`` are the steps of the guided check with yes or no. ``address`` and ``visit_time`` are those of a
    repair visit, empty where none is wanted.
    """

    kind: str
    phone: str
    description: str
    area: str = ""
    findings: Mapping[str, bool] = field(default_factory=dict)
    address: str = ""
    visit_time: str = ""


class FaultReports(Protocol):
    """Where faults are put on record; a ticket system stands behind this port as well as a table."""

    async def file(self, report: FaultReport, key: str, conversation: str) -> str:
        """The number of the report, once it is committed; the same ``key`` again returns the first number."""
        ...


@dataclass(frozen=True)
class CallbackWish:
    """Somebody waits to be called back: when, in his words, and how often nobody answered yet."""

    id: int
    at: datetime
    phone: str
    wanted: str
    conversation: str
    tries: int = 0


class CallbackRequests(Protocol):
    """Customers who want to be called back."""

    async def file(self, phone: str, wanted: str, key: str, conversation: str) -> None:
        """Put a wish on record: the number, and when, in the customer's words; the same ``key`` again does nothing."""
        ...

    async def open(self) -> Sequence[CallbackWish]:
        """Those who still wait, longest first."""
        ...

    async def tried(self, number: int, login: str, reached: bool, most: int) -> None:
        """He was called: that ends it when he was reached, or not reached for the ``most``-th time.

        Raises ``NoSuchItemError`` when nobody waits under that number.
        """
        ...


@dataclass(frozen=True)
class Rating:
    """How content a customer was with a conversation: ``score`` 1 to 5."""

    conversation: str
    channel: str
    score: int
    comment: str
    at: datetime


class RatingStore(Protocol):
    """Ratings, one a conversation."""

    async def record(self, rating: Rating) -> None:
        """Keep a rating; a later one of the same conversation takes its place."""
        ...


# --- conversations ---------------------------------------------------------------------------------------------------


class Mode(str, Enum):
    """Who has the conversation."""

    BOT = "bot"
    QUEUED = "queued"
    HUMAN = "human"
    CLOSED = "closed"


@dataclass
class Conversation:
    """What the door must know of a conversation before the next message, kept outside the tracker.

    ``state`` is a small JSON object (what was asked last, buttons on offer, the last answer); see ``hotline/door.py``.
    ``length`` is how many events its tracker has, where that was read with it.
    """

    id: str
    channel: str
    mode: Mode = Mode.BOT
    state: dict[str, Any] = field(default_factory=dict)
    length: Optional[int] = field(default=None, compare=False)


class ConversationStore(Protocol):
    """Conversations and the answers already given, so that a retried message is answered with the very same words.

    The mode of a conversation with an open handoff is that of the handoff, whatever was saved.
    """

    async def load(
        self, conversation: str, message: str
    ) -> tuple[Optional[Conversation], Optional[Sequence[Mapping[str, Any]]]]:
        """The conversation (None when new) and, when this message id was answered before, those answers."""
        ...

    async def save(
        self,
        conversation: Conversation,
        message: str,
        answers: Sequence[Mapping[str, Any]],
        events: Sequence[Batch] = (),
    ) -> Sequence[Mapping[str, Any]]:
        """Keep the conversation, the answers to one message and the tracker's events of that turn, in one transaction.

        Returns the answers, each with its ``sequence``. When the message was answered before, nothing is changed and
        the first answers are returned. Raises ``GatewayDataError`` when another process has appended events meanwhile.
        """
        ...

    async def append(
        self, conversation: str, message: str, answers: Sequence[Mapping[str, Any]]
    ) -> Sequence[Mapping[str, Any]]:
        """Add what somebody else than the assistant said to a known conversation; otherwise as ``save``."""
        ...

    async def answers_since(self, conversation: str, sequence: int) -> Sequence[Mapping[str, Any]]:
        """All answers after a sequence number, in order, each with its ``sequence``."""
        ...

    async def began(self, conversation: str) -> Optional[datetime]:
        """When its first message came, by the service's clock; None when it is new."""
        ...


class ConversationLock(Protocol):
    """Lets one process at a time serve a conversation, so that two workers can take its messages in turns."""

    def hold(self, conversation: str, patience: float) -> AbstractAsyncContextManager[None]:
        """Wait until nobody else has the conversation and have it until the context is left.

        A holder that died lets go by itself after a while. Raises ``GatewayTimeoutError`` after ``patience`` seconds.
        """
        ...


# --- telephone -------------------------------------------------------------------------------------------------------


@dataclass
class CallRecord:
    """What became of a telephone call.

    ``caller`` is masked. ``ended_by`` is ``assistant`` or what the platform said; ``outcome`` is ``running``,
    ``completed``,
    ``abandoned`` (hung up before an answer), ``hung_up_on_silence``, ``transferred`` or ``transfer_failed``. ``cut``
    counts what was
    said at too great a length to be taken whole; ``transfer`` is the target and ``transfer_result`` the platform's
    word.
    ``rating`` (1 to 5) is known when a record is read, if the caller gave one.
    """

    call: str
    caller: str
    dialled: str
    started: datetime
    ended: Optional[datetime] = None
    ended_by: str = ""
    turns: int = 0
    silences: int = 0
    not_understood: int = 0
    cut: int = 0
    topics: Sequence[str] = ()
    outcome: str = "running"
    transfer: str = ""
    transfer_result: str = ""
    ticket: str = ""
    rating: Optional[int] = None


class CallRecords(Protocol):
    """Records of telephone calls, one a call."""

    async def keep(self, record: CallRecord) -> None:
        """Keep a record, in place of an earlier one of the same call."""
        ...

    async def find(self, call: str) -> Optional[CallRecord]:
        """The record of a call, with its rating."""
        ...


@dataclass(frozen=True)
class Batch:
    """Events that stand behind the first ``position`` ones of a conversation."""

    position: int
    events: Sequence[dict[str, Any]]

    @property
    def end(self) -> int:
        """How many events the conversation has with them."""
        return self.position + len(self.events)


class EventLog(Protocol):
    """The events of Rasa's trackers as JSON objects, in order, appended and never changed."""

    def turn(self, conversation: str, length: Optional[int] = None) -> AbstractContextManager[list[Batch]]:
        """Within this context what is appended to the conversation is not written but held in the list that it gives.
        Who has just read how many events there are tells it.

        Who has the list keeps it with the turn's answers, in one transaction (``ConversationStore.save``); when the
        context is left by an error, the log knows of none of it.
        """
        ...

    async def length(self, conversation: str) -> int:
        """How many events a conversation has, held ones included."""
        ...

    async def read(self, conversation: str) -> Sequence[dict[str, Any]]:
        """All events of a conversation that are written."""
        ...

    async def append(self, conversation: str, position: int, events: Sequence[dict[str, Any]]) -> None:
        """Add events behind the first ``position`` ones, which were read or appended before.

        Raises ``GatewayDataError`` when another process has appended there meanwhile.
        """
        ...

    async def conversations(self) -> Sequence[str]:
        """The ids of all conversations, oldest first."""
        ...


# --- news ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class News:
    """Something that happened and that somebody must learn of, written in one transaction with what happened.

    ``target`` is ``desk`` (every process passes it on to the browsers it serves), ``sms``, ``broker`` or ``hub``
    (delivered
    once, by whichever process is first); ``payload`` is small and JSON.
    """

    target: str
    kind: str
    payload: Mapping[str, Any]


@dataclass(frozen=True)
class Posted:
    """News that is in the outbox: its number, and how often delivery was tried."""

    id: int
    at: datetime
    news: News
    tries: int = 0


@dataclass(frozen=True)
class Fact:
    """Something that happened in a conversation and that reports count, written in one transaction with what happened.

    Kinds, and what ``name`` is for each, are in ``hotline/services/facts.py``.
    """

    kind: str
    name: str = ""
    value: Optional[int] = None


class Outbox(Protocol):
    """News on its way out. Moments (``now``, ``due``) are seconds since the epoch: they measure waiting."""

    async def post(self, news: Sequence[News], at: datetime) -> None:
        """Put news in that belongs to no other transaction."""
        ...

    async def claim(self, targets: Sequence[str], now: float, lease: float, limit: int = 20) -> Sequence[Posted]:
        """News that is due, oldest first; nobody else gets it for ``lease`` seconds."""
        ...

    async def delivered(self, number: int, now: float) -> None:
        """It arrived."""
        ...

    async def failed(self, number: int, due: float) -> None:
        """It did not arrive; to be tried again from ``due`` on."""
        ...

    async def tail(self, target: str, after: int, limit: int = 200) -> Sequence[Posted]:
        """News for everybody after a number, in order."""
        ...

    async def forget(self, before: datetime) -> None:
        """Let go of what is older than a moment and was delivered, or was for everybody."""
        ...

    async def last(self) -> int:
        """The number of the latest news, 0 when there is none."""
        ...

    async def waiting(self) -> tuple[int, Optional[datetime]]:
        """How many news have not arrived yet, and since when the oldest has been waiting."""
        ...

    async def overdue(self, targets: Sequence[str], at: datetime, now: float) -> float:
        """For how many seconds news for these targets that is due has been left untried; 0 when there is none.

        ``at`` is the time on the clock that dates news, ``now`` the one that measures waiting.
        """
        ...


class Broker(Protocol):
    """A message broker of the operator."""

    async def publish(self, key: str, message: Mapping[str, Any]) -> None:
        """Publish under a routing key such as ``ticket.filed``; returns once the broker has it."""
        ...

    async def close(self) -> None:
        """Let go of the connection."""
        ...


@dataclass(frozen=True)
class Hub:
    """A listener of ticket events: ``callback`` is the URL that they are sent to."""

    id: str
    callback: str
    query: str = ""


class Hubs(Protocol):
    """Listeners of ticket events."""

    async def add(self, callback: str, query: str) -> Hub:
        """Register one."""
        ...

    async def remove(self, number: str) -> bool:
        """Forget one; False when there is none of that id."""
        ...

    async def all(self) -> Sequence[Hub]:
        """All of them."""
        ...

    async def notify(self, hub: Hub, path: str, body: Mapping[str, Any]) -> None:
        """Send an event; returns once the listener has taken it."""
        ...


# --- tickets ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TicketDraft:
    """What a customer complains of, suggests or reports, before it has a number.

    ``category`` is one of ``hotline.services.tickets.CATEGORIES``, ``level`` 1 to 3; ``phone`` reaches the customer,
    ``subscriber`` is the number that was verified (empty when none was); ``description`` is in the customer's own
    words;
    ``details`` are facts that are already known (a bill, the steps of a guided check), JSON.
    """

    category: str
    level: int
    phone: str
    description: str
    channel: str
    surname: str = ""
    title: str = ""
    subscriber: str = ""
    escalated: bool = False
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Ticket:
    """A ticket as it stands; the fields of ``TicketDraft`` and where it is on its way
    (``hotline/services/tickets.py``).
    """

    number: str
    state: str
    category: str
    level: int
    phone: str
    description: str
    channel: str
    surname: str
    title: str
    subscriber: str
    escalated: bool
    details: Mapping[str, Any]
    conversation: str
    created: datetime
    deadline: datetime
    updated: datetime
    urged: int = 0
    overdue: bool = False
    department: str = ""
    answer: str = ""


@dataclass(frozen=True)
class TicketEntry:
    """One line of a ticket's history; ``actor`` is ``customer``, ``system``, ``api`` or a log-in of the desk."""

    at: datetime
    move: str
    actor: str
    before: str
    after: str
    text: str = ""


@dataclass(frozen=True)
class Change:
    """What a move does to a ticket or handoff: new values of its fields, who must learn of it, what reports count."""

    values: Mapping[str, Any]
    text: str = ""
    news: Sequence[News] = ()
    facts: Sequence[Fact] = ()


@dataclass(frozen=True)
class TicketQuery:
    """Which tickets; what is None or empty does not matter. ``late_at``: the deadline has passed at that moment."""

    states: Sequence[str] = ()
    category: str = ""
    level: Optional[int] = None
    phone: str = ""
    subscriber: str = ""
    conversation: str = ""
    late_at: Optional[datetime] = None
    told: Optional[bool] = None
    number: str = ""
    limit: int = 50
    offset: int = 0


class TicketStore(Protocol):
    """Tickets, their histories and the news of them, each move in one transaction."""

    async def file(
        self,
        draft: TicketDraft,
        deadline: datetime,
        news: Callable[[Ticket], Sequence[News]],
        key: str,
        conversation: str,
        actor: str = "customer",
    ) -> Ticket:
        """The ticket, once it is committed; the same ``key`` again returns the first one."""
        ...

    async def find(self, number: str) -> Optional[Ticket]:
        """A ticket by its number."""
        ...

    async def search(self, query: TicketQuery) -> Sequence[Ticket]:
        """Tickets, newest first."""
        ...

    async def count(self, query: TicketQuery) -> int:
        """How many there are, whatever the limit."""
        ...

    async def history(self, number: str) -> Sequence[TicketEntry]:
        """What happened to a ticket, oldest first."""
        ...

    async def change(
        self, number: str, move: str, decide: Callable[[Ticket], Change], actor: str, key: Optional[str] = None
    ) -> Ticket:
        """Let ``decide`` look at the ticket, which nobody else changes meanwhile, and do what it says.

        The same ``key`` again changes nothing. Raises ``NoSuchItemError`` and what ``decide`` raises.
        """
        ...


# --- handoffs --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Handoff:
    """A conversation on its way to a human and back; states are in ``hotline/services/handoff.py``.

    ``target`` is ``agent`` or ``supervisor``; ``agent``, ``offered_to`` and ``transfer_to`` are log-ins
    (``transfer_to`` may be
    ``supervisor``), empty when there is none. ``requested``, ``offered``, ``claimed``, ``unanswered`` and ``ended``
    are seconds
    since the epoch: they measure waiting. ``unanswered`` is since when the customer has had no answer from the agent,
    ``seen`` when a browser of his was last connected (None: none ever was).
    """

    id: int
    conversation: str
    channel: str
    state: str
    reason: str
    target: str
    at: datetime
    requested: float
    context: Mapping[str, Any] = field(default_factory=dict)
    ticket: str = ""
    offered_to: str = ""
    offered: Optional[float] = None
    agent: str = ""
    claimed: Optional[float] = None
    transfer_to: str = ""
    unanswered: Optional[float] = None
    callback_offered: bool = False
    callback_phone: str = ""
    ended: Optional[float] = None
    result: str = ""
    agreed: str = ""
    held: int = 0
    seen: Optional[float] = None


@dataclass(frozen=True)
class HandoffEntry:
    """One line of a handoff's history."""

    at: datetime
    move: str
    actor: str
    before: str
    after: str


@dataclass(frozen=True)
class Note:
    """What an agent noted for colleagues; customers never see it."""

    id: int
    at: datetime
    login: str
    text: str


class HandoffStore(Protocol):
    """Handoffs, at most one open one a conversation."""

    async def start(self, handoff: Handoff, news: Callable[[Handoff], Sequence[News]]) -> tuple[Handoff, bool]:
        """Open one (its ``id`` is given here); when there is an open one, that one and False."""
        ...

    async def find(self, number: int) -> Optional[Handoff]:
        """A handoff by its id."""
        ...

    async def current(self, conversation: str) -> Optional[Handoff]:
        """The open handoff of a conversation."""
        ...

    async def latest(self, conversation: str) -> Optional[Handoff]:
        """The latest handoff of a conversation, open or not."""
        ...

    async def open(self) -> Sequence[Handoff]:
        """All open ones, longest waiting first."""
        ...

    async def ended_since(self, moment: float) -> Sequence[Handoff]:
        """Those that ended after a moment."""
        ...

    async def see(self, conversations: Sequence[str], now: float) -> None:
        """Browsers of these customers are connected; conversations without an open handoff do not matter."""
        ...

    async def change(self, number: int, move: str, decide: Callable[[Handoff], Change], actor: str) -> Handoff:
        """As ``TicketStore.change``."""
        ...

    async def history(self, number: int) -> Sequence[HandoffEntry]:
        """What happened, oldest first."""
        ...

    async def note(self, conversation: str, login: str, text: str) -> Note:
        """Keep a note."""
        ...

    async def notes(self, conversation: str) -> Sequence[Note]:
        """The notes on a conversation, oldest first."""
        ...


# --- staff -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Staff:
    """Somebody who may log in at the desk; ``role`` is ``agent``, ``supervisor`` or ``clerk``.

    ``epoch`` changes when all sessions of this log-in end.
    """

    login: str
    name: str
    role: str
    skills: Sequence[str] = ()
    epoch: int = 0


@dataclass(frozen=True)
class Presence:
    """Where somebody is: ``available``, ``busy`` or ``away``, and when a browser of his was last heard of (epoch)."""

    login: str
    status: str
    since: float
    seen: float


class StaffStore(Protocol):
    """People at the desk, their passwords (hashed) and presence."""

    async def find(self, login: str) -> Optional[Staff]:
        """Who that is."""
        ...

    async def everybody(self) -> Sequence[Staff]:
        """All who may log in."""
        ...

    async def add(self, staff: Staff, password: str) -> bool:
        """Let somebody log in from now on; False when there is, or was, such a log-in."""
        ...

    async def set_password(self, login: str, password: str) -> bool:
        """Give a new password and let a closed log-in in again; all its sessions end. False when there is no such
        log-in.
        """
        ...

    async def disable(self, login: str) -> bool:
        """Close a log-in: its sessions end, its name stays. False when there is no such log-in, or it is closed."""
        ...

    async def check(self, login: str, password: str) -> bool:
        """Whether this is the password; an unknown log-in is simply False, in the same time."""
        ...

    async def attempt(self, login: str, now: float, most: int, pause: float) -> bool:
        """Count an attempt, atomically; False when there were ``most`` of them within ``pause`` seconds."""
        ...

    async def forgive(self, login: str) -> None:
        """Forget attempts: the log-in succeeded."""
        ...

    async def end_sessions(self, login: str) -> None:
        """Change the epoch."""
        ...

    async def see(self, login: str, now: float, status: Optional[str] = None) -> None:
        """A browser of his was heard of, and maybe his status changed."""
        ...

    async def gone(self, login: str) -> None:
        """He logged out."""
        ...

    async def presences(self) -> Sequence[Presence]:
        """Who was seen at all since he logged in."""
        ...


# --- reports ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Span:
    """The days from ``first`` to ``last``, both included, in China's civil time, on one channel or (empty) on all."""

    first: date
    last: date
    channel: str = ""


@dataclass(frozen=True)
class Seen:
    """A conversation that stands behind a figure: why it is there is in ``name`` (a topic, phrase, reason …)."""

    conversation: str
    channel: str
    at: datetime
    name: str


Rows = Sequence[tuple[Any, ...]]


class ReportStore(Protocol):
    """What happened, counted. Every row is the values of the columns that were asked for, and then the figures."""

    async def count(self, span: Span, kind: str, by: Sequence[str] = (), most: Optional[int] = None) -> Rows:
        """How many facts of a kind there are by columns among ``day hour channel name``; with ``most`` only the rows
        with the highest figures, highest first.
        """
        ...

    async def measured(self, span: Span, kind: str) -> Rows:
        """By name: how many facts of a kind with a value, the sum of the values, how many are above 60 (ch2)."""
        ...

    async def tickets(self, span: Span, now: datetime) -> Rows:
        """Tickets that were filed in the span by category, level, state and whether they are late (or were, when
        they were answered): how many.
        """
        ...

    async def ratings(self, span: Span) -> Rows:
        """Ratings by score: how many."""
        ...

    async def comments(self, span: Span, limit: int) -> Rows:
        """Ratings with a comment, newest first: moment, conversation, score, comment."""
        ...

    async def first_day(self) -> Optional[date]:
        """The day of the first conversation; None when there was none."""
        ...

    async def seen(
        self, span: Span, kind: str, name: Optional[str], hour: Optional[int], limit: int, offset: int
    ) -> Sequence[Seen]:
        """The conversations behind a figure, newest first; ``kind`` is a fact's, ``contained``, ``unanswered``,
        ``ticket`` (``name`` is a category) or ``rating`` (``name`` is a score).
        """
        ...

    async def sum_up(self, day: date) -> bool:
        """Add up the facts of the first day before ``day`` that is not added up yet, for good; False when there is
        none. Nothing may be recorded on that day any more.
        """
        ...

    async def forget_sums(self, since: date) -> None:
        """Count the days from ``since`` on from their facts again: something was recorded after all."""
        ...

    async def decide(self, phrase: str, intent: str, login: str, at: datetime) -> None:
        """Keep what somebody says a phrase means: an intent, or nothing (empty) to take it back."""
        ...

    async def decisions(self) -> Mapping[str, str]:
        """The intents that phrases were given, the latest of each."""
        ...


# --- customers' data -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Forgotten:
    """What was deleted: how many rows of each table, the conversations they belonged to, and what had to stay.

    ``kept`` are the numbers of tickets that are still open, ``held`` the conversations that a human has just now.
    """

    rows: Mapping[str, int]
    conversations: Sequence[str]
    kept: Sequence[str] = ()
    held: Sequence[str] = ()


class CustomerRecords(Protocol):
    """All that the hotline itself keeps about its customers (docs/security.md has the table)."""

    async def export(self, phone: str) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """The rows about a number, by table, JSON; conversations only where the number was verified in them."""
        ...

    async def forget(self, phone: str) -> Forgotten:
        """Delete them, and every conversation in which the number was given, whoever gave it."""
        ...

    async def purge(self, before: datetime) -> Forgotten:
        """Delete what nobody touched since a moment, a batch at a time; nothing to delete: no rows."""
        ...
