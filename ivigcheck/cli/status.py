"""``ivigcheck status``: whether the last good unattended run is recent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from ivigcheck.cli.nightly import ConfigOption
from ivigcheck.cli.options import Form
from ivigcheck.cli.terminal import emit
from ivigcheck.errors import Exit, RunError, UsageError
from ivigcheck.show import visible


def status(
    config: ConfigOption = None,
    max_age: Annotated[
        float | None,
        typer.Option(metavar="HOURS", min=0, help="How old the last good run may be. Default: status_hours of FILE."),
    ] = None,
    form: Annotated[Form, typer.Option("--format", help="How to print it.")] = Form.TEXT,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print nothing where the last good run is recent.")
    ] = False,
) -> int:
    """Tell when the last good unattended run was, and fail where that is too long ago.

    Good is a run that checked orders, lacked none, and published its reports. Run this from another timer than the run
    itself, or from monitoring: it notices a run that never began. It prints nobody's identifier.

    \b
    Examples:
      ivigcheck status --config /etc/ivigcheck/nightly.toml
      ivigcheck status --config nightly.toml --max-age 30 --quiet

    \b
    Exit codes:
      0  the last good run is recent
      2  the command line or the configuration is wrong
      3  it is too old, or there was none
    """
    if config is None:
        raise UsageError("Name the configuration: --config FILE.")
    import msgspec

    from ivigcheck.nightly.config import read_config
    from ivigcheck.nightly.status import hours_since_good, read_status

    configuration = read_config(config)
    allowed = configuration.status_hours if max_age is None else max_age
    now = datetime.now(UTC)
    try:
        found = read_status(configuration.reports)
    except RunError as error:
        said: dict[str, Any] = {"problem": str(error)}
        hours = None
    else:
        said, hours = found, hours_since_good(found, now)
        if found["name"] != configuration.name:
            said, hours = {"problem": f'the reports there are those of runs named "{found["name"]}".'}, None
    recent = hours is not None and hours <= allowed
    if form is Form.JSON:
        facts = said | {"recent": recent, "hours_since_good": hours, "hours_allowed": allowed}
        content = msgspec.json.format(msgspec.json.encode(facts), indent=2).decode() + "\n"
    else:
        content = "".join(f"{line}\n" for line in _lines(configuration.name, said, hours, allowed, recent=recent))
    if not (quiet and recent):
        emit(content)
    return Exit.OK if recent else Exit.CANNOT_RUN


def _lines(name: str, said: dict[str, Any], hours: float | None, allowed: float, *, recent: bool) -> list[str]:
    verdict = "OK" if recent else "NOT OK"
    if "problem" in said:
        return [f"{name}: {verdict}: {said['problem']}"]
    good = said.get("last_good")
    if good and hours is not None:
        counts = good.get("counts") or {}
        checked = f"; {counts.get('orders')} orders, {counts.get('stop')} STOP" if counts else ""
        first = f"the last good run ended {good['ended']}, {hours:.1f} h ago, and {allowed:g} h are allowed{checked}"
    else:
        first = "there was no good run yet"
    lines = [f"{name}: {verdict}: {first}"]
    if said.get("state") == "running":
        lines.append(f"A run began at {said.get('started')} and has not ended: it is under way, or was interrupted.")
    elif said.get("exit_code"):
        lines.append(f"The last run ended {said.get('ended')} with exit code {said['exit_code']}.")
    lines += [str(trouble) for trouble in said.get("troubles") or ()]
    if said.get("error"):
        lines.append(f"It could not go on: {said.get('message') or said['error']}")
    return [visible(line) for line in lines]
