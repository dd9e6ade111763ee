"""Two workers, PostgreSQL, Redis, RabbitMQ and nginx: one hotline, whichever worker is asked and whatever breaks."""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import aio_pika
import aiohttp
import pytest

from hotline.bootstrap import Services, build
from hotline.gateways.broker import KEPT_MS, QUEUE
from hotline.settings import load_settings
from scripts.cluster import Cluster
from scripts.services import probe, until
from tests.cluster.customers import Phone, Tab
from tests.desk.desk_server import Person
from tests.product.test_transcripts import TALKS, assert_all, said, typed
from tests.support import NOW

pytestmark = pytest.mark.services

SECRET = "for-tests-of-the-cluster"
FAULT = "系统"
QUESTIONS = ("怎么缴费", "有什么优惠活动", "怎么开发票", "你能办什么业务", "你好", "怎么办理停机保号")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    settings = {"HOTLINE_IVR_SECRET": SECRET, "HOTLINE_LOG_LEVEL": "WARNING", "HOTLINE_NOW": NOW.isoformat()}
    with Cluster(durable=False, settings=settings) as one:
        one.start()
        yield one


@pytest.fixture
async def services(cluster: Cluster) -> AsyncIterator[Services]:
    """What the cluster has kept."""
    one = build(load_settings(_env_file=None, database_url=cluster.environment["HOTLINE_DATABASE_URL"]))
    yield one
    one.close()


Open = Callable[..., Any]


@pytest.fixture
async def tab() -> AsyncIterator[Open]:
    """Opens tabs that are closed with the test."""
    opened: list[Tab] = []

    async def open_one(base: str, **how: Any) -> Tab:
        opened.append(Tab(base, **how))
        return await opened[-1].open()

    yield open_one
    for one in opened:
        await one.close()


async def served(services: Services, conversation: str) -> Counter[str]:
    """How often Rasa served each message of a conversation."""
    events = await services.events.read(conversation)
    return Counter(event["message_id"] for event in events if event["event"] == "user")


# --- one hotline -----------------------------------------------------------------------------------------------------


async def test_a_customer_talks_through_nginx(cluster: Cluster, tab: Open) -> None:
    one = await tab(cluster.url)
    await one.until_turns(1)
    assert "手机号码" in "".join(await one.say("查一下话费"))
    assert "服务密码" in "".join(await one.say("13800138000"))
    assert "86.40元" in "".join(await one.say("246810"))
    assert set(one.times.values()) == {1}


@pytest.mark.parametrize("talk", TALKS)
async def test_the_talks_of_the_readme_are_the_same_through_nginx(cluster: Cluster, tab: Open, talk: str) -> None:
    customer = await tab(cluster.url)
    assert_all(said(talk), [text for line in typed(talk) for text in await customer.say(line)])


async def test_a_websocket_goes_through_nginx(cluster: Cluster, tab: Open) -> None:
    token = (await tab(cluster.url)).token
    address = f"{cluster.url}/socket.io/?EIO=4&transport=websocket"
    async with aiohttp.ClientSession() as http, http.ws_connect(address) as line:
        assert (await line.receive_str(timeout=10)).startswith("0{")
        await line.send_str("40" + json.dumps({"token": token}))
        assert (await line.receive_str(timeout=10)).startswith("40{")
        await line.send_str('42["message",{"id":"0123456789","text":"怎么缴费"}]')
        while "0123456789" not in (heard := await line.receive_str(timeout=10)):
            continue
        assert heard.startswith('42["turn",')


async def test_tabs_at_different_workers_see_one_talk_and_everything_once(cluster: Cluster, tab: Open) -> None:
    first, second = cluster.workers
    here = await tab(first.url)
    await here.until_turns(1)
    there = await tab(second.url, token=here.token)
    assert there.conversation == here.conversation
    await there.until_turns(1)
    for number, question in enumerate(QUESTIONS, 1):
        await (here, there)[number % 2].say(question)
        await here.until_turns(number + 1)
        await there.until_turns(number + 1)
    assert here.turns == there.turns
    assert set(here.times.values()) == set(there.times.values()) == {1}


def test_each_worker_is_held_on_one_core_and_they_share_none_that_is_free(cluster: Cluster) -> None:
    cores = [frozenset(os.sched_getaffinity(worker.pid)) for worker in cluster.workers]
    assert {len(each) for each in cores} == {1}
    assert len(set(cores)) == min(len(cores), len(os.sched_getaffinity(0)))


async def test_messages_to_both_workers_at_once_are_served_one_after_the_other(
    cluster: Cluster, tab: Open, services: Services
) -> None:
    first, second = cluster.workers
    here = await tab(first.url)
    there = await tab(second.url, token=here.token)
    await asyncio.gather(*(one.say(question) for question in QUESTIONS[:4] for one in (here, there)))
    counted = await served(services, here.conversation)
    assert set(counted.values()) == {1}


