"""The one door: every channel's messages come in here, and every answer leaves here.

On the way in, in this order: type, size and characters; one turn at a time a conversation; a retried message gets the
answer it already had; normalisation, then the slash guard (a typed command is plain speech; only the payload of a
button that was just offered counts); secrets are checked and taken out before Rasa sees the words; then Rasa.
On the way out: no raw placeholder, no silence, the customer's own script, and everything on record.

Source: promises P2–P5 and P9; the manual's ch2 (保密制度, 统一用语).
"""

from __future__ import annotations

import asyncio
import logging
import re
import weakref
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any, Optional, Union
from urllib.parse import parse_qsl

import async_timeout
from rasa.core.channels.channel import UserMessage

from hotline import script
from hotline.answers import Answer, Collector, last_asked
from hotline.errors import GatewayError, GatewayTimeoutError, GatewayUnavailableError, MessageRejectedError
from hotline.metrics import Metrics
from hotline.ports import Conversation, ConversationLock, ConversationStore, EventLog, Mode
from hotline.services.handoff import Reason
from hotline.services.human_desk import HumanDesk
from hotline.services.secrets import SecretDesk
from hotline.text import normalise
from hotline.wording import Words, has_placeholder

logger = logging.getLogger(__name__)

MAX_TEXT = 500
IDENTIFIER = re.compile(r"[A-Za-z0-9_.@:-]{1,100}")
BLOTTED = "******"
# Offers made while a secret is asked for; it may still be given instead of taking them up.
ASIDE = {"choose", "offer_human"}
SERVICE_PASSWORD = "service_password"
SHORTEST_SECRET = 4  # a key pressed by mistake is no attempt
MAX_REDIRECTS = 3  # several requests in one breath are served one after the other; more than this is a loop
MOST_WAITING = 20  # messages of one conversation that wait for their turn; a person does not send more
SAVING = 1 / 8  # the share of the deadline that is left for keeping the answers

_PAYLOAD = re.compile(r"/(?P<intent>\w+)(?:\?(?P<query>.*))?", re.DOTALL)
# Six digits on their own: in one piece, one by one, in threes or in pairs. Dates and times are written otherwise.
_BETWEEN_DIGITS = r"[\s\-,.、，。·/_]{1,2}"
_PASSWORD_LIKE = re.compile(
    rf"(?<![\d.])(?<!\d[\s-])(?:\d{{6}}|\d(?:{_BETWEEN_DIGITS}\d){{5}}|\d{{3}}[\s-]\d{{3}}|\d\d(?: \d\d){{2}})"
    r"(?![\d.元块:点])(?![\s-]\d)"
)
_DIGITS = re.compile(r"\d[\d \-]*\d|\d")
_HALVES = re.compile("[\ud800-\udfff]")  # half an emoji: no store and no converter takes it
_WORDS = re.compile(r"\w|\*")
_PHONE = re.compile(r"(?<!\d)1[3-9]\d(?:[\s-]?\d){8}(?!\d)")
_SAYS_PASSWORD = re.compile("密[码碼]")
_TOLD_PASSWORD = re.compile(
    r"[,。;、 ]*(?:服务)?密码(?:是|为|:)? ?\*{6}"
)  # would be taken for a question about passwords

SIGNED_OUT = "signed_out"  # in a conversation's state

FAULT = "utter_courtesy_fault"
TOO_LATE = "utter_courtesy_too_late"

IN_VAIN = "asked_in_vain"
TRANSFER_FAILED = "transfer_failed"  # to transfer the call once more would be no help
MOST_TIMES = 2  # the same question in a row without anything told in between; then a human is offered
CORRECTIONS = ("utter_invalid_", "utter_verification_unknown_number")  # what was given cannot be right: tells nothing
AFTER_FAREWELL = (None, "rating")  # what may be asked after 再见
OPEN_QUESTIONS = {"anything_else", "more"}  # put as often as there are tasks, and parts of a long answer

Handler = Callable[[UserMessage], Awaitable[Any]]
Dress = Callable[[list[Answer], Conversation], Any]


@dataclass
class Inbound:
    """What a channel hands in.

    Exactly one of these is meant: ``text`` (what was said or typed), ``payload`` (a button that was pressed; ``text``
    is
    then its title), or ``event`` (something that happened: an intent that only channels can raise).
    ``secret`` says that the text was typed into a masked field or keyed in as a secret.
    """

    conversation: str
    channel: str
    message_id: str
    text: str = ""
    payload: Optional[str] = None
    event: Optional[str] = None
    entities: Mapping[str, Any] = field(default_factory=dict)
    secret: bool = False


