"""Subscribers and their money from an operator's own systems (``BillingGateway``) over TM Forum's Open APIs v4.

    TMF637 product inventory   subscriber, plan, services, SIM card
    TMF654 prepay balance      balance, points, payments
    TMF677 usage consumption   this month's use
    TMF678 customer bill       bills and their items

A telephone number is the ``productSerialNumber`` of its product and the id of its ``logicalResource``. An answer about
another number than the one that was asked for is an error: a server that ignores a filter must never make one customer
hear another's account. ``tmf_model.py`` says what each resource has to contain.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NoReturn, Optional, TypeVar

import aiohttp
from pydantic import ValidationError

from hotline.clock import month_of
from hotline.errors import GatewayDataError, GatewayTimeoutError, GatewayUnavailableError, UnknownSubscriberError
from hotline.gateways import tmf_model as tmf
from hotline.masking import mask
from hotline.ports import Bill, BillItem, DataPackage, Payment, Subscriber, Usage

T = TypeVar("T")
R = TypeVar("R", bound=tmf.Resource)

INVENTORY = "/tmf-api/productInventory/v4"
BALANCE = "/tmf-api/prepayBalanceManagement/v4"
USAGE = "/tmf-api/usageConsumption/v4"
BILLS = "/tmf-api/customerBillManagement/v4"

# An answer is a few kB; more is no answer to what was asked.
MAX_BYTES = 1_000_000
# Pages of one list that are followed.
MAX_PAGES = 10

STATUS = {
    "active": "active",
    "pendingTerminate": "active",
    "created": "suspended",
    "pendingActive": "suspended",
    "suspended": "suspended",
    "terminated": "closed",
    "cancelled": "closed",
    "aborted": "closed",
}
REASONS = ("arrears", "lost", "realname", "contract")
GENDERS = ("male", "female")


class TmfBillingGateway:
    """``BillingGateway`` over the APIs above; ``url`` is what stands before ``/tmf-api``.

    One session is shared by all questions and closed by ``close``. ``time_limit`` is in seconds and holds for a
    question as a whole, however many requests it takes. ``token`` is sent as a bearer token.
    """

    def __init__(self, url: str, time_limit: float = 3.0, token: str = "") -> None:
        self._url = url.rstrip("/")
        self._limit = time_limit
        self._headers = {"Accept": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
        self._session: Optional[aiohttp.ClientSession] = None

    async def subscriber(self, phone: str) -> Subscriber:
        """See the port."""
        return await self._within_limit(self._subscriber(phone))

    async def balance(self, phone: str) -> Decimal:
        """See the port."""
        return await self._within_limit(self._balance(phone))

    async def bill(self, phone: str, month: date) -> Optional[Bill]:
        """See the port; items in the operator's order."""
        return await self._within_limit(self._bill(phone, month_of(month)))

    async def usage(self, phone: str) -> Usage:
        """See the port; allowances in the operator's order."""
        return await self._within_limit(self._usage(phone))

    async def payments(self, phone: str, limit: int = 5) -> Sequence[Payment]:
        """See the port."""
        return await self._within_limit(self._payments(phone, limit))

    async def points(self, phone: str) -> int:
        """See the port; 0 when there is no bucket of points."""
        return await self._within_limit(self._points(phone))

    async def puk(self, phone: str) -> str:
        """See the port."""
        return await self._within_limit(self._puk(phone))

    async def close(self) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()

    async def _subscriber(self, phone: str) -> Subscriber:
        product = await self._product(phone)
        status = STATUS.get(product.status.strip())
        name = next((party.name for party in product.related_party if party.role == "customer"), None)
        if status is None or not name or not product.product_offering.name:
            raise ValueError("a product lacks its status, customer or offering")
        reason = _characteristic(product.product_characteristic, "suspensionReason")
        gender = _characteristic(product.product_characteristic, "gender")
        ends = (term.valid_for for term in product.product_term if term.name == "contract")
        return Subscriber(
            phone=phone,
            name=name,
            gender=gender if gender in GENDERS else None,
            status=status,
            suspended_for=reason if status == "suspended" and reason in REASONS else None,
            plan=product.product_offering.name,
            plan_since=tmf.china_date(product.start_date),
            contract_until=next((tmf.china_date(period.end_date_time) for period in ends if period), None),
            services=tuple(part.name for part in _components(product, "valueAddedService") if part.name),
        )

    async def _puk(self, phone: str) -> str:
        for card in _components(await self._product(phone), "simCard"):
            puk = _characteristic(card.product_characteristic, "PUK")
            if isinstance(puk, str) and puk.isdecimal():
                return puk
        raise ValueError("a product has no SIM card with a PUK")

    async def _balance(self, phone: str) -> Decimal:
        balances = await self._list(BALANCE + "/accumulatedBalance", tmf.AccumulatedBalance, _of(phone))
        for balance in balances:
            _same(phone, [balance.logical_resource])
            return balance.total_balance.yuan
        await self._product(phone)
        raise ValueError("a subscriber has no balance")

    async def _points(self, phone: str) -> int:
        query = {**_of(phone), "usageType": "other"}
        for bucket in await self._list(BALANCE + "/bucket", tmf.Bucket, query):
            _same(phone, bucket.logical_resource)
            if bucket.usage_type == "other" and bucket.remaining_value.units == "points":
                return bucket.remaining_value.whole
        await self._product(phone)
        return 0

    async def _payments(self, phone: str, limit: int) -> Sequence[Payment]:
        query = {**_of(phone), "status": "completed"}
        payments = []
        for topup in await self._list(BALANCE + "/topupBalance", tmf.TopupBalance, query):
            _same(phone, topup.logical_resource)
            if topup.status == "completed":
                payments.append(_payment(topup))
        if not payments:
            await self._product(phone)
        return tuple(sorted(payments, key=lambda payment: payment.day, reverse=True)[:limit])

    async def _bill(self, phone: str, month: date) -> Optional[Bill]:
        product = await self._product(phone)
        account = product.billing_account.id
        for bill in await self._list(BILLS + "/customerBill", tmf.CustomerBill, {"billingAccount.id": account}):
            _same(account, [bill.billing_account])
            if month_of(tmf.china_date(bill.billing_period.start_date_time)) == month:
                return Bill(month, await self._bill_items(bill.id, product.id))
        return None

    async def _bill_items(self, bill: str, product: str) -> tuple[BillItem, ...]:
        items = []
        for rate in await self._list(BILLS + "/appliedCustomerBillingRate", tmf.AppliedRate, {"bill.id": bill}):
            _same(bill, [rate.bill])
            # A family's numbers may share a billing account and so a bill.
            if rate.product is None or rate.product.id == product:
                items.append(BillItem(rate.name, rate.tax_included_amount.yuan))
        return tuple(items)

    async def _usage(self, phone: str) -> Usage:
        question = {"searchCriteria": {"logicalResource": [{"id": phone}]}}
        answer = await self._request("POST", USAGE + "/queryUsageConsumption", json=question)
        packages, voice_used, voice_total = [], 0, 0
        for consumption in tmf.UsageQuery.parse_obj(answer[0]).usage_consumption:
            _same(phone, consumption.logical_resource)
            if consumption.state != "done":
                raise GatewayUnavailableError("the usage is not counted yet")
            for bucket in consumption.bucket_ref_or_value:
                if bucket.usage_type == "data":
                    packages.append(_data_package(bucket))
                elif bucket.usage_type == "voice":
                    voice_used += bucket.used
                    voice_total += bucket.used + bucket.remaining_value.whole
        if not packages and not voice_total:
            await self._product(phone)
        return Usage(tuple(packages), voice_used, voice_total)

    async def _product(self, phone: str) -> tmf.Product:
        products = await self._list(INVENTORY + "/product", tmf.Product, {"productSerialNumber": phone})
        if not products:
            raise UnknownSubscriberError(mask(phone))
        if products[0].product_serial_number != phone:
            _not_what_was_asked()
        return products[0]

    async def _list(self, path: str, model: type[R], query: Mapping[str, str]) -> list[R]:
        """All resources that a query finds, page by page (TMF630: ``offset``, ``X-Total-Count``)."""
        found: list[R] = []
        for _ in range(MAX_PAGES):
            page = {**query, "offset": str(len(found))} if found else query
            answer, total = await self._request("GET", path, params=page)
            if not isinstance(answer, list):
                raise ValueError("a list is no list")
            found.extend(model.parse_obj(resource) for resource in answer)
            if not answer or len(found) >= total:
                return found
        raise ValueError("a list does not end")

    async def _request(self, method: str, path: str, **options: Any) -> tuple[Any, int]:
        """The JSON of an answer and how many resources there are in all (0 when it does not say)."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self._limit))
        url = self._url + path
        async with self._session.request(
            method, url, headers=self._headers, allow_redirects=False, **options
        ) as response:
            body = await _read(response)
            if response.status == 404:
                _not_found(body)
            if not 200 <= response.status < 300:
                raise GatewayUnavailableError(f"{method} {path} was answered {response.status}")
            total = response.headers.get("X-Total-Count", "")
            return _parse(body), int(total) if total.isdecimal() else 0

    async def _within_limit(self, question: Awaitable[T]) -> T:
        """The answer, or the right error for whatever went wrong; messages hold no personal data."""
        try:
            return await asyncio.wait_for(question, self._limit)
        except asyncio.TimeoutError:
            raise GatewayTimeoutError(f"the operator did not answer within {self._limit} s") from None
        except aiohttp.ClientError as error:
            raise GatewayUnavailableError(type(error).__name__) from None
        except ValidationError as error:
            fields = sorted({".".join(str(part) for part in problem["loc"]) for problem in error.errors()})
            raise GatewayDataError(f"{error.model.__name__}: {', '.join(fields)}") from None
        except (ValueError, ArithmeticError, RecursionError) as error:
            raise GatewayDataError(str(error)) from None


def _of(phone: str) -> dict[str, str]:
    return {"logicalResource.id": phone}


def _same(wanted: str, refs: Iterable[tmf.Ref]) -> None:
    if all(ref.id != wanted for ref in refs):
        _not_what_was_asked()


def _not_what_was_asked() -> NoReturn:
    raise GatewayDataError("the answer is about another number or account than was asked for")


def _components(product: tmf.Product, specification: str) -> list[tmf.Component]:
    return [
        part
        for part in product.product
        if part.product_specification is not None and part.product_specification.id == specification
    ]


def _characteristic(characteristics: Iterable[tmf.Characteristic], name: str) -> Any:
    return next((one.value for one in characteristics if one.name == name), None)


def _payment(topup: tmf.TopupBalance) -> Payment:
    if topup.confirmation_date is None or topup.payment_method is None or not topup.payment_method.name:
        raise ValueError("a completed payment lacks its date or method")
    return Payment(tmf.china_date(topup.confirmation_date), topup.amount.yuan, topup.payment_method.name)


def _data_package(bucket: tmf.UsageBucket) -> DataPackage:
    scope = bucket.service[0].name if bucket.service else None
    if bucket.valid_for is None or not scope:
        raise ValueError("a data allowance lacks its scope or expiry")
    total = bucket.used + bucket.remaining_value.whole
    return DataPackage(bucket.name, scope, bucket.used, total, tmf.china_date(bucket.valid_for.end_date_time))


async def _read(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body.extend(chunk)
        if len(body) > MAX_BYTES:
            raise ValueError("an answer is too long")
    return bytes(body)


def _parse(body: bytes) -> Any:
    """JSON with exact decimals and without the NaN and Infinity that Python would let pass."""
    return json.loads(body, parse_float=Decimal, parse_constant=_no_number)


def _no_number(text: str) -> NoReturn:
    raise ValueError("a number is none")


def _not_found(body: bytes) -> NoReturn:
    """404 in TM Forum's own words means that the number is unknown; any other, that nobody is there."""
    try:
        refusal = tmf.Refusal.parse_obj(_parse(body))
    except ValueError:
        raise GatewayUnavailableError("the API was not found") from None
    raise UnknownSubscriberError(refusal.code)
