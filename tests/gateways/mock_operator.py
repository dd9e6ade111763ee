"""An operator's systems as TM Forum describes them, serving the demo subscribers; every answer is held against the
published descriptions before it leaves."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import date, datetime, time, timezone
from decimal import Decimal
from typing import Any, Optional

from aiohttp import web

from hotline.clock import ZONE, add_months
from hotline.errors import UnknownSubscriberError
from hotline.gateways.billing import SqlBillingGateway
from hotline.ports import Clock
from tests.gateways.descriptions import check_answer, check_question

TMF = "/tmf-api"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class MockOperator:
    """The four APIs over the demo database; ``asked`` collects the paths that were asked for."""

    def __init__(self, billing: SqlBillingGateway, clock: Clock) -> None:
        self._billing = billing
        self._clock = clock
        self.asked: list[str] = []

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._watch])
        app.router.add_get(f"{TMF}/productInventory/v4/product", self._products)
        app.router.add_get(f"{TMF}/prepayBalanceManagement/v4/accumulatedBalance", self._balances)
        app.router.add_get(f"{TMF}/prepayBalanceManagement/v4/bucket", self._buckets)
        app.router.add_get(f"{TMF}/prepayBalanceManagement/v4/topupBalance", self._topups)
        app.router.add_post(f"{TMF}/usageConsumption/v4/queryUsageConsumption", self._usage)
        app.router.add_get(f"{TMF}/customerBillManagement/v4/customerBill", self._bills)
        app.router.add_get(f"{TMF}/customerBillManagement/v4/appliedCustomerBillingRate", self._rates)
        return app

    @web.middleware
    async def _watch(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.asked.append(request.path)
        if request.can_read_body:
            check_question(request.method, request.path, await request.json())
        try:
            response = await handler(request)
        except UnknownSubscriberError:
            response = answer([])
        assert isinstance(response, web.Response) and isinstance(response.body, bytes)
        check_answer(request.method, request.path, response.status, json.loads(response.body))
        return response

    async def _products(self, request: web.Request) -> web.Response:
        phone = request.query["productSerialNumber"]
        one = await self._billing.subscriber(phone)
        characteristics = {"gender": one.gender, "suspensionReason": one.suspended_for}
        product = {
            "id": f"line-{phone}",
            "productSerialNumber": phone,
            "status": one.status,
            "startDate": midnight(one.plan_since),
            "productOffering": {"id": one.plan, "name": one.plan},
            "billingAccount": {"id": f"account-{phone}"},
            "relatedParty": [
                {"id": "shop", "role": "dealer", "name": "营业厅", "@referredType": "Organization"},
                {"id": f"customer-{phone}", "role": "customer", "name": one.name, "@referredType": "Individual"},
            ],
            "productCharacteristic": [
                {"name": name, "value": value} for name, value in characteristics.items() if value is not None
            ],
            "product": [
                *({"name": name, "productSpecification": {"id": "valueAddedService"}} for name in one.services),
                {
                    "name": "SIM",
                    "productSpecification": {"id": "simCard"},
                    "productCharacteristic": [
                        {"name": "ICCID", "value": "0"},
                        {"name": "PUK", "value": await self._billing.puk(phone)},
                    ],
                },
            ],
        }
        if one.contract_until:
            ends = {"endDateTime": midnight(one.contract_until)}
            product["productTerm"] = [{"name": "warranty"}, {"name": "contract", "validFor": ends}]
        return answer([product])

    async def _balances(self, request: web.Request) -> web.Response:
        phone = request.query["logicalResource.id"]
        amount = await self._billing.balance(phone)
        balance = {
            "name": "balance",
            "bucket": [{"id": f"money-{phone}"}],
            "logicalResource": {"id": phone},
            "totalBalance": {"amount": float(amount), "units": "CNY"},
        }
        return answer([balance])

    async def _buckets(self, request: web.Request) -> web.Response:
        assert request.query["usageType"] == "other"
        phone = request.query["logicalResource.id"]
        lines = [{"id": phone}]
        points = {"amount": await self._billing.points(phone), "units": "points"}
        return answer(
            [
                {"logicalResource": lines, "usageType": "other", "remainingValue": {"amount": 3, "units": "coupons"}},
                {"logicalResource": lines, "usageType": "other", "remainingValue": points},
            ]
        )

    async def _topups(self, request: web.Request) -> web.Response:
        phone = request.query["logicalResource.id"]
        common = {"logicalResource": [{"id": phone}]}
        topups: list[dict[str, Any]] = [
            {
                **common,
                "status": "completed",
                "amount": {"amount": float(payment.amount), "units": "CNY"},
                "confirmationDate": midnight(payment.day),
                "paymentMethod": {"id": payment.method, "name": payment.method},
            }
            for payment in await self._billing.payments(phone, 100)
        ]
        failed = {**common, "status": "failed", "amount": {"amount": 1.0, "units": "CNY"}}
        return pages(request, [failed, *reversed(topups)], size=1)

    async def _usage(self, request: web.Request) -> web.Response:
        phone = (await request.json())["searchCriteria"]["logicalResource"][0]["id"]
        try:
            usage = await self._billing.usage(phone)
        except UnknownSubscriberError:
            return answer({"id": "1", "usageConsumption": []}, 201)
        buckets = [
            allowance("data", "MB", one.name, one.used, one.total, one.scope, one.expires) for one in usage.packages
        ]
        voice = allowance("voice", "min", usage.packages[0].name, usage.voice_used, usage.voice_total)
        sms = allowance("sms", "sms", usage.packages[0].name, 0, 10)
        consumption = {
            "state": "done",
            "logicalResource": [{"id": phone}],
            "bucketRefOrValue": [*buckets, voice, sms],
        }
        return answer({"id": "1", "usageConsumption": [consumption]}, 201)

    async def _bills(self, request: web.Request) -> web.Response:
        account = request.query["billingAccount.id"]
        phone = account.split("-")[1]
        this_month = self._clock.now().date()
        bills = []
        for offset in range(0, -7, -1):
            month = add_months(this_month, offset)
            if await self._billing.bill(phone, month):
                period = {"startDateTime": midnight(month)}
                bills.append({"id": f"{phone}-{month}", "billingAccount": {"id": account}, "billingPeriod": period})
        return answer(bills)

    async def _rates(self, request: web.Request) -> web.Response:
        bill = request.query["bill.id"]
        phone, month = bill.split("-", 1)
        found = await self._billing.bill(phone, date.fromisoformat(month))
        assert found
        rates = [rate(bill, item.name, item.amount, f"line-{phone}") for item in found.items]
        others = rate(bill, "套餐月费", Decimal(8), "line-of-somebody-else-on-the-same-account")
        return answer([*rates, others])


def allowance(
    kind: str,
    units: str,
    name: str,
    used: int,
    total: int,
    scope: Optional[str] = None,
    expires: Optional[date] = None,
) -> dict[str, Any]:
    bucket: dict[str, Any] = {
        "name": name,
        "usageType": kind,
        "remainingValue": {"amount": total - used, "units": units},
        "bucketCounter": [
            {"counterType": "outOfBucket"},
            {"counterType": "used", "value": {"amount": used, "units": units}},
        ],
    }
    if scope:
        bucket["service"] = [{"id": scope, "name": scope}]
    if expires:
        bucket["validFor"] = {"endDateTime": midnight(expires)}
    return bucket


def rate(bill: str, name: str, amount: Decimal, product: str) -> dict[str, Any]:
    return {
        "id": f"{bill}-{name}",
        "name": name,
        "bill": {"id": bill},
        "product": {"id": product},
        "taxIncludedAmount": {"value": float(amount), "unit": "CNY"},
    }


def midnight(day: date) -> str:
    """The moment at which a day begins in China, as a UTC date-time: its date is that of the day before."""
    return datetime.combine(day, time(), ZONE).astimezone(timezone.utc).isoformat()


def pages(request: web.Request, resources: list[Any], size: int) -> web.Response:
    """One page of a list, with the number of all."""
    offset = int(request.query.get("offset", 0))
    response = answer(resources[offset : offset + size])
    response.headers["X-Total-Count"] = str(len(resources))
    return response


def answer(body: Any, status: int = 200) -> web.Response:
    return web.json_response(body, status=status)
