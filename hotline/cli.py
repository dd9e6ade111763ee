"""The command ``hotline``."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import socket
import sys
import warnings
from collections.abc import Coroutine
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Optional, TypeVar

import click

from hotline.errors import HotlineError, SettingsError
from hotline.settings import ROOT, Settings, environment_names, load_settings

if TYPE_CHECKING:
    from hotline.bootstrap import Services

T = TypeVar("T")

LEAST_FREE_MB = 200
TALK_TESTS = ("test", "record", "chat", "demo-traffic")
REPORTS = ("report", "review")
DEMO_STAFF = ("a1001", "a1002", "s9001", "c8001")  # agents, supervisor, clerk
SENTENCES = ("查一下话费", "上个月账单为什么多了", "还有多少流量")


class _LoadedWhenNamed(click.Group):
    """The commands, with those of the conversation tests (which bring pytest along) and of the reports."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names."""
        return sorted([*super().list_commands(ctx), *TALK_TESTS, *REPORTS])

    def get_command(self, ctx: click.Context, cmd_name: str) -> Optional[click.Command]:
        """A command by its name."""
        modules = {**dict.fromkeys(TALK_TESTS, "hotline.testing.commands")}
        modules |= dict.fromkeys(REPORTS, "hotline.reports.commands")
        if cmd_name not in modules:
            return super().get_command(ctx, cmd_name)
        command: click.Command = getattr(import_module(modules[cmd_name]), cmd_name.replace("-", "_"))
        return command


def _phone(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if not re.fullmatch(r"1[3-9]\d{9}", value):
        raise click.BadParameter("must be a mobile number of 11 digits")
    return value


@click.group(cls=_LoadedWhenNamed)
def cli() -> None:
    """The self-service dialogue engine of a mobile operator's hotline."""


@cli.command()
def serve() -> None:
    """Serve widget, chat, IVR endpoint and probes until Ctrl-C."""
    settings = _settings()
    if problem := _model(settings):
        _fail(problem)
    from hotline.logs import configure_logs

    configure_logs(settings.log_level)
    from hotline import bootstrap
    from hotline.alone import join
    from hotline.server import create_app

    company = join(settings)
    bootstrap.use(bootstrap.build(settings, company=company))
    app = create_app(settings)
    if company is not None:
        app.register_listener(lambda *_: company.settle(settings.turn_deadline), "before_server_start")
    _announce(settings)
    app.run(host=settings.host, port=settings.port, workers=1, access_log=False, motd=False)
    if company is not None:
        company.leave()


@cli.command()
def shell() -> None:
    """Talk to the assistant in this terminal."""
    settings = _settings()
    from hotline.channels.terminal import converse

    converse(settings)


@cli.group()
def db() -> None:
    """The embedded database, or the one that HOTLINE_DATABASE_URL names."""


@db.command()
def upgrade() -> None:
    """Create or migrate the schema; in development also load the demo subscribers."""
    settings = _settings()
    from hotline.clock import clock_for
    from hotline.gateways.database import open_engine
    from hotline.gateways.demo import seed
    from hotline.gateways.migrations import upgrade as migrate

    try:
        migrate(settings.database)
        if not settings.production:
            engine = open_engine(settings.database)
            seed(engine, clock_for(settings.now).now())
            engine.dispose()
    except HotlineError as error:
        _fail(f"the database is not usable: {error}")


@cli.group()
def staff() -> None:
    """Log-ins of the desk: add, list, disable, reset-password."""


_PASSWORD = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input instead of asking for it."
)


@staff.command("add")
@click.argument("login")
@click.option("--name", required=True, help="As colleagues and the board show it.")
@click.option("--role", type=click.Choice(["agent", "supervisor", "clerk"]), default="agent", show_default=True)
@_PASSWORD
def add_staff(login: str, name: str, role: str, password_stdin: bool) -> None:
    """Let somebody log in, as a1001: the digits are the number that customers are told."""
    from hotline.ports import Staff
    from hotline.services import people

    password, services = _password(password_stdin), _services()
    _run(people.add(services.staff, Staff(login, name, role), password), services)
    click.echo(f"{login} may log in at the desk as {role}")


@staff.command("reset-password")
@click.argument("login")
@_PASSWORD
def reset_password(login: str, password_stdin: bool) -> None:
    """Give a new password; all sessions end, a closed log-in is open again."""
    from hotline.services import people

    password, services = _password(password_stdin), _services()
    _run(people.reset(services.staff, login, password), services)
    click.echo(f"{login} has a new password")


@staff.command("disable")
@click.argument("login")
def disable_staff(login: str) -> None:
    """Close a log-in; all its sessions end."""
    from hotline.services import people

    services = _services()
    _run(people.disable(services.staff, login), services)
    click.echo(f"{login} may not log in any more")


@staff.command("list")
def list_staff() -> None:
    """Who may log in."""
    services = _services()
    for one in _run(services.staff.everybody(), services):
        click.echo(f"{one.login:10} {one.role:11} {one.name}")


def _password(stdin: bool) -> str:
    if stdin:
        return sys.stdin.readline().rstrip("\n")
    return str(click.prompt("password", hide_input=True, confirmation_prompt=True))


