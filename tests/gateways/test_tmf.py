"""What the TM Forum gateway makes of an operator whose systems are slow, down, wrong or about somebody else."""

from __future__ import annotations

import asyncio
import copy
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from hotline.errors import (
    GatewayDataError,
    GatewayError,
    GatewayTimeoutError,
    GatewayUnavailableError,
    UnknownSubscriberError,
)
from hotline.gateways.tmf import TmfBillingGateway
from hotline.ports import DataPackage
from tests.gateways.mock_operator import MockOperator
from tests.support import demo_database_url

WANG, LI = "13800138000", "13900139000"
SEPTEMBER = date(2026, 9, 1)

Question = Callable[[TmfBillingGateway], Awaitable[Any]]
QUESTIONS: dict[str, Question] = {
    "subscriber": lambda gateway: gateway.subscriber(WANG),
    "balance": lambda gateway: gateway.balance(WANG),
    "bill": lambda gateway: gateway.bill(WANG, SEPTEMBER),
    "usage": lambda gateway: gateway.usage(WANG),
    "payments": lambda gateway: gateway.payments(WANG),
    "points": lambda gateway: gateway.points(WANG),
    "puk": lambda gateway: gateway.puk(WANG),
}
every_question = pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """What the mock operator keeps its subscribers in does not matter here."""
    return demo_database_url(tmp_path)


@asynccontextmanager
async def closed_after(gateway: TmfBillingGateway) -> AsyncIterator[TmfBillingGateway]:
    try:
        yield gateway
    finally:
        await gateway.close()


