"""The TM Forum gateway against Stoplight Prism, which makes up answers from the published descriptions alone.

All that such an answer may contain is allowed; the gateway has to make a value of it or say what is wrong with it.
``make test-services`` installs Prism.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import unused_port

from hotline.errors import GatewayDataError, UnknownSubscriberError
from hotline.gateways.tmf import TmfBillingGateway
from tests.gateways.descriptions import descriptions

pytestmark = pytest.mark.services

WANG = "13800138000"
ROUNDS = 8
# Luck decides whether a made-up answer is complete: a question is asked on until one was.
MOST_ROUNDS = 60

Question = Callable[[TmfBillingGateway], Awaitable[Any]]
QUESTIONS: dict[str, Question] = {
    "subscriber": lambda gateway: gateway.subscriber(WANG),
    "balance": lambda gateway: gateway.balance(WANG),
    "bill": lambda gateway: gateway.bill(WANG, date(2026, 9, 1)),
    "usage": lambda gateway: gateway.usage(WANG),
    "payments": lambda gateway: gateway.payments(WANG),
    "points": lambda gateway: gateway.points(WANG),
    "puk": lambda gateway: gateway.puk(WANG),
}


def quantity(units: str) -> dict[str, Any]:
    """The schema of an amount in these units, now and then negative."""
    amount = {"type": "number", "minimum": -10, "maximum": 1000}
    return {"type": "object", "properties": {"amount": amount, "units": {"enum": [units]}}}


# What a sensible operator would fill in: without these almost every made-up answer is refused at the first look.
SENSIBLE: dict[str, dict[str, Any]] = {
    "Product.productSerialNumber": {"enum": [WANG]},
    "LogicalResourceRef.id": {"enum": [WANG]},
    "UsageConsumptionLogicalResourceRef.id": {"enum": [WANG]},
    "BillingAccountRef.id": {"enum": ["account"]},
    "CustomerBill.id": {"enum": ["bill"]},
    "BillRef.id": {"enum": ["bill"]},
    "CustomerBill.billingPeriod": {
        "properties": {"startDateTime": {"enum": ["2026-09-01T00:00:00+08:00", "2026-10-01T00:00:00+08:00"]}}
    },
    "AccumulatedBalance.totalBalance": quantity("CNY"),
    "TopupBalance.amount": quantity("CNY"),
    "Bucket.remainingValue": quantity("points"),
    "BucketRefOrValue.remainingValue": quantity("MB"),
    "ConsumptionSummary.value": quantity("MB"),
    "Money.unit": {"enum": ["CNY"]},
    "Money.value": {"maximum": 100000},
    "RelatedParty.role": {"enum": ["customer", "user"]},
    "ProductSpecificationRef.id": {"enum": ["simCard", "valueAddedService"]},
    "Characteristic.name": {"enum": ["PUK", "suspensionReason"]},
    "Characteristic.value": {"enum": ["12345678", "lost", 7, None]},
    "ConsumptionSummary.counterType": {"enum": ["used", "outOfBucket"]},
    "BucketRefOrValue.usageType": {"enum": ["data", "voice", "sms"]},
    "UsageConsumption.state": {"enum": ["done"]},
}

# Products contain products and buckets refer to buckets: Prism would not come to an end.
NONE = {"type": "array", "items": {"type": "object"}, "maxItems": 0}
ENDLESS = {
    "ProductRefOrValue.product": NONE,
    "ProductRefOrValue.productRelationship": NONE,
    "BucketRefOrValue.bucketRelationship": NONE,
}


def one_description(narrowed: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """All descriptions as one, each API under its base path, its definitions under its own names."""
    paths: dict[str, Any] = {}
    definitions: dict[str, Any] = {}
    for number, (base, description) in enumerate(descriptions().items()):
        prefix = f"Api{number}"
        renamed = json.loads(json.dumps(description).replace("#/definitions/", f"#/definitions/{prefix}"))
        for place, schema in {**ENDLESS, **narrowed}.items():
            definition, field = place.split(".")
            properties = renamed["definitions"].get(definition, {}).get("properties", {})
            if field in properties:
                properties[field] = schema
        paths.update({base + path: operations for path, operations in renamed["paths"].items()})
        definitions.update({prefix + name: definition for name, definition in renamed["definitions"].items()})
    return {
        "swagger": "2.0",
        "info": {"title": "an operator", "version": "4"},
        "produces": ["application/json"],
        "consumes": ["application/json"],
        "paths": paths,
        "definitions": definitions,
    }


@contextmanager
def running_prism(directory: Path, narrowed: dict[str, dict[str, Any]]) -> Iterator[str]:
    """URL of a Prism that makes up a new answer for every question."""
    program = shutil.which("prism")
    assert program, "Prism is not installed: run `make test-services`"
    description = directory / "operator.json"
    description.write_text(json.dumps(one_description(narrowed)), encoding="utf-8")
    port = unused_port()
    command = [program, "mock", "--dynamic", "--port", str(port), "--verboseLevel", "error", str(description)]
    with (directory / "prism.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)


async def wait_for(url: str) -> None:
    async with aiohttp.ClientSession() as session:
        for _ in range(150):
            try:
                await session.get(url)
                return
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.2)
    raise TimeoutError("Prism did not start")


@pytest.mark.parametrize("narrowed", [{}, SENSIBLE], ids=["anything", "sensible"])
async def test_whatever_the_descriptions_allow_is_a_value_or_the_right_error(
    tmp_path: Path, narrowed: dict[str, dict[str, Any]]
) -> None:
    outcomes: dict[str, Counter[str]] = {name: Counter() for name in QUESTIONS}
    with running_prism(tmp_path, narrowed) as url:
        await wait_for(url)
        gateway = TmfBillingGateway(url, time_limit=20)  # Prism takes its time to make up a product
        try:
            for name, number in itertools.product(QUESTIONS, range(MOST_ROUNDS)):
                if number >= ROUNDS and (not narrowed or outcomes[name]["a value"]):
                    continue
                try:
                    await QUESTIONS[name](gateway)
                    outcomes[name]["a value"] += 1
                except UnknownSubscriberError:  # an empty list
                    outcomes[name]["unknown"] += 1
                except GatewayDataError:
                    outcomes[name]["a data error"] += 1
        finally:
            await gateway.close()
    if narrowed:
        assert all(outcome["a value"] for outcome in outcomes.values()), outcomes
    else:
        assert all(outcome["a data error"] for outcome in outcomes.values()), outcomes