@dataclass
class Turn:
    """What came of it: the answers, the conversation after them, and whether this is a repetition of an earlier
    turn.
    """

    answers: list[Answer]
    conversation: Conversation
    repeated: bool = False


class Manner:
    """A channel's part in a turn, played while the door has the conversation; this one adds nothing.

    ``conversation.state`` may be read and written; ``state["heard"]`` is what Rasa was given, without secrets.
    """

    def read(self, inbound: Inbound, conversation: Conversation) -> Optional[Inbound]:
        """What the message means as the conversation stands now; None when there is nothing to serve."""
        return inbound

    def arrange(self, answers: list[Answer], conversation: Conversation) -> list[Answer]:
        """The answers as this channel gives them, before they are remembered."""
        return answers

    def dress(self, answers: list[Answer], conversation: Conversation) -> Any:
        """What the channel sends; kept with the answers, so that a retried message gets the very same."""
        return None


class Dressed(Manner):
    """The part of a channel that only has a way to put its answers."""

    def __init__(self, dress: Dress) -> None:
        self._dress = dress

    def dress(self, answers: list[Answer], conversation: Conversation) -> Any:
        """What the function makes of them."""
        return self._dress(answers, conversation)


PLAIN = Manner()


class Door:
    """Lets messages in and answers out.

    ``handler`` is Rasa (``on_new_message`` of an input channel), whose trackers are kept in ``events``; ``deadline``
    is in seconds; ``lock`` is for several processes that serve the same conversations.
    """

    def __init__(
        self,
        handler: Handler,
        conversations: ConversationStore,
        events: EventLog,
        secrets: SecretDesk,
        words: Words,
        deadline: float,
        lock: Optional[ConversationLock] = None,
        handoff: Optional[HumanDesk] = None,
        metrics: Optional[Metrics] = None,
    ) -> None:
        self._handler = handler
        self._conversations = conversations
        self._events = events
        self._secrets = secrets
        self._words = words
        self._deadline = deadline
        self._lock = lock
        self._handoff = handoff
        self._metrics = metrics or Metrics()
        self._waiting: Counter[str] = Counter()
        self._locks: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()

    async def receive(self, inbound: Inbound, manner: Union[Manner, Dress] = PLAIN) -> Turn:
        """Serve one message; a channel that only dresses its answers may give just the function for that.

        Raises ``MessageRejectedError`` for what is not well-formed; every other fault becomes an honest answer, and
        that within the deadline, whatever is slow. A turn that is still at work then is not broken off: what it does is
        kept, and a message that is sent again gets its answers.
        """
        started = asyncio.get_running_loop().time()
        try:
            check(inbound)
        except MessageRejectedError:
            self._metrics.refused()
            raise
        manner = manner if isinstance(manner, Manner) else Dressed(manner)
        work = asyncio.ensure_future(self._served(inbound, manner, started + self._deadline))
        done, _ = await asyncio.wait({work}, timeout=self._deadline)
        if done:
            turn = work.result()
        else:
            logger.error("a turn took longer than %s s and goes on unheard", self._deadline)
            turn = self._excused(TOO_LATE, inbound, manner)
        self._metrics.turn(inbound.channel, asyncio.get_running_loop().time() - started, turn.answers)
        return turn

    async def _served(self, inbound: Inbound, manner: Manner, until: float) -> Turn:
        """The turn, or the excuse for a store that failed."""
        try:
            async with self._alone(inbound.conversation):
                return await self._turn(inbound, manner, until)
        except GatewayError as error:
            logger.error("the turn could not be kept: %s", type(error).__name__)
        except Exception as error:  # a store that answers nonsense, a fault of ours: silence would be worse
            logger.error("the turn broke off: %s", type(error).__name__, exc_info=error)
        return self._excused(FAULT, inbound, manner)

    def _excused(self, response: str, inbound: Inbound, manner: Manner) -> Turn:
        """What is said when nothing can be kept, not even this."""
        apology = self._words.answer(response, inbound.channel)
        conversation = Conversation(inbound.conversation, inbound.channel)
        apology.dressed = manner.dress([apology], conversation)
        return Turn([apology], conversation)

    @asynccontextmanager
    async def _alone(self, conversation: str) -> AsyncIterator[None]:
        """No other turn of this conversation, neither here nor in another process.

        Raises ``GatewayTimeoutError`` when the turns before take longer than the deadline, ``GatewayUnavailableError``
        when too many wait already.
        """
        if self._waiting[conversation] >= MOST_WAITING:
            raise GatewayUnavailableError(f"{MOST_WAITING} messages of a conversation wait already")
        self._waiting[conversation] += 1
        try:
            async with AsyncExitStack() as stack:
                with self._metrics.stage("lock"):
                    await self._take(conversation, stack)
                yield
        finally:
            self._waiting[conversation] -= 1
            self._waiting += Counter()  # lets go of those at zero

    async def _take(self, conversation: str, stack: AsyncExitStack) -> None:
        lock = self._locks.setdefault(conversation, asyncio.Lock())
        try:
            # Waiting with a limit makes a task; nearly every turn finds the conversation free.
            await (asyncio.wait_for(lock.acquire(), self._deadline) if lock.locked() else lock.acquire())
        except asyncio.TimeoutError:
            raise GatewayTimeoutError(f"a conversation was not free within {self._deadline} s") from None
        stack.callback(lock.release)
        if self._lock is not None:
            await stack.enter_async_context(self._lock.hold(conversation, self._deadline))

    async def _turn(self, inbound: Inbound, manner: Manner, until: float) -> Turn:
        with self._metrics.stage("load"):
            known, said = await self._conversations.load(inbound.conversation, inbound.message_id)
        conversation = known or Conversation(inbound.conversation, inbound.channel)
        if said is not None:
            return Turn([Answer.from_dict(item) for item in said], conversation, repeated=True)
        read = manner.read(inbound, conversation)
        with self._events.turn(conversation.id, conversation.length) as events:
            if read and conversation.mode is Mode.HUMAN:
                answers = await self._to_human(read, conversation)
            else:
                answers = await self._answers(read, conversation, manner, until) if read else []
                await self._mind_the_queue(answers, conversation)
            dressed = manner.dress(answers, conversation)
            if dressed is not None:
                answers = answers or [Answer(text="")]
                answers[-1].dressed = dressed
            with self._metrics.stage("save"):
                said = await self._conversations.save(
                    conversation, inbound.message_id, [answer.as_dict() for answer in answers], events
                )
        if answers and conversation.mode is Mode.HUMAN and self._handoff is not None:
            await self._handoff.heard(conversation.id)
        return Turn([Answer.from_dict(item) for item in said], conversation)

    async def _answers(
        self, inbound: Inbound, conversation: Conversation, manner: Manner, until: float
    ) -> list[Answer]:
        until -= self._deadline * SAVING
        message = await self._message(inbound, conversation)
        conversation.state["heard"] = message.text
        answers = self._release(await self._serve(message, inbound, until), conversation)
        answers = manner.arrange(answers, conversation)
        if _asked_in_vain(conversation, answers) and inbound.event != TRANSFER_FAILED:
            turn = replace(inbound, message_id=f"{inbound.message_id}.vain", text="")
            message = self._injected(turn, IN_VAIN, {}, "", message.metadata or {})
            why = [answer for answer in answers if answer.name.startswith(CORRECTIONS)]
            found = self._release(await self._serve(message, turn, until), conversation)
            answers = manner.arrange([*why, *found], conversation)
        _remember(conversation, answers)
        return answers

    async def _to_human(self, inbound: Inbound, conversation: Conversation) -> list[Answer]:
        """While a human has the conversation Rasa hears nothing of it: what was said goes on record for the desk."""
        conversation.state.pop("secret", None)
        text = "" if inbound.event else redact(normalise(inbound.text))
        if inbound.secret:
            text = BLOTTED
        if not text:
            return []
        _note_script(inbound.text, conversation.state)
        return [Answer(text="", metadata={"said": text})]

    async def _mind_the_queue(self, answers: list[Answer], conversation: Conversation) -> None:
        """A farewell leaves the queue; a fault that the caller is transferred for goes on record as a handoff."""
        if answers:
            answers[-1].metadata["said"] = conversation.state.get("heard", "")
        if self._handoff is None:
            return
        if any(answer.metadata.get("queues") for answer in answers):
            conversation.mode = Mode.QUEUED
        if conversation.mode is Mode.CLOSED:
            await self._handoff.leave(conversation.id)
        transferred = conversation.state.get("call", {}).get("transfer_result")
        if transferred and conversation.mode is Mode.QUEUED:
            await self._handoff.call_result(conversation.id, transferred == "answered")
        faults = [answer for answer in answers if answer.name in (FAULT, TOO_LATE) and answer.metadata.get("transfer")]
        if faults:
            with suppress(GatewayError):  # the caller is put through all the same
                await self._handoff.request(conversation.id, conversation.channel, Reason.ENGINE_FAULT)

    async def conversation(self, conversation: str, message: str = "-") -> Optional[Conversation]:
        """What is known of a conversation; None when it is new."""
        known, _ = await self._conversations.load(conversation, message)
        return known

    async def close(self, conversation: str, message_id: str, signed_out: bool = False) -> None:
        """The customer is gone: close the conversation and forget its verification.

        Of one that was ``signed_out`` of, ``state[SIGNED_OUT]`` stays true whatever is said in it later.
        """
        known = await self.conversation(conversation)
        if known is not None:
            known.mode = Mode.CLOSED
            if signed_out:
                known.state[SIGNED_OUT] = True
            await self._conversations.save(known, message_id, [])
            if self._handoff is not None:
                await self._handoff.leave(conversation)
        await self._secrets.forget(conversation)

    async def forget(self, conversation: str) -> None:
        """Forget what was verified in a conversation."""
        await self._secrets.forget(conversation)

    async def answered(self, conversation: str, message_id: str) -> list[Answer]:
        """The answers that a message already had; none when it is new."""
        _, said = await self._conversations.load(conversation, message_id)
        return [Answer.from_dict(item) for item in said or []]

    async def since(self, conversation: str, sequence: int) -> list[Answer]:
        """All answers of a conversation after a sequence number."""
        return [Answer.from_dict(item) for item in await self._conversations.answers_since(conversation, sequence)]

    def answer(self, response: str, channel: str, /, **values: Any) -> Answer:
        """A whole response of domain.yml for what a channel says by itself."""
        return self._words.answer(response, channel, **values)

    def fault(self, channel: str) -> Answer:
        """The honest sentence of a channel for a fault of the engine itself."""
        return self.answer(FAULT, channel)

    def words(self, response: str, channel: str, /, **values: Any) -> str:
        """A text of domain.yml for what a channel says by itself (keys, a hold, too fast)."""
        return self._words.phrase(response, channel, **values)

    # --- in ----------------------------------------------------------------------------------------------------------

    async def _message(self, inbound: Inbound, conversation: Conversation) -> UserMessage:
        state = conversation.state
        context = {"asked": state.get("asks") or ("told" if state.get("last") else "start")}
        failed = any(item.get("name") in (FAULT, TOO_LATE) for item in state.get("last", []))
        metadata: dict[str, Any] = {"context": context, "channel": inbound.channel, "after_fault": failed}
        if conversation.mode is Mode.CLOSED:
            conversation.mode = Mode.BOT
        if inbound.event:
            return self._injected(inbound, inbound.event, dict(inbound.entities), "", metadata)
        if inbound.payload and inbound.payload in {button["payload"] for button in state.get("buttons", [])}:
            intent, entities = parse_payload(inbound.payload)
            # Its title, as a rule; a rating may have a comment behind it, and what is typed there is as unsafe as ever.
            return self._injected(inbound, intent, entities, redact(_plain(inbound.text)), metadata)
        text = _plain(inbound.text)
        _note_script(inbound.text, state)
        if await self._check_at_once(text, inbound.conversation, state):
            return self._spoken(inbound, _TOLD_PASSWORD.sub("", redact(text)), metadata)
        if state.get("secret") or inbound.secret:
            kept = await self._take_secret(text, inbound, state, metadata)
            if kept is not None:
                return kept
        text = redact(text)
        if not _WORDS.search(text):  # nothing but punctuation says nothing
            return self._injected(inbound, "nlu_fallback", {}, "", metadata)
        return self._spoken(inbound, text, metadata)

    async def _check_at_once(self, text: str, conversation: str, state: Mapping[str, Any]) -> bool:
        """Check a service password that is told together with its number, before it was asked for or for another
        number than it was asked for; False when there is none in the text. A wrong one counts, and is then asked for.
        """
        numbers = [re.sub(r"\D", "", number) for number in _PHONE.findall(text)]
        passwords = _PASSWORD_LIKE.findall(_PHONE.sub(",", text))
        asked = state.get("asks") in ("phone_number", "password") or _SAYS_PASSWORD.search(text)
        if not (asked and len(numbers) == len(passwords) == 1) or state.get("secret") not in (None, SERVICE_PASSWORD):
            return False
        if state.get("secret") and numbers[0] == state.get("phone"):
            return False
        await self._secrets.check(SERVICE_PASSWORD, conversation, numbers[0], re.sub(r"\D", "", passwords[0]))
        return True

    async def _take_secret(
        self, text: str, inbound: Inbound, state: dict[str, Any], metadata: dict[str, Any]
    ) -> Optional[UserMessage]:
        """The message without its secret, with the result of checking it; None when there is no secret in it."""
        digits = "".join(re.sub(r"\D", "", run) for run in _DIGITS.findall(_PHONE.sub(",", text)))
        if len(digits) < SHORTEST_SECRET:
            return None
        kind, phone = state.get("secret"), state.get("phone", "")
        if not kind:
            return self._injected(inbound, "inform", {}, BLOTTED, metadata)
        metadata["secret_result"] = await self._secrets.check(kind, inbound.conversation, phone, digits)
        return self._injected(inbound, "secret_entered", {}, BLOTTED, metadata)

    def _spoken(self, inbound: Inbound, text: str, metadata: dict[str, Any]) -> UserMessage:
        return UserMessage(
            text=text,
            output_channel=Collector(inbound.channel),
            sender_id=inbound.conversation,
            input_channel=inbound.channel,
            message_id=inbound.message_id,
            metadata=metadata,
        )

    def _injected(
        self, inbound: Inbound, intent: str, entities: Mapping[str, Any], text: str, metadata: dict[str, Any]
    ) -> UserMessage:
        parsed = {
            "text": text,
            "intent": {"name": intent, "confidence": 1.0},
            "entities": [{"entity": name, "value": value} for name, value in entities.items()],
            "intent_ranking": [],
        }
        return UserMessage(
            text=text,
            output_channel=Collector(inbound.channel),
            sender_id=inbound.conversation,
            input_channel=inbound.channel,
            message_id=inbound.message_id,
            parse_data=parsed,
            metadata=metadata,
        )

    async def _serve(self, message: UserMessage, inbound: Inbound, until: float) -> list[Answer]:
        """The answers to a message and to what its actions redirect to, up to a moment of the loop's time."""
        answers: list[Answer] = []
        for step in range(MAX_REDIRECTS + 1):
            found, redirect = _split(await self._ask_rasa(message, inbound.channel, until))
            answers.extend(found)
            if redirect is None or step == MAX_REDIRECTS:
                break
            inbound = replace(inbound, message_id=f"{inbound.message_id}.{step + 1}", text=redirect["text"])
            metadata = {**(message.metadata or {}), "secret_result": None}
            if redirect["intent"]:
                message = self._injected(inbound, redirect["intent"], {}, inbound.text, metadata)
            else:
                message = self._spoken(inbound, inbound.text, metadata)
        return answers

    async def _ask_rasa(self, message: UserMessage, channel: str, until: float) -> list[Answer]:
        collector = message.output_channel
        assert isinstance(collector, Collector)
        try:
            with self._metrics.stage("rasa"):
                async with async_timeout.timeout_at(until):  # asyncio's wait_for would make a task of it
                    await self._handler(message)
        except asyncio.TimeoutError:
            logger.error("a turn took longer than %s s", self._deadline)
            return [*collector.answers, self._words.answer(TOO_LATE, channel)]
        except Exception as error:  # whatever Rasa raises, the customer gets an honest sentence
            logger.error("a turn failed: %s", type(error).__name__, exc_info=error)
            return [*collector.answers, self._words.answer(FAULT, channel)]
        return collector.answers

    # --- out ---------------------------------------------------------------------------------------------------------

    def _release(self, answers: list[Answer], conversation: Conversation) -> list[Answer]:
        released: list[Answer] = []
        ended = False
        for answer in answers:
            if ended and answer.metadata.get("asks") not in AFTER_FAREWELL:
                continue  # a task in hand that asks on: nobody is there any more
            ended = ended or bool(answer.metadata.get("ends"))
            if answer.metadata.get("repeat"):
                released.extend(Answer.from_dict(item) for item in conversation.state.get("last", []))
            elif answer.metadata.get("goes_on"):
                released.extend(Answer.from_dict(item) for item in conversation.state.pop("rest", []))
            elif has_placeholder(answer.text):
                logger.error("response %s left a placeholder open", answer.name)
                released.append(self._words.answer(FAULT, conversation.channel))
            else:
                released.append(answer)
        if not released:
            logger.error("a turn had no answer")
            released.append(self._words.answer(FAULT, conversation.channel))
        if conversation.state.get("traditional"):
            for answer in released:
                answer.text = script.to_traditional(answer.text)
                for button in answer.buttons:
                    button["title"] = script.to_traditional(button["title"])
        return released