@asynccontextmanager
async def operator_that(
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]], time_limit: float = 3.0, token: str = ""
) -> AsyncIterator[TmfBillingGateway]:
    """A gateway to an operator that answers everything with ``handler``."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    server = TestServer(app)
    async with server, closed_after(TmfBillingGateway(str(server.make_url("/")), time_limit, token)) as gateway:
        yield gateway


def always(body: Any, status: int = 200, **options: Any) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handler(_: web.Request) -> web.Response:
        if isinstance(body, bytes):
            return web.Response(body=body, status=status, **options)
        return web.json_response(body, status=status)

    return handler


@asynccontextmanager
async def operator_with(
    operator: MockOperator, change: Callable[[web.Request, Any], Any]
) -> AsyncIterator[TmfBillingGateway]:
    """A gateway to the mock operator, whose answers are changed on their way."""
    app = operator.app()

    @web.middleware
    async def changing(request: web.Request, handler: Any) -> web.StreamResponse:
        answer: web.Response = await handler(request)
        answer.text = json.dumps(change(request, json.loads(answer.body)))
        return answer

    app.middlewares.insert(0, changing)
    async with TestServer(app) as server, closed_after(TmfBillingGateway(str(server.make_url("/")))) as gateway:
        yield gateway


# --- an operator that does not answer ---


@every_question
async def test_an_operator_that_hangs_is_a_timeout_within_the_limit(question: Question) -> None:
    async def hang(_: web.Request) -> web.Response:
        await asyncio.sleep(5)
        raise AssertionError

    async with operator_that(hang, time_limit=0.1) as gateway:
        started = asyncio.get_running_loop().time()
        with pytest.raises(GatewayTimeoutError):
            await question(gateway)
        assert asyncio.get_running_loop().time() - started < 1


async def test_the_limit_holds_for_all_requests_of_a_question_together(operator: MockOperator) -> None:
    app = operator.app()

    @web.middleware
    async def slow(request: web.Request, handler: Any) -> web.StreamResponse:
        await asyncio.sleep(0.15)
        answer: web.StreamResponse = await handler(request)
        return answer

    app.middlewares.append(slow)
    async with TestServer(app) as server:
        gateway = TmfBillingGateway(str(server.make_url("/")), time_limit=0.3)
        with pytest.raises(GatewayTimeoutError):
            await gateway.bill(WANG, SEPTEMBER)  # three requests
        await gateway.close()


async def test_an_answer_that_breaks_off_in_the_middle_of_its_body_is_unavailable() -> None:
    async def break_off(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"[")
        assert request.transport
        request.transport.close()
        return response

    async with operator_that(break_off) as gateway:
        with pytest.raises(GatewayUnavailableError):
            await gateway.balance(WANG)


@every_question
async def test_an_operator_that_is_down_is_unavailable(question: Question) -> None:
    gateway = TmfBillingGateway(f"http://127.0.0.1:{unused_port()}")
    with pytest.raises(GatewayUnavailableError):
        await question(gateway)
    await gateway.close()


@pytest.mark.parametrize("status", [301, 400, 401, 403, 405, 409, 429, 500, 502, 503])
async def test_a_refusal_is_unavailable(status: int) -> None:
    async with operator_that(always(b"", status, headers={"Location": "/elsewhere"})) as gateway:
        with pytest.raises(GatewayUnavailableError):
            await gateway.balance(WANG)


async def test_after_a_failure_the_next_question_is_asked_afresh(tmf_billing: TmfBillingGateway) -> None:
    with pytest.raises(UnknownSubscriberError):
        await tmf_billing.balance("13312345678")
    assert await tmf_billing.balance(WANG) == Decimal("86.40")


async def test_a_gateway_that_was_never_asked_closes_quietly() -> None:
    await TmfBillingGateway("http://operator.invalid").close()


# --- not found ---


async def test_not_found_in_the_words_of_tm_forum_is_an_unknown_number() -> None:
    async with operator_that(always({"code": "60", "reason": "Resource not found"}, 404)) as gateway:
        with pytest.raises(UnknownSubscriberError):
            await gateway.balance(WANG)


@pytest.mark.parametrize("body", [b"<html>404</html>", b"", b"[]", b'{"code": 60}'])
async def test_any_other_not_found_means_that_the_api_is_not_there(body: bytes) -> None:
    async with operator_that(always(body, 404)) as gateway:
        with pytest.raises(GatewayUnavailableError):
            await gateway.balance(WANG)


# --- nonsense ---

NONSENSE = {
    "html": b"<html>Service is fine</html>",
    "nothing": b"",
    "null": b"null",
    "text": b'"13800138000"',
    "object of errors": b'{"error": "x"}',
    "list of nothing": b"[null]",
    "list of empty objects": b"[{}]",
    "usage of nothing": b'{"usageConsumption": [{}]}',
    "other encoding": "[{'name': '余额'}]".encode("gb18030"),
    "no number": b'[{"totalBalance": {"amount": NaN}}]',
    "infinite number": b'[{"totalBalance": {"amount": 1e99999999999999999999}}]',
    "deep nesting": b"[" * 100_000,
    "too long": b"[" + b" " * 2_000_000 + b"]",
}


@every_question
@pytest.mark.parametrize("body", NONSENSE.values(), ids=NONSENSE)
async def test_nonsense_is_a_data_error(question: Question, body: bytes) -> None:
    async with operator_that(always(body)) as gateway:
        with pytest.raises(GatewayDataError):
            await question(gateway)


async def test_a_list_that_never_ends_is_a_data_error(operator: MockOperator) -> None:
    async def endless(_: web.Request) -> web.Response:
        topup = {"logicalResource": [{"id": WANG}], "status": "failed", "amount": {"amount": 1, "units": "CNY"}}
        return web.json_response([topup], headers={"X-Total-Count": "1000000"})

    async with operator_that(endless) as gateway:
        with pytest.raises(GatewayDataError):
            await gateway.payments(WANG)


async def test_a_list_that_is_shorter_than_announced_is_taken_as_it_is(operator: MockOperator) -> None:
    async def nothing(_: web.Request) -> web.Response:
        return web.json_response([], headers={"X-Total-Count": "3"})

    async with operator_that(nothing) as gateway:
        with pytest.raises(UnknownSubscriberError):
            await gateway.payments(WANG)


WRONG = [None, True, -1, 1e300, "x", "\ud800", "长" * 300, [], [[]], {}, {"id": {}}]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of everything inside a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from places(inner, (*path, key))


def replaced(value: Any, path: tuple[Any, ...], by: Any) -> Any:
    value = copy.deepcopy(value)
    place = value
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = by
    return value


@every_question
async def test_whatever_is_wrong_in_an_answer_it_is_a_value_or_the_right_error(
    operator: MockOperator, question: Question
) -> None:
    """Each place of each answer is replaced by each kind of wrong value in turn; nothing else may come out."""
    answers: dict[str, Any] = {}

    def record(request: web.Request, body: Any) -> Any:
        answers[str(request.rel_url)] = body
        return body

    async with operator_with(operator, record) as gateway:
        await question(gateway)

    wrong: tuple[str, tuple[Any, ...], Any] = ("", (), None)

    async def replay(request: web.Request) -> web.Response:
        url = str(request.rel_url)
        body = replaced(answers[url], wrong[1], wrong[2]) if url == wrong[0] else answers.get(url, [])
        headers = {"X-Total-Count": "3"} if "topup" in url else {}
        return web.json_response(body, headers=headers)

    errors = 0
    async with operator_that(replay) as gateway:
        for url, body in answers.items():
            for place, value in itertools.product(places(body), WRONG):
                wrong = (url, place, value)
                try:
                    await question(gateway)
                except (GatewayDataError, GatewayUnavailableError, UnknownSubscriberError) as error:
                    errors += 1
                    assert WANG not in str(error)
    assert errors > 20


def without(*keys: str) -> Callable[[web.Request, Any], Any]:
    """A change that takes fields away, wherever they are."""

    def prune(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: prune(inner) for key, inner in value.items() if key not in keys}
        return [prune(inner) for inner in value] if isinstance(value, list) else value

    return lambda _, body: prune(body)


@pytest.mark.parametrize(
    ("question", "key"),
    [
        ("subscriber", "relatedParty"),
        ("subscriber", "status"),
        ("subscriber", "role"),
        ("puk", "productCharacteristic"),
        ("puk", "product"),
        ("balance", "totalBalance"),
        ("payments", "confirmationDate"),
        ("payments", "paymentMethod"),
        ("usage", "service"),
        ("usage", "validFor"),
        ("usage", "counterType"),
        ("bill", "taxIncludedAmount"),
    ],
)
async def test_an_answer_without_what_is_needed_is_a_data_error(
    operator: MockOperator, question: str, key: str
) -> None:
    async with operator_with(operator, without(key)) as gateway:
        with pytest.raises(GatewayDataError):
            await QUESTIONS[question](gateway)


def with_value(key: str, value: Any) -> Callable[[web.Request, Any], Any]:
    """A change that sets a field, wherever it is."""

    def change(inside: Any) -> Any:
        if isinstance(inside, dict):
            return {name: value if name == key else change(inner) for name, inner in inside.items()}
        return [change(inner) for inner in inside] if isinstance(inside, list) else inside

    return lambda _, body: change(body)


@pytest.mark.parametrize("question", ["balance", "payments", "usage", "bill"])
async def test_an_unknown_unit_or_currency_is_a_data_error(operator: MockOperator, question: str) -> None:
    key = "unit" if question == "bill" else "units"
    async with operator_with(operator, with_value(key, "USD")) as gateway:
        with pytest.raises(GatewayDataError):
            await QUESTIONS[question](gateway)


# --- about somebody else ---


def somebody_elses(_: web.Request, body: Any) -> Any:
    return json.loads(json.dumps(body).replace(WANG, LI))


@every_question
async def test_an_answer_about_another_number_is_never_passed_on(operator: MockOperator, question: Question) -> None:
    async with operator_with(operator, somebody_elses) as gateway:
        with pytest.raises(GatewayDataError):
            await question(gateway)


async def test_items_of_another_number_on_a_shared_bill_are_left_out(tmf_billing: TmfBillingGateway) -> None:
    bill = await tmf_billing.bill(WANG, SEPTEMBER)
    assert bill is not None
    assert Decimal(8) not in [item.amount for item in bill.items]  # the mock operator sends one


# --- variety that TM Forum allows ---


async def test_units_are_converted_and_data_is_rounded_down(operator: MockOperator) -> None:
    def in_gb(_: web.Request, body: Any) -> Any:
        used = {"counterType": "used", "value": {"amount": 0.5, "units": "GB"}}
        bucket = {
            "name": "畅享套餐58元",
            "usageType": "data",
            "remainingValue": {"amount": 1.0001, "units": "GB"},
            "bucketCounter": [used],
            "service": [{"id": "1", "name": "国内"}],
            "validFor": {"endDateTime": "2026-10-31T15:59:59Z"},
        }
        seconds = {"counterType": "used", "value": {"amount": 90, "units": "s"}}
        voice = {**bucket, "usageType": "voice", "bucketCounter": [seconds]}
        voice["remainingValue"] = {"amount": 60, "units": "min"}
        body["usageConsumption"][0]["bucketRefOrValue"] = [bucket, voice]
        return body

    async with operator_with(operator, in_gb) as gateway:
        usage = await gateway.usage(WANG)
    assert usage.packages == (DataPackage("畅享套餐58元", "国内", 512, 1536, date(2026, 10, 31)),)
    assert (usage.voice_used, usage.voice_total) == (1, 61)


@pytest.mark.parametrize(
    ("status", "expected"),
    [("pendingTerminate", "active"), ("pendingActive", "suspended"), ("aborted ", "closed"), ("terminated", "closed")],
)
async def test_the_states_of_a_product_are_told_in_ours(operator: MockOperator, status: str, expected: str) -> None:
    async with operator_with(operator, with_value("status", status)) as gateway:
        assert (await gateway.subscriber(WANG)).status == expected


async def test_what_is_optional_may_be_missing(operator: MockOperator) -> None:
    pruned = without("productTerm", "productCharacteristic", "product")
    async with operator_with(operator, pruned) as gateway:
        subscriber = await gateway.subscriber(LI)
    assert (subscriber.gender, subscriber.suspended_for, subscriber.services) == (None, None, ())


async def test_a_contract_without_end_is_none(operator: MockOperator) -> None:
    async with operator_with(operator, without("validFor")) as gateway:
        assert (await gateway.subscriber("13600136000")).contract_until is None


async def test_a_moment_without_zone_is_chinas(operator: MockOperator) -> None:
    async with operator_with(operator, with_value("startDate", "2025-08-01T00:00:00")) as gateway:
        assert (await gateway.subscriber(WANG)).plan_since == date(2025, 8, 1)


async def test_a_subscriber_without_bucket_of_points_has_none(operator: MockOperator) -> None:
    async with operator_with(operator, with_value("usageType", "sms")) as gateway:
        assert await gateway.points(WANG) == 0


async def test_a_subscriber_without_balance_is_a_data_error(operator: MockOperator) -> None:
    def no_balance(request: web.Request, body: Any) -> Any:
        return [] if request.path.endswith("accumulatedBalance") else body

    async with operator_with(operator, no_balance) as gateway:
        with pytest.raises(GatewayDataError):
            await gateway.balance(WANG)


async def test_a_subscriber_without_allowances_has_used_nothing(operator: MockOperator) -> None:
    async with operator_with(operator, with_value("bucketRefOrValue", [])) as gateway:
        usage = await gateway.usage(WANG)
    assert (usage.packages, usage.voice_total) == ((), 0)


async def test_usage_that_is_still_being_counted_is_unavailable(operator: MockOperator) -> None:
    async with operator_with(operator, with_value("state", "inProgress")) as gateway:
        with pytest.raises(GatewayUnavailableError):
            await gateway.usage(WANG)


async def test_the_token_goes_with_every_question() -> None:
    async def check(request: web.Request) -> web.Response:
        return web.json_response([], status=200 if request.headers.get("Authorization") == "Bearer t0ken" else 401)

    async with operator_that(check, token="t0ken") as gateway:
        with pytest.raises(UnknownSubscriberError):
            await gateway.balance(WANG)
    async with operator_that(check) as gateway:
        with pytest.raises(GatewayError):
            await gateway.balance(WANG)
