"""After a handoff the assistant is silent until the human lets go (promise P6): a state machine over the real door."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from rasa.core.channels.channel import UserMessage

from hotline.bootstrap import Services
from hotline.door import Door, Inbound
from hotline.engine import make_door
from hotline.errors import HotlineError
from hotline.gateways.handoffs import SqlHandoffStore
from hotline.ports import Handoff, Staff
from hotline.services.calendar import OpeningHours
from hotline.services.handoff import SUPERVISOR, TALK, HandoffService, Pace, Reason, State
from tests.promises.effort import EXAMPLES, STEPS
from tests.support import demo_services

NAME = "web-c"
AGENTS = [Staff("a1001", "1001", "agent"), Staff("a1002", "1002", "agent"), Staff("s9001", "9001", "supervisor")]
SAID = ["查话费", "/restart", "/session_start", "/intent", "/handoff_ended", "转人工", "13800138000", "", "取消等待"]


class Handover(RuleBasedStateMachine):
    """One customer, three people at the desk, restarts of the server, and time that passes."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.directory = tempfile.TemporaryDirectory()
        self.services: Services = demo_services(Path(self.directory.name))
        self.seconds = 1_000_000.0
        self.heard: list[str] = []
        self.sent: list[Inbound] = []
        self.count = 0
        self.handoff, self.door = self.start()

    def start(self) -> tuple[HandoffService, Door]:
        """A server as it comes up, over the same database."""
        store = SqlHandoffStore(self.services.database, self.services.clock)
        hours = OpeningHours.parse("00:00-24:00")
        handoff = HandoffService(store, self.services.staff, self.services.clock, hours, Pace(), lambda: self.seconds)
        self.services.handoff = handoff

        async def rasa(message: UserMessage) -> None:
            self.heard.append(str(message.text))
            assert message.output_channel is not None
            await message.output_channel.send_response(message.sender_id, {"text": "好的。", "metadata": {}})

        return handoff, make_door(rasa, self.services)

    def do(self, work: Any) -> Any:
        """Run a step; a move that is not legal now is refused, and that is all."""
        try:
            return self.loop.run_until_complete(work)
        except HotlineError:
            return None

    def current(self) -> Handoff | None:
        """The handoff in hand."""
        place = self.do(self.handoff.place(NAME))
        return place.handoff if place else None

    def human(self) -> bool:
        """Whether a human has the conversation."""
        one = self.current()
        return one is not None and State(one.state) in TALK

    @initialize()
    def greet(self) -> None:
        self.say("你好")

    @rule(text=st.sampled_from(SAID))
    def customer_speaks(self, text: str) -> None:
        self.say(text)

    def say(self, text: str) -> None:
        """A message; while a human has the conversation it must not reach Rasa, and must be on record."""
        self.count += 1
        inbound = Inbound(NAME, "web", f"m{self.count}", text)
        human, before = self.human(), len(self.heard)
        turn = self.do(self.door.receive(inbound))
        self.sent.append(inbound)
        if human:
            assert len(self.heard) == before, f"the assistant heard {self.heard[before:]}"
            assert not any(answer.text for answer in turn.answers), "the assistant spoke"
        else:
            assert len(self.heard) == before + 1

    @rule()
    @precondition(lambda self: self.sent)
    def the_last_message_comes_twice(self) -> None:
        before = len(self.heard)
        turn = self.do(self.door.receive(self.sent[-1]))
        assert turn.repeated and len(self.heard) == before

    @rule(event=st.sampled_from(["silence", "session_opened"]))
    @precondition(lambda self: self.human())
    def the_channel_raises_something(self, event: str) -> None:
        self.count += 1
        before = len(self.heard)
        self.do(self.door.receive(Inbound(NAME, "web", f"m{self.count}", event=event)))
        assert len(self.heard) == before

    @rule(supervisor=st.booleans())
    def customer_asks_for_a_human(self, supervisor: bool) -> None:
        target = SUPERVISOR if supervisor else "agent"
        self.do(self.handoff.request(NAME, "web", Reason.REQUESTED, target))

    @rule(who=st.sampled_from(AGENTS))
    def agent_comes_or_claims(self, who: Staff) -> None:
        self.do(self.handoff.see(who.login))
        if one := self.current():
            self.do(self.handoff.claim(one.id, who))

    @rule(
        who=st.sampled_from(AGENTS), move=st.sampled_from(["said", "finish", "close", "transfer", "recall", "decline"])
    )
    def agent_acts(self, who: Staff, move: str) -> None:
        one = self.current()
        if one is None:
            return
        more: dict[str, tuple[str, ...]] = {"close": ("resolved",), "transfer": ("supervisor",)}
        self.do(getattr(self.handoff, move)(one.id, who.login, *more.get(move, ())))

    @rule(who=st.sampled_from(AGENTS))
    def agent_logs_out(self, who: Staff) -> None:
        self.do(self.handoff.log_out(who.login))

    @rule(seconds=st.sampled_from([5.0, 30.0, 70.0, 200.0, 1000.0]))
    def time_passes(self, seconds: float) -> None:
        self.seconds += seconds
        self.do(self.handoff.tick())

    @rule()
    def customer_cancels_or_leaves(self) -> None:
        human = self.human()
        self.do(self.handoff.cancel(NAME))
        self.do(self.handoff.leave(NAME))
        assert self.human() == human, "the customer cannot take the talk from the agent"

    @rule()
    def the_server_restarts(self) -> None:
        before = self.current()
        self.handoff, self.door = self.start()
        assert self.current() == before

    @invariant()
    def there_is_at_most_one_open_handoff(self) -> None:
        assert len(self.do(self.handoff.open())) <= 1

    def teardown(self) -> None:
        self.services.close()
        self.loop.close()
        self.directory.cleanup()


TestHandover = Handover.TestCase
TestHandover.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, suppress_health_check=list(HealthCheck)
)