def _split(answers: list[Answer]) -> tuple[list[Answer], Optional[dict[str, str]]]:
    """The answers for the customer, and where an action wants the turn to go on."""
    redirects = [answer.card["redirect"] for answer in answers if answer.card and "redirect" in answer.card]
    plain = [answer for answer in answers if not (answer.card and "redirect" in answer.card)]
    return plain, redirects[-1] if redirects else None


def check(inbound: Inbound) -> None:
    """Whether a message is well-formed; ``MessageRejectedError`` names the field that is not."""
    for name in ("conversation", "message_id"):
        value = getattr(inbound, name)
        if not isinstance(value, str) or not IDENTIFIER.fullmatch(value):
            raise MessageRejectedError(name, "must be 1 to 100 letters, digits or _ . @ : -")
    for name in ("text", "payload"):
        value = getattr(inbound, name)
        if not isinstance(value, str) and (name == "text" or value is not None):
            raise MessageRejectedError(name, "must be a string")
        if value and _HALVES.search(value):
            raise MessageRejectedError(name, "must be whole characters")
    if len(inbound.text) > MAX_TEXT:
        raise MessageRejectedError("text", f"must have at most {MAX_TEXT} characters")


def without_commands(text: str) -> str:
    """The text without the leading slashes that Rasa would take for a command."""
    return text.lstrip("/\\ \t\n").strip()