async def test_a_call_goes_to_any_worker(cluster: Cluster) -> None:
    async with aiohttp.ClientSession() as http:
        phone = Phone(http, cluster.url, SECRET, "call-any")
        assert "您好" in json.dumps(await phone.event("start", **{"from": "13800138000"}), ensure_ascii=False)
        assert "服务密码" in json.dumps(await phone.event("dtmf", digits="1"), ensure_ascii=False)
        assert "86.40元" in json.dumps(await phone.event("dtmf", digits="246810"), ensure_ascii=False)


async def test_of_two_agents_at_different_workers_one_gets_the_customer_and_both_learn_of_it(
    cluster: Cluster, tab: Open, services: Services
) -> None:
    agents = [Person(worker.url, login) for worker, login in zip(cluster.workers, ("a1001", "a1002"), strict=True)]
    try:
        for agent in agents:
            status, body = await agent.log_in()
            assert status == 200, body
            await agent.connect()
        customer = await tab(cluster.url)
        await customer.say("转人工")
        await asyncio.gather(*(agent.until("queue", lambda data: bool(data["queue"]), 15) for agent in agents))
        (waiting,) = [one for one in await services.handoff.open() if one.conversation == customer.conversation]
        results = await asyncio.gather(*(agent.post(f"handoffs/{waiting.id}/claim") for agent in agents))
        assert sorted(status for status, _ in results) == [200, 409]
        winner = agents[[status for status, _ in results].index(200)]
        status, body = await winner.post(f"handoffs/{waiting.id}/say", id="0123456789", text="您好,我是客户代表。")
        assert status == 200, body
        await customer.until(lambda: ["您好,我是客户代表。"] in customer.turns.values(), 15)
        assert set(customer.times.values()) == {1}
        await winner.post(f"handoffs/{waiting.id}/close", result="resolved", agreed="")
    finally:
        for agent in agents:
            await agent.close()


async def test_a_ticket_that_was_filed_is_in_the_broker(cluster: Cluster, tab: Open) -> None:
    customer = await tab(cluster.url)
    said = ""
    for line in ("你们的人给我办错套餐了", "我姓王", "13800138000", "是的"):
        said = "".join(await customer.say(line))
    # As an operator's consumer that came before us would have.
    connection = await aio_pika.connect(cluster.rabbitmq.url)
    async with connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(QUEUE, durable=True, arguments={"x-message-ttl": KEPT_MS})
        async with queue.iterator(timeout=20) as news:
            async for one in news:
                await one.ack()
                told = json.loads(one.body)
                if told["number"] in said:
                    break
    assert told["kind"] == "ticket.filed"


# --- what breaks -----------------------------------------------------------------------------------------------------


async def test_without_redis_the_customer_is_told_the_truth_and_nobody_is_sent_there(
    cluster: Cluster, tab: Open, services: Services
) -> None:
    customer = await tab(cluster.url)
    await customer.say("你好")
    cluster.redis.pause()
    try:
        said = "".join(await customer.say("查话费"))
        assert "尚未办理" in said, said
        for worker in cluster.workers:
            assert await in_thread(lambda port=worker.port: until(lambda: probe(port) == 503))
            assert probe(worker.port, "/live") == 200
    finally:
        cluster.redis.resume()
    for worker in cluster.workers:
        assert await in_thread(lambda port=worker.port: until(lambda: probe(port) == 200))
    assert "尚未办理" not in "".join(await customer.say("查话费"))


async def test_a_worker_is_killed_under_load_and_no_accepted_message_is_lost_or_served_twice(
    cluster: Cluster, tab: Open, services: Services
) -> None:
    customers = [await tab(cluster.url) for _ in range(8)]
    calls = [f"call-killed-{n}" for n in range(4)]
    victim = cluster.workers[0]
    done = 0

    async def talk(customer: Tab) -> None:
        nonlocal done
        for line in QUESTIONS * 2:
            assert FAULT not in "".join(await customer.say(line))
            done += 1

    async def ring(call: str) -> None:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(30)) as http:
            phone = Phone(http, cluster.url, SECRET, call)
            await phone.event("start")
            for line in QUESTIONS * 2:
                assert await phone.event("speech", text=line, confidence=0.9)

    async def kill() -> None:
        while done < 2 * len(customers):
            await asyncio.sleep(0.02)
        await in_thread(victim.kill)
        while done < 8 * len(customers):
            await asyncio.sleep(0.1)
        assert cluster.mend() == [victim]

    await asyncio.gather(kill(), *(talk(one) for one in customers), *(ring(call) for call in calls))
    assert any(customer.broken for customer in customers), "nobody was at the worker that was killed: proves nothing"
    for customer in customers:
        counted = await served(services, customer.conversation)
        assert customer.accepted <= set(customer.answered), "an accepted message was lost"
        assert {message: counted[message] for message in customer.answered} == dict.fromkeys(customer.answered, 1)
        answers = await services.conversations.answers_since(customer.conversation, 0)
        numbers = [answer["sequence"] for answer in answers]
        assert numbers == list(range(1, len(numbers) + 1))
    for call in calls:
        assert set((await served(services, call)).values()) == {1}
    assert await in_thread(lambda: until(lambda: probe(victim.port) == 200, 180))


async def in_thread(work: Callable[[], Any]) -> Any:
    """Something that waits, beside the event loop."""
    return await asyncio.get_running_loop().run_in_executor(None, work)