@cli.command()
@click.argument("phone", callback=_phone)
def export(phone: str) -> None:
    """Print all that is kept about a customer's number, as JSON."""
    services = _services()
    from hotline import retention

    click.echo(json.dumps(_run(retention.export(services, phone), services), ensure_ascii=False, indent=2))


@cli.command()
@click.argument("phone", callback=_phone)
@click.option("--yes", is_flag=True, help="Do not ask.")
def forget(phone: str, yes: bool) -> None:
    """Delete all that is kept about a customer's number; exit code 3 when something had to stay."""
    if not yes:
        click.confirm(f"Delete what is kept about {phone}? It cannot be undone", abort=True)
    services = _services()
    from hotline import retention
    from hotline.alone import company_of

    with company_of(services.settings):  # a server lets go of what it remembers
        gone, pictures = _run(retention.forget(services, phone), services)
    rows = ", ".join(f"{count} {table}" for table, count in sorted(gone.rows.items())) or "nothing was kept"
    click.echo(f"deleted: {rows}, {pictures} pictures")
    if gone.kept:
        click.echo(f"kept, still open: tickets {', '.join(gone.kept)}; run this again when they are closed", err=True)
    if gone.held:
        click.echo(f"kept: {len(gone.held)} conversations that wait for a human or have one; run this again", err=True)
    sys.exit(3 if gone.kept or gone.held else 0)


@cli.command()
@click.option("--days", type=click.IntRange(min=1), help="Instead of HOTLINE_RETENTION_DAYS.")
def purge(days: Optional[int]) -> None:
    """Delete what is older than the retention; a running server does it by itself every hour."""
    services = _services()
    from hotline import retention

    gone = _run(retention.purge(services, days or services.settings.retention_days), services)
    click.echo(", ".join(f"{count} {name}" for name, count in sorted(gone.items())) or "nothing is that old")


@cli.command()
def check() -> None:
    """Say plainly what stands in the way of serving; exit code 1 when something does."""
    settings = _settings()
    problems = [problem for problem in (_python(), _disk(settings.var), _model(settings), _port(settings)) if problem]
    for problem in problems:
        click.echo(f"hotline: {problem}", err=True)
    for name in sorted(name for name in os.environ.keys() - set(environment_names()) if name.startswith("HOTLINE_")):
        click.echo(f"hotline: {name} is no setting, and does nothing (docs/operations.md has them all)", err=True)
    sys.exit(1 if problems else 0)


def main() -> None:
    """Entry point of the console script."""
    _quiet()
    cli()


def _quiet() -> None:
    """What Rasa's pinned packages say about themselves is no news to an operator."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
    if not sys.warnoptions:
        warnings.showwarning = lambda *_, **__: None  # filters would be reset by the packages themselves


def _settings() -> Settings:
    try:
        return load_settings()
    except SettingsError as error:
        _fail(str(error))


def _services() -> Services:
    settings = _settings()
    from hotline.bootstrap import build
    from hotline.logs import configure_logs

    configure_logs(settings.log_level)
    return build(settings)


def _run(work: Coroutine[Any, Any, T], services: Services) -> T:
    try:
        return asyncio.run(work)
    except HotlineError as error:
        _fail(f"nothing was changed: {error}")
    finally:
        services.close()


def _fail(message: str) -> NoReturn:
    click.echo(f"hotline: {message}", err=True)
    sys.exit(1)


def _python() -> str:
    if sys.version_info[:2] == (3, 10):
        return ""
    return f"Python 3.10 is needed, this is {sys.version.split()[0]}: run `make clean run`"


def _disk(var: Path) -> str:
    var.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(var).free // 1_000_000
    return "" if free >= LEAST_FREE_MB else f"only {free} MB left on the disk of {var}: {LEAST_FREE_MB} are needed"


def _model(settings: Settings) -> str:
    return "" if settings.model.exists() else f"there is no trained model at {settings.model}: run `make train`"


def _port(settings: Settings) -> str:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            return (
                f"cannot listen on {settings.host}:{settings.port} ({error.strerror}): stop what uses it, "
                "or choose another with HOTLINE_PORT"
            )
    return ""


def _announce(settings: Settings) -> None:
    base = f"http://{settings.host}:{settings.port}"
    settings.secret("ivr")
    lines = [
        f"widget    {base}/",
        f"desk      {base}/desk",
        f"IVR       {base}/webhooks/ivr/webhook   (protocol: docs/ivr-protocol.md)",
        f"probes    {base}/live   {base}/ready",
    ]
    if not settings.ivr_secret:
        lines.append(
            f"IVR key   {_short(settings.secret_path('ivr'))}   sign: sha256=HMAC-SHA256(key, timestamp + '.' + body)"
        )
    lines.append("try       " + "   ".join(SENTENCES))
    if not settings.production:  # only there the demonstration's subscribers and log-ins exist
        lines.append("as        13800138000, service password 246810 (invented)")
        known = "   ".join(f"{login} / {login}-demo" for login in DEMO_STAFF)
        lines.append(f"at desk   {known}   (demonstration only)")
    click.echo("\n".join(lines))


def _short(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


if __name__ == "__main__":
    main()