def _plain(text: str) -> str:
    return without_commands(normalise(text))[:MAX_TEXT]  # one character may become eighteen


def redact(text: str) -> str:
    """The text with everything that looks like a service password (six digits on their own) blotted out."""
    return _PASSWORD_LIKE.sub(BLOTTED, text)


def parse_payload(payload: str) -> tuple[str, dict[str, Any]]:
    """Intent and entities of a button's payload: ``/intent`` or ``/intent?entity=value&…``.

    Rasa's own form ``/intent{"entity": "value"}`` cannot stand in domain.yml: its braces would be taken for a
    placeholder.
    """
    match = _PAYLOAD.fullmatch(payload)
    if match is None:
        raise MessageRejectedError("payload", "must be /intent or /intent?entity=value")
    return match["intent"], dict(parse_qsl(match["query"] or ""))


def _note_script(text: str, state: dict[str, Any]) -> None:
    if script.is_traditional(text):
        state["traditional"] = True
    elif script.is_simplified(text):
        state.pop("traditional", None)


def _asked_in_vain(conversation: Conversation, answers: Sequence[Answer]) -> bool:
    """Count how often in a row the same question was put and nothing else was told; True when that was too often."""
    state = conversation.state
    asked = last_asked(answers)
    if asked is None or not asked.name or asked.metadata["asks"] in OPEN_QUESTIONS:
        state["question"], state["times"] = "", 0
        return False
    told = any(answer is not asked and not answer.name.startswith(CORRECTIONS) for answer in answers)
    # By its words, not its name: what was corrected and is read back again is no longer the same question.
    again = asked.text == state.get("question") and not told
    state["question"], state["times"] = asked.text, state.get("times", 0) + 1 if again else 1
    return bool(state["times"] > MOST_TIMES)


def _remember(conversation: Conversation, answers: list[Answer]) -> None:
    """Keep what the next message needs: what was asked, the buttons on offer, the last words."""
    state = conversation.state
    asked = last_asked(answers)
    ends = any(answer.metadata.get("ends") for answer in answers)
    kept = not asked and any(answer.metadata.get("keeps_question") for answer in answers)
    if not kept:
        state["asks"] = asked.metadata["asks"] if asked else None
        state["buttons"] = [button for answer in answers for button in answer.buttons]
    if not kept or "last" not in state:  # 好的,我等您 is nothing to say again
        state["last"] = [answer.as_dict() for answer in answers]
    state["louder"] = bool(state.get("louder")) or any(answer.metadata.get("louder") for answer in answers)
    if ends or (asked and asked.metadata["asks"] not in ASIDE):
        state.pop("secret", None)
    if asked and asked.metadata.get("secret"):
        state["secret"] = asked.metadata["secret"]
        state["phone"] = asked.values.get("phone_number") or state.get("phone", "")
    if ends:
        conversation.mode = Mode.CLOSED
