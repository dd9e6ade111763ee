"""The only place that chooses implementations: from the settings to the services of this process."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Optional

from argon2 import PasswordHasher
from redis.asyncio import Redis

from hotline.alone import Company
from hotline.clock import clock_for
from hotline.gateways.account import SqlAccountGateway
from hotline.gateways.at_hand import ConversationsAtHand
from hotline.gateways.billing import SqlBillingGateway
from hotline.gateways.broker import RabbitBroker
from hotline.gateways.callbacks import SqlCallbackRequests
from hotline.gateways.calls import SqlCallRecords
from hotline.gateways.catalogue import SqlCatalogue
from hotline.gateways.codes import SqlResetStore
from hotline.gateways.conversations import SqlConversationStore
from hotline.gateways.customers import SqlCustomerRecords
from hotline.gateways.database import Database
from hotline.gateways.grants import SqlGrantStore
from hotline.gateways.handoffs import SqlHandoffStore
from hotline.gateways.hubs import SqlHubs
from hotline.gateways.locks import SqlConversationLock
from hotline.gateways.outbox import SqlOutbox
from hotline.gateways.passwords import HASHER, SqlPasswordStore
from hotline.gateways.ratings import SqlRatingStore
from hotline.gateways.redis import RedisConversationLock, RedisStaffStore, connect
from hotline.gateways.reports import SqlReportStore
from hotline.gateways.schema import handoffs
from hotline.gateways.sms import SqlSmsGateway
from hotline.gateways.staff import SqlStaffStore
from hotline.gateways.tickets import SqlTicketStore
from hotline.gateways.trackers import SqlEventLog
from hotline.metrics import Metrics
from hotline.ports import (
    AccountGateway,
    BillingGateway,
    Broker,
    CallRecords,
    Catalogue,
    Clock,
    ConversationLock,
    ConversationStore,
    CustomerRecords,
    EventLog,
    Hubs,
    Outbox,
    ReportStore,
    SmsGateway,
    StaffStore,
)
from hotline.services.billing import BillingService
from hotline.services.calendar import OpeningHours
from hotline.services.fault import FaultService
from hotline.services.handoff import HandoffService, Pace
from hotline.services.human_desk import HumanDesk
from hotline.services.secretary import SecretaryService
from hotline.services.secrets import SecretDesk
from hotline.services.service import ChangeService, HallService
from hotline.services.surveys import SurveyService
from hotline.services.tickets import Deadlines, TicketFaultReports, TicketService
from hotline.services.verification import VerificationService
from hotline.services.verification_reset import PasswordResetService
from hotline.settings import Settings, current_settings


@dataclass
class Services:
    """Everything that actions and channels may call."""

    settings: Settings
    clock: Clock
    database: Database
    conversations: ConversationStore
    lock: ConversationLock
    calls: CallRecords
    events: EventLog
    catalogue: Catalogue
    account: AccountGateway
    sms: SmsGateway
    verification: VerificationService
    billing: BillingService
    reset: PasswordResetService
    changes: ChangeService
    halls: HallService
    faults: FaultService
    secretary: SecretaryService
    surveys: SurveyService
    tickets: TicketService
    handoff: HandoffService
    staff: StaffStore
    outbox: Outbox
    broker: Optional[Broker]
    redis: Optional[Redis]
    hubs: Hubs
    reports: ReportStore
    secrets: SecretDesk
    customers: CustomerRecords
    metrics: Metrics = field(default_factory=Metrics)

    async def disconnect(self) -> None:
        """Let go of the connections that belong to the event loop, in that loop; before ``close``."""
        if self.broker is not None:
            await self.broker.close()
        if self.redis is not None:
            await self.redis.close(close_connection_pool=True)

    @property
    def human_desk(self) -> HumanDesk:
        """Where customers are handed over to: our own desk. Another help desk is connected here."""
        return self.handoff

    def close(self) -> None:
        """Let go of threads and of connections to the database."""
        self.database.close()


_current: Optional[Services] = None


def services() -> Services:
    """The services of this process, built from its settings at the first call."""
    global _current
    if _current is None:
        _current = build(current_settings())
    return _current


def use(chosen: Optional[Services]) -> None:
    """Make these the services of this process (tests, benchmarks); None to build anew at the next call."""
    global _current
    _current = chosen


def build(
    settings: Settings,
    clock: Optional[Clock] = None,
    billing_gateway: Optional[BillingGateway] = None,
    timer: Callable[[], float] = time.time,
    database: Optional[Database] = None,
    hasher: PasswordHasher = HASHER,
    company: Optional[Company] = None,
) -> Services:
    """Build the services for these settings; a given clock, gateway, timer of waiting (seconds since the epoch),
    database or hasher of secrets stands in for the one they would choose. ``company`` tells a server when another
    comes to its database.
    """
    alone = company.alone if company else lambda: settings.alone
    clock = clock or clock_for(settings.now)
    database = database or Database(settings.database, settings.gateway_timeout)
    passwords = SqlPasswordStore(database, hasher)
    verification = VerificationService(passwords, SqlGrantStore(database, alone), clock, settings.verified_minutes)
    catalogue = SqlCatalogue(database, clock)
    gateway = billing_gateway or _billing_gateway(settings, database, clock)
    billing = BillingService(gateway, catalogue, verification, clock)
    account = SqlAccountGateway(database, clock)
    sms = SqlSmsGateway(database, clock)
    reset = PasswordResetService(SqlResetStore(database, hasher), sms, account, clock)
    redis = connect(settings.redis_url, settings.gateway_timeout) if settings.redis_url else None
    staff = RedisStaffStore(redis, database, clock) if redis else SqlStaffStore(database, clock)
    deadlines = Deadlines(settings.ticket_hours)
    tickets = TicketService(SqlTicketStore(database, clock), clock, deadlines, _targets(settings))
    secrets = {
        "service_password": verification.check_password,
        "sms_code": reset.check_code,
        "new_password": reset.check_new_password,
    }
    return Services(
        settings=settings,
        clock=clock,
        database=database,
        conversations=ConversationsAtHand(
            SqlConversationStore(database, clock), alone, lambda: database.changes[handoffs.name]
        ),
        lock=RedisConversationLock(redis) if redis else SqlConversationLock(database, alone=alone),
        calls=SqlCallRecords(database),
        events=SqlEventLog(database, clock, alone),
        catalogue=catalogue,
        account=account,
        sms=sms,
        verification=verification,
        billing=billing,
        reset=reset,
        changes=ChangeService(account, gateway, catalogue, billing, verification),
        halls=HallService(catalogue),
        faults=FaultService(catalogue, TicketFaultReports(tickets)),
        secretary=SecretaryService(gateway, sms, SqlCallbackRequests(database, clock)),
        surveys=SurveyService(SqlRatingStore(database), clock),
        tickets=tickets,
        handoff=HandoffService(
            SqlHandoffStore(database, clock),
            staff,
            clock,
            OpeningHours.parse(settings.desk_hours, settings.desk_closed),
            Pace(callback=settings.desk_callback, patience=settings.desk_patience),
            timer,
        ),
        staff=staff,
        outbox=SqlOutbox(database),
        hubs=SqlHubs(database, clock, settings.gateway_timeout),
        redis=redis,
        reports=SqlReportStore(database),
        broker=RabbitBroker(settings.broker_url, settings.gateway_timeout) if settings.broker_url else None,
        secrets=SecretDesk(secrets, verification.forget),
        customers=SqlCustomerRecords(database),
    )


def _targets(settings: Settings) -> tuple[str, ...]:
    """Who learns of what happens to a ticket."""
    return ("desk", "sms", "hub", *(["broker"] if settings.broker_url else []))


def _billing_gateway(settings: Settings, database: Database, clock: Clock) -> BillingGateway:
    if not settings.billing_url:
        return SqlBillingGateway(database, clock)
    from hotline.gateways.breaker import BreakingBillingGateway  # only where it is asked for: an HTTP client
    from hotline.gateways.tmf import TmfBillingGateway

    return BreakingBillingGateway(TmfBillingGateway(settings.billing_url, settings.gateway_timeout))
