"""The supervisors' reports at the desk: figures, the conversations behind them, exports, and the review of phrases."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

from sanic import Blueprint
from sanic.exceptions import NotFound
from sanic.request import Request
from sanic.response import HTTPResponse, file, raw, text

from hotline.bootstrap import Services
from hotline.desk import views
from hotline.desk.gate import Gate, RefusedError, text_of
from hotline.errors import MessageRejectedError
from hotline.ports import Staff
from hotline.reports import export, review
from hotline.reports.figures import Report, definitions, report
from hotline.reports.period import Period, period
from hotline.reports.staffing import staffing
from hotline.services.people import SUPERVISOR

PAGE = Path(__file__).resolve().parent.parent / "static" / "reports.html"
KINDS = (
    *("begun", "contained", "topic", "not_understood", "said"),
    *("handoff", "waited", "unanswered", "talked", "taboo", "ticket", "rating"),
)
AT_ONCE = 50
NOTHING = "# data/nlu holds all that was decided already.\n"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

View = dict[str, Any]


class Reports:
    """Serves the reports."""

    def __init__(self, services: Services, gate: Gate) -> None:
        self._services = services
        self._store = services.reports
        self._gate = gate

    def routes(self, blueprint: Blueprint) -> None:
        """Add the page and its endpoints."""
        blueprint.add_route(_page, "/reports", methods=["GET"], name="reports_page")
        for method, path, handler in (
            ("GET", "/api/reports", self.figures),
            ("GET", "/api/reports/definitions", self.definitions),
            ("GET", "/api/reports/seen", self.seen),
            ("GET", "/api/reports/conversations/<conversation:str>", self.conversation),
            ("GET", "/api/reports/csv/<table:str>", self.csv),
            ("GET", "/api/reports/xlsx", self.xlsx),
            ("GET", "/api/review", self.review),
            ("POST", "/api/review", self.decide),
            ("GET", "/api/review/patch", self.patch),
        ):
            self._gate.route(blueprint, method, path, handler, (SUPERVISOR,))

    async def definitions(self, request: Request, staff: Staff) -> View:
        """What every figure is called and means."""
        return definitions()

    async def figures(self, request: Request, staff: Staff) -> View:
        """All figures of a period, and the staffing help."""
        found = await self._report(request)
        plan = await staffing(self._store, self._services.clock.now().date())
        return {
            **found.as_dict(),
            "staffing": {
                "monday": plan.monday.isoformat(),
                "weeks": plan.weeks,
                "talk_time": round(plan.talk_time, 1),
                "agent_hours": plan.agent_hours,
                "people": plan.people,
                "error": plan.error,
                "rows": export.staffing_table(plan).rows,
            },
        }

    async def seen(self, request: Request, staff: Staff) -> View:
        """The conversations behind a figure."""
        kind, name, hour = request.args.get("kind", ""), request.args.get("name"), request.args.get("hour")
        if kind not in KINDS:
            raise MessageRejectedError("kind", f"must be one of {' '.join(KINDS)}")
        if kind == "rating":
            _number("name", name)
        offset = _number("offset", request.args.get("offset")) or 0
        span = self._period(request).span
        # One more than is shown tells whether there are more.
        found = await self._store.seen(span, kind, name, _number("hour", hour), AT_ONCE + 1, offset)
        zone = self._services.clock.now().tzinfo
        rows = [{**vars(one), "at": one.at.astimezone(zone).isoformat(timespec="seconds")} for one in found]
        return {"conversations": rows[:AT_ONCE], "more": len(rows) > AT_ONCE}

    async def conversation(self, request: Request, staff: Staff, conversation: str) -> View:
        """What was said in one; numbers are masked as the desk masks them."""
        said = await self._services.conversations.answers_since(conversation, 0)
        if not said:
            raise RefusedError(404, "unknown")
        return {"transcript": views.transcript(said)}

    async def csv(self, request: Request, staff: Staff, table: str) -> HTTPResponse:
        """One table as a file."""
        found = await self._report(request)
        tables = {"headline": export.headline_table(found), **found.tables}
        if table == "staffing":
            tables[table] = export.staffing_table(await staffing(self._store, self._services.clock.now().date()))
        if table not in tables:
            raise RefusedError(404, "unknown")
        content = export.csv_of(tables[table])
        return text(content, content_type="text/csv; charset=utf-8", headers=_named(found, f"{table}.csv"))

    async def xlsx(self, request: Request, staff: Staff) -> HTTPResponse:
        """All tables as a workbook."""
        found = await self._report(request)
        plan = await staffing(self._store, self._services.clock.now().date())
        return raw(export.xlsx_of(found, plan), content_type=XLSX, headers=_named(found, "reports.xlsx"))

    async def review(self, request: Request, staff: Staff) -> View:
        """What somebody has said that phrases mean, and what they can mean."""
        return {"decisions": dict(await self._store.decisions()), "intents": review.intents()}

    async def decide(self, request: Request, staff: Staff) -> View:
        """Say what a phrase means: an intent, or nothing to take it back."""
        phrase, intent = text_of(request, "phrase", 200), text_of(request, "intent", 50, need=False)
        if intent and intent not in review.intents():
            raise MessageRejectedError("intent", "is not known")
        await self._store.decide(phrase, intent, staff.login, self._services.clock.now())
        return {"ok": True}

    async def patch(self, request: Request, staff: Staff) -> HTTPResponse:
        """What was decided as a change of the training data, for a maintainer."""
        content = review.patch(await self._store.decisions()) or NOTHING
        return text(content, headers={"Content-Disposition": 'attachment; filename="review.patch"'})

    async def _report(self, request: Request) -> Report:
        return await report(self._store, self._period(request), self._services.clock.now())

    def _period(self, request: Request) -> Period:
        args, today = request.args, self._services.clock.now().date()
        return period(args.get("from", ""), args.get("to", ""), args.get("by", ""), args.get("channel", ""), today)


def _number(name: str, value: Optional[str]) -> Optional[int]:
    if value is None:
        return None
    if not value.isdecimal() or len(value) > 9:
        raise MessageRejectedError(name, "must be a number of at most nine digits")
    return int(value)


def _named(found: Report, name: str) -> dict[str, str]:
    span = found.period.span
    return {"Content-Disposition": f'attachment; filename="{span.first.isoformat()}_{span.last.isoformat()}_{name}"'}


async def _page(_request: Request) -> HTTPResponse:
    if not PAGE.exists():
        raise NotFound("the page of the reports has not been built")
    return await file(PAGE)
