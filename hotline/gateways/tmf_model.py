"""The parts of TM Forum resources (Open APIs v4) that ``tmf.py`` reads; everything else in an answer is ignored.

TM Forum leaves nearly every field optional: what is required here is what an operator's systems must fill in, and the
docstrings say with what.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Optional

from pydantic import BaseModel, ConstrainedStr, Field

from hotline.clock import ZONE

# No subscriber owes or uses that much; larger numbers are nonsense and slow to calculate with.
LIMIT = 10**9
# In MB and minutes.
UNITS = {
    "KB": Decimal(1) / 1024,
    "MB": Decimal(1),
    "GB": Decimal(1024),
    "TB": Decimal(1024 * 1024),
    "s": Decimal(1) / 60,
    "second": Decimal(1) / 60,
    "min": Decimal(1),
    "minute": Decimal(1),
}


def china_date(moment: datetime) -> date:
    """The day in China; a moment without zone is China's."""
    return (moment.astimezone(ZONE) if moment.tzinfo else moment).date()


class Text(ConstrainedStr):
    """A string and nothing else, that can be shown and stored."""

    strict = True
    max_length = 200
    regex = re.compile(r"[^\x00-\x1f\ud800-\udfff]*$")


class Resource(BaseModel):
    """Any part of an answer, its fields in camelCase as TM Forum writes them."""

    class Config:
        alias_generator = staticmethod(lambda name: "".join((name[0], name.title().replace("_", "")[1:])))


class Ref(Resource):
    """A reference to something by its id."""

    id: Text
    name: Optional[Text] = None


class Period(Resource):
    """A time, its end at least."""

    end_date_time: datetime


class Quantity(Resource):
    """An amount in ``KB MB GB TB``, ``s second min minute``, ``CNY`` or ``points``."""

    amount: Decimal = Field(ge=-LIMIT, le=LIMIT)
    units: Text

    @property
    def yuan(self) -> Decimal:
        """Money; ``ValueError`` for another currency or unit."""
        if self.units != "CNY":
            raise ValueError("an amount of money is not in CNY")
        return to_fen(self.amount)

    @property
    def whole(self) -> int:
        """MB, minutes or points, rounded down; ``ValueError`` for an unknown unit or less than nothing."""
        factor = Decimal(1) if self.units == "points" else UNITS.get(self.units)
        if factor is None or self.amount < 0:
            raise ValueError("an amount is negative or in an unknown unit")
        return int(self.amount * factor)


class Money(Resource):
    """An amount of money in CNY."""

    value: Decimal = Field(ge=-LIMIT, le=LIMIT)
    unit: Text

    @property
    def yuan(self) -> Decimal:
        """Money; ``ValueError`` for another currency."""
        if self.unit != "CNY":
            raise ValueError("an amount of money is not in CNY")
        return to_fen(self.value)


def to_fen(amount: Decimal) -> Decimal:
    """Yuan to two places."""
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


class Characteristic(Resource):
    """A named value."""

    name: Text
    value: Any


class Party(Resource):
    """Somebody who has to do with a product: ``role`` ``customer`` is the subscriber."""

    name: Optional[Text] = None
    role: Optional[Text] = None


class Term(Resource):
    """A term of a product: ``contract`` is the one that binds the subscriber until its end."""

    name: Optional[Text] = None
    valid_for: Optional[Period] = None


class Component(Resource):
    """A product within a product; its specification's id is ``valueAddedService``, ``simCard`` or of no interest."""

    name: Optional[Text] = None
    product_specification: Optional[Ref] = None
    product_characteristic: list[Characteristic] = []


class Product(Resource):
    """TMF637: a mobile line on its plan (``productOffering.name``), found by its number (``productSerialNumber``).

    ``startDate`` is since when the plan holds. Characteristics: ``suspensionReason`` (``arrears lost realname
    contract``), ``gender`` of the subscriber (``male female``); of the component ``simCard``: ``PUK``.
    """

    id: Text
    product_serial_number: Text
    status: Text
    start_date: datetime
    product_offering: Ref
    billing_account: Ref
    related_party: list[Party]
    product_term: list[Term] = []
    product_characteristic: list[Characteristic] = []
    product: list[Component] = []


class AccumulatedBalance(Resource):
    """TMF654: the balance of a line (``logicalResource.id``), negative when money is owed."""

    logical_resource: Ref
    total_balance: Quantity


class Bucket(Resource):
    """TMF654: what is left of something; loyalty points have usage type ``other`` and unit ``points``."""

    logical_resource: list[Ref]
    usage_type: Text
    remaining_value: Quantity


class TopupBalance(Resource):
    """TMF654: a payment."""

    logical_resource: list[Ref]
    status: Text
    amount: Quantity
    confirmation_date: Optional[datetime] = None
    payment_method: Optional[Ref] = None


class BillingPeriod(Resource):
    """The time a bill is for, its start at least."""

    start_date_time: datetime


class CustomerBill(Resource):
    """TMF678: the bill of a billing account and period."""

    id: Text
    billing_account: Ref
    billing_period: BillingPeriod


class AppliedRate(Resource):
    """TMF678: one line of a bill, taxes included."""

    name: Text
    bill: Ref
    product: Optional[Ref] = None
    tax_included_amount: Money


class Counter(Resource):
    """TMF677: a counter of a bucket; ``used`` is the one read here."""

    counter_type: Optional[Text] = None
    value: Optional[Quantity] = None


class UsageBucket(Resource):
    """TMF677: an allowance; ``name`` is the plan's or pack's, ``service`` where it may be used (国内, 周末 …)."""

    name: Text
    usage_type: Text
    remaining_value: Quantity
    bucket_counter: list[Counter]
    valid_for: Optional[Period] = None
    service: list[Ref] = []

    @property
    def used(self) -> int:
        """What the counter ``used`` says, in MB or minutes; ``ValueError`` when there is none."""
        for counter in self.bucket_counter:
            if counter.counter_type == "used" and counter.value:
                return counter.value.whole
        raise ValueError("an allowance does not say what was used")


class UsageConsumption(Resource):
    """TMF677: what a line has used."""

    state: Text
    logical_resource: list[Ref]
    bucket_ref_or_value: list[UsageBucket]


class UsageQuery(Resource):
    """TMF677: a question about usage and its answer."""

    usage_consumption: list[UsageConsumption]


class Refusal(Resource):
    """The error object of all these APIs."""

    code: Text
    reason: Text
