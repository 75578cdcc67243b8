"""The recipes for cron, systemd and Windows: read by what will read them, and run where that can be.

Each test says which mistake it is there to catch.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivigcheck.errors import UsageError
from ivigcheck.nightly import recipes
from ivigcheck.nightly.recipes import RECIPES, RecipePaths, parts, recipe, systemd_units

HOSTILE = 'ward 3/100%/it\'s/a\\%b\\\\/$HOME `id` "q"; x/%h'
PLAIN = RecipePaths(
    program="/opt/ivigcheck/bin/ivigcheck",
    config="/etc/ivigcheck/nightly.toml",
    reports="/srv/ivig/reports",
    writable=("/srv/ivig/inbox", "/srv/ivig/archive", "/srv/ivig/quarantine", "/srv/ivig/reports", "/srv/ivig"),
)
SCRIPT = "/usr/local/lib/ivigcheck/ivigcheck-mail.sh"
ANALYZE = shutil.which("systemd-analyze")
MANAGER = next((path for path in ("/usr/lib/systemd/systemd", "/lib/systemd/systemd") if Path(path).exists()), None)
printable = st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" "), min_size=1).filter(
    str.isprintable
)
paths_of_text = st.one_of(printable, st.text("%\\'\" $`a/", min_size=1))


def shell(command: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", "-c", command], capture_output=True, text=True, env={"PATH": os.defpath, **env}, check=False
    )


def executable(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


# --- all recipes


@pytest.mark.parametrize("name", RECIPES)
def test_no_mark_of_a_template_is_left(name: str) -> None:
    """Catches a misspelt mark, and a shell's ${#x}, which a template reads as the begin of a comment."""
    text = recipe(name, PLAIN)
    assert not re.search(r"\{\{|\}\}|\{%|%\}|\{#|#\}|paths\.", text)
    for value in (PLAIN.config, PLAIN.user):
        assert value in text


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_holds_each_part_whole_under_its_file_name(name: str) -> None:
    """Catches a part that is made and not printed."""
    text = recipe(name, PLAIN)
    for file, part in parts(name, PLAIN).items():
        assert f"\n# ==== save as: {file} ====\n\n{part}" in text
        assert part.endswith("\n")
        assert "\n\n\n" not in part
        assert part[0] != "\n"
    assert text.endswith("\n")


@pytest.mark.parametrize("name", RECIPES)
def test_lines_can_be_read_and_hold_no_odd_character(name: str) -> None:
    """Catches a tab, a carriage return, a character that an old code page spoils, and a line that wraps."""
    text = recipe(name, PLAIN)
    assert text.isascii()
    assert not set(text) & {"\t", "\r"}
    assert not re.search(r"[ ]$", text, re.MULTILINE)
    long = [line for line in text.splitlines() if len(line) > 100]
    # A crontab cannot break a line.
    assert [line for line in long if "* * *" not in line] == []


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_names_no_real_address(name: str) -> None:
    """Catches a heartbeat or a mail that would leave for somebody before anybody filled it in."""
    text = recipe(name, PLAIN)
    assert set(re.findall(r"https?://([^/\s'\"]+)", text)) == {"example.invalid"}
    assert set(re.findall(r"[\w.]+@([\w.]+)", text)) == {"example.invalid"}


@pytest.mark.parametrize("bad", ["", "/srv/a\n* * * * * id", "/srv/a\r", "/srv/\x00", "/srv/\x1b[2J", "/srv/\udcff"])
@pytest.mark.parametrize("where", ["program", "config", "reports", "user", "writable"])
def test_a_path_that_would_begin_a_line_of_its_own_is_refused(bad: str, where: str) -> None:
    """Catches a path that is not asked: a line break in it would be a line of a crontab."""
    values: dict[str, object] = {name: getattr(PLAIN, name) for name in ("program", "config", "reports", "user")}
    values |= {"writable": PLAIN.writable, where: ("/srv", bad) if where == "writable" else bad}
    with pytest.raises(UsageError, match="a recipe cannot hold"):
        RecipePaths(**values)  # type: ignore[arg-type]


def test_an_unknown_recipe_is_named() -> None:
    """Catches a KeyError with a traceback for a misspelt name."""
    with pytest.raises(UsageError, match="no recipe 'launchd'; there are cron, systemd, windows"):
        recipe("launchd", PLAIN)


def test_the_templates_are_package_data() -> None:
    """Catches an installed program without its templates."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    assert "nightly/recipes/*" in project["tool"]["setuptools"]["package-data"]["ivigcheck"]


# --- cron


def cron_reads(line: str) -> tuple[list[str], str]:
    """The five fields and the command of a crontab's line, as cron reads it: to the first % that is not escaped."""
    *fields, command = line.split(None, 5)
    read, escaped = "", False
    for ch in command:
        if escaped:
            read = read[:-1] + ch if ch == "%" else read + ch
            escaped = False
            continue
        if ch == "%":
            break
        escaped = ch == "\\"
        read += ch
    return fields, read


def crontab_lines(paths: RecipePaths) -> list[str]:
    """The lines of the crontab that run something, and those that are there to choose."""
    lines = [line.removeprefix("#") for line in parts("cron", paths)["crontab"].splitlines()]
    return [line for line in lines if re.match(r"[\d*]", line)]


@given(paths_of_text)
def test_cron_and_the_shell_give_a_word_back(text: str) -> None:
    """Catches a % that ends the command, and one that a backslash of the path un-escapes."""
    line = f"0 2 * * * printf %s {recipes.for_cron(text)}".replace("printf %s", r"printf \%s")
    assert shell(cron_reads(line)[1]).stdout == text
    # A cron that knows no % hands the line on as it stands.
    assert shell(line.split(None, 5)[5]).stdout == text
    assert shell(f"printf %s {recipes.for_shell(text)}").stdout == text


def test_the_crontab_has_five_fields_a_night_line_and_a_morning_line() -> None:
    """Catches a field too few, and two night lines that are both in force."""
    text = parts("cron", PLAIN)["crontab"]
    for line in crontab_lines(PLAIN):
        fields, command = cron_reads(line)
        assert fields in (["0", "2", "*", "*", "*"], ["0", "7", "*", "*", "*"])
        assert shell(f"set -n\n{command}").stderr == ""
    in_force = [line for line in text.splitlines() if re.match(r"[\d*]", line)]
    assert [line.split()[1] for line in in_force] == ["2", "7"]
    assert in_force[0].endswith(f"{SCRIPT} run")
    assert in_force[1].endswith("status --config /etc/ivigcheck/nightly.toml --quiet")
    rest = [line for line in text.splitlines() if line and not line.startswith("#") and line not in in_force]
    assert [line.split("=")[0] for line in rest] == ["SHELL", "PATH", "MAILTO", "PING", "CURL"]
    assert text.endswith("\n")


def test_the_crontab_runs_a_program_of_a_hostile_path(tmp_path: Path) -> None:
    """Catches a path that goes into the crontab by the shell's filter alone."""
    program = executable(tmp_path / HOSTILE / "ivigcheck", '#!/bin/sh\nprintf "<%s>" "$@"\n')
    config = str(tmp_path / HOSTILE / "nightly.toml")
    paths = RecipePaths(str(program), config, "/r", ())
    said = [
        shell(cron_reads(line)[1]).stdout
        for line in crontab_lines(paths)
        if not line.split(None, 5)[5].startswith("/bin/sh ")
    ]
    assert said == [f"<nightly><--config><{config}><--quiet>", f"<status><--config><{config}><--quiet>"]


@pytest.mark.parametrize(("code", "end"), [(0, ""), (1, ""), (4, ""), (2, "/fail"), (3, "/fail"), (70, "/fail")])
def test_the_heartbeat_of_the_crontab_tells_findings_from_failures(tmp_path: Path, code: int, end: str) -> None:
    """Catches a heart that stops at the first STOP, or beats on when the job is dead."""
    curl = executable(tmp_path / "curl", '#!/bin/sh\necho "$*"\n')
    script = executable(tmp_path / "job.sh", f"exit {code}\n")
    text = parts("cron", PLAIN)["crontab"]
    env = dict(line.split("=", 1) for line in text.splitlines() if re.match(r"(CURL|PING)=", line))
    [line] = [line for line in crontab_lines(PLAIN) if "$CURL" in line]
    ran = shell(cron_reads(line)[1].replace(SCRIPT, str(script)), **env | {"PATH": f"{curl.parent}:{os.defpath}"})
    options = "-fsS --max-time 10 --retry 5 -o /dev/null"
    assert ran.stdout == f"{options} https://example.invalid/ping/your-check{end}\n"


# --- the script that mails


@dataclass
class Night:
    """A machine with a fake program, a fake way to mail, a tree of reports, and the script."""

    home: Path
    mailer: str
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        place = self.home / HOSTILE
        self.reports = place / "reports"
        self.reports.mkdir(parents=True)
        self.mails = self.home / "mails"
        bin_folder = self.home / "bin"
        # Nothing else is on the path: no mail of the machine's is ever called.
        for name in ("sh", "cat", "sed", "mkdir", "uname"):
            executable(bin_folder / name, f'#!/bin/sh\nexec {shutil.which(name)} "$@"\n')
        executable(
            bin_folder / self.mailer,
            '#!/bin/sh\n[ -z "$BROKEN" ] || exit 1\n{ printf "<%s>" "$@"; echo; cat; echo END; } >>"$MAILS"\n',
        )
        program = executable(
            place / "ivigcheck",
            '#!/bin/sh\nprintf "<%s>" "$@" >>"$MAILS.calls"\n'
            'case $1 in nightly) echo "12 orders: 1 STOP"; exit "$CODE";;\n'
            'status) echo "last good run: 2026-11-20"; echo "~ too long ago" >&2; exit 3;; esac\n',
        )
        self.config = place / "nightly.toml"
        self.script = self.home / "ivigcheck-mail.sh"
        paths = RecipePaths(str(program), str(self.config), str(self.reports), ())
        self.script.write_text(parts("cron", paths)[SCRIPT], encoding="utf-8")
        self.env = {"PATH": str(bin_folder), "HOME": str(self.home / "home"), "MAILS": str(self.mails)}

    def publish(self, run: str, text: str, *, nothing_new: bool = False) -> None:
        folder = self.reports / run
        folder.mkdir()
        (folder / "mail.txt").write_text(text, encoding="utf-8")
        (folder / "mail.html").write_text("<p>html</p>", encoding="utf-8")
        (folder / "orders.csv").write_text("PATIENT-4711", encoding="utf-8")
        if nothing_new:
            (folder / "nothing-new").touch()
        latest = self.reports / "latest"
        latest.unlink(missing_ok=True)
        latest.symlink_to(run)

    def run(self, mode: str = "run", code: int = 0, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/sh", str(self.script), mode],
            capture_output=True,
            text=True,
            env={"CODE": str(code), "BROKEN": "", **self.env, **env},
            check=False,
        )

    def mailed(self) -> list[tuple[str, str]]:
        """The mails since the last call: what the way to mail was called with, and what it was given."""
        if not self.mails.exists():
            return []
        mails = self.mails.read_text(encoding="utf-8").split("END\n")[:-1]
        self.mails.unlink()
        return [(mail.split("\n", 1)[0], mail.split("\n", 1)[1]) for mail in mails]


@pytest.fixture
def night(tmp_path: Path) -> Night:
    return Night(tmp_path, "mail")


TEXT = "ivigcheck nightly: 1 STOP\n\n1 order must not run.\n\n~!id is no order to mail.\n"
BODY = "1 order must not run.\n\n ~!id is no order to mail.\n"
MAIL = ("<-s><ivigcheck nightly: 1 STOP><pharmacy@example.invalid>", BODY)


def test_the_script_is_whole(night: Night) -> None:
    """Catches a case that is not closed."""
    assert shell(f"sh -n {shlex.quote(str(night.script))}").stderr == ""


@pytest.mark.parametrize("code", [0, 1, 4])
def test_a_report_is_mailed_once(night: Night, code: int) -> None:
    """Catches a stamp that is not written, or not compared, and a finding that is taken for a failure."""
    night.publish("2026-11-21T02", TEXT)
    ran = night.run(code=code)
    assert (ran.returncode, ran.stdout, ran.stderr) == (code, "", "")
    assert night.mailed() == [MAIL]
    assert Path(f"{night.mails}.calls").read_text() == f"<nightly><--config><{night.config}><--quiet>"
    # A night without a new file leaves the link where it was.
    assert night.run(code=0).returncode == 0
    assert night.mailed() == []
    night.publish("2026-11-22T02", TEXT)
    night.run(code=code)
    assert night.mailed() == [MAIL]


def test_a_run_with_nothing_to_read_mails_nothing(night: Night) -> None:
    """Catches a missing look at nothing-new."""
    night.publish("2026-11-21T02", TEXT, nothing_new=True)
    ran = night.run()
    assert (ran.returncode, ran.stdout, ran.stderr, night.mailed()) == (0, "", "", [])


def test_before_the_first_run_there_is_nothing_to_mail(night: Night) -> None:
    """Catches a complaint, and so a mail of cron's, about a link that is not there yet."""
    ran = night.run()
    assert (ran.returncode, ran.stdout, ran.stderr, night.mailed()) == (0, "", "", [])


@pytest.mark.parametrize("code", [2, 3, 70, 127])
def test_a_failed_run_mails_the_status(night: Night, code: int) -> None:
    """Catches a failure that is not said, one that mails the old report again, and one that ends as 0."""
    night.publish("2026-11-20T02", TEXT)
    night.run("report")
    night.mailed()
    ran = night.run(code=code)
    assert (ran.returncode, ran.stderr) == (code, "")
    [(called, text)] = night.mailed()
    assert re.fullmatch(r"<-s><ivigcheck on \S+: the nightly check needs attention><pharmacy@example\.invalid>", called)
    assert text == "last good run: 2026-11-20\n ~ too long ago\n"


def test_a_run_that_did_not_do_all_of_it_mails_what_it_did_and_the_status(night: Night) -> None:
    """Catches a STOP that nobody reads because another file of the night could not be checked."""
    night.publish("2026-11-21T02", TEXT)
    assert night.run(code=3).returncode == 3
    mails = night.mailed()
    assert mails[0] == MAIL
    assert "last good run" in mails[1][1]
    assert len(mails) == 2


def test_a_program_that_is_not_there_is_said(night: Night) -> None:
    """Catches a script that takes a program that is gone for a quiet night."""
    Path(night.config.parent / "ivigcheck").unlink()
    assert night.run().returncode == 127
    assert "not found" in night.mailed()[0][1]


def test_a_mail_that_was_not_handed_on_is_tried_again(night: Night) -> None:
    """Catches a stamp that is written before the mail has gone, and a script that hides that it has not."""
    night.publish("2026-11-21T02", TEXT)
    ran = night.run(code=1, BROKEN="yes")
    assert ran.returncode == 3
    assert "could not mail: ivigcheck nightly: 1 STOP" in ran.stderr
    assert night.run("report", BROKEN="yes").returncode == 3
    assert night.run("report").returncode == 0
    assert night.mailed() == [MAIL]


def test_a_latest_that_leads_nowhere_is_said(night: Night) -> None:
    """Catches a report that is gone and a script that says all is well."""
    (night.reports / "latest").symlink_to("gone")
    ran = night.run("report")
    assert (ran.returncode, night.mailed()) == (3, [])
    assert ran.stderr != ""


def test_systemd_says_where_the_stamp_lies(night: Night, tmp_path: Path) -> None:
    """Catches a stamp in a home that the unit may not write to."""
    night.publish("2026-11-21T02", TEXT)
    night.run("report", STATE_DIRECTORY=str(tmp_path / "state"))
    assert (tmp_path / "state" / "mailed").read_text() == "2026-11-21T02\n"
    assert not (tmp_path / "home").exists()


def test_sendmail_gets_a_whole_mail(tmp_path: Path) -> None:
    """Catches a header after the empty line, and a body whose characters nobody declared."""
    night = Night(tmp_path, "sendmail")
    night.publish("2026-11-21T02", TEXT + "4 mg/kg/min ≥ 3\n")
    assert night.run("report").returncode == 0
    [(called, text)] = night.mailed()
    assert called == "<-oi><-t>"
    head, _, body = text.partition("\n\n")
    assert "To: pharmacy@example.invalid\nSubject: ivigcheck nightly: 1 STOP\n" in head
    assert "Content-Type: text/plain; charset=UTF-8" in head
    assert body == TEXT.split("\n\n", 1)[1] + "4 mg/kg/min ≥ 3\n"


def test_the_script_says_how_it_is_called(night: Night) -> None:
    """Catches a mode that is misspelt in a crontab and does nothing, for ever."""
    ran = night.run("nightly")
    assert (ran.returncode, night.mailed()) == (2, [])
    assert "run|report|alert" in ran.stderr


# --- systemd


@pytest.fixture
def units() -> Iterator[Path]:
    """A folder that any account can read: the manager does not try units as root."""
    folder = Path(tempfile.mkdtemp(prefix="units"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def hostile_units(folder: Path, place: str = HOSTILE) -> tuple[RecipePaths, list[str]]:
    """Writes the units for a program that is there, under a hostile path. Returns their paths too."""
    program = executable(folder / place / "ivigcheck", '#!/bin/sh\nprintf "<%s>" "$1" "$2"\n')
    writable = tuple(f"/srv/{HOSTILE}/{name}" for name in ("inbox", "archive", "end\\", "%", "a b"))
    paths = RecipePaths(str(program), f"/etc/{HOSTILE}/nightly.toml", writable[0], writable)
    names = []
    for name, text in systemd_units(paths).items():
        (folder / name).write_text(text, encoding="utf-8")
        names.append(str(folder / name))
    return paths, names


def settings(unit: str, name: str) -> list[str]:
    """All values of a setting of a unit."""
    return re.findall(rf"^{name}=(.*)$", systemd_units(PLAIN)[unit], re.MULTILINE)


@pytest.mark.skipif(not ANALYZE, reason="systemd-analyze is not here")
@pytest.mark.skipif(not Path("/usr/bin/curl").exists(), reason="the units call curl, which is not here")
@pytest.mark.parametrize("place", [HOSTILE, "ward 3/100%; $HOME/%h"])
def test_systemd_has_nothing_to_say_about_the_units(units: Path, place: str) -> None:
    """Catches a misspelt setting, a setting in the wrong section, and a program's path that is not escaped."""
    assert ANALYZE
    _, names = hostile_units(units, place)
    ran = subprocess.run([ANALYZE, "verify", *names], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


@pytest.mark.skipif(not ANALYZE, reason="systemd-analyze is not here")
@pytest.mark.parametrize("unit", ["ivigcheck-nightly.service", "ivigcheck-status.service"])
def test_the_check_is_locked_in(units: Path, unit: str) -> None:
    """Catches a lock that was taken out, and an include that is missing."""
    assert ANALYZE
    hostile_units(units)
    command = [ANALYZE, "security", "--offline=true", "--no-pager", str(units / unit)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if "unrecognized option" in ran.stderr:
        pytest.skip("this systemd-analyze rates no unit that is not installed")
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", ran.stdout)
    assert found, ran.stdout + ran.stderr
    assert float(found[1]) < 3.0
    assert settings(unit, "SystemCallFilter") == ["@system-service", "~@privileged @resources"]
    assert settings(unit, "ProtectSystem") == ["strict"]


@pytest.mark.skipif(not MANAGER, reason="systemd is not here")
@pytest.mark.skipif(os.geteuid() == 0 and not shutil.which("setpriv"), reason="setpriv is not here")
def test_systemd_reads_the_paths_as_they_are(units: Path) -> None:
    """Catches a %, quote, backslash or $ of a path that the manager takes for its own."""
    paths, _ = hostile_units(units)
    (units / "none").mkdir(mode=0o777)
    # The manager shows what it read of all units; it does so only for an account that is not root.
    as_nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    ran = subprocess.run(
        [*as_nobody, str(MANAGER), "--test", "--system", "--unit=ivigcheck-nightly.service"],
        capture_output=True,
        text=True,
        check=False,
        env={
            "SYSTEMD_UNIT_PATH": f"{units}:",
            "SYSTEMD_LOG_LEVEL": "debug",
            "SYSTEMD_LOG_TARGET": "console",
            "HOME": str(units / "none"),
            "PATH": os.defpath,
        },
    )
    shown = (ran.stdout + ran.stderr).partition("Unit ivigcheck-nightly.service:")[2].partition("-> Unit ")[0]
    if ran.returncode or not shown:
        pytest.skip("systemd shows no units here")
    [writable] = re.findall(r"^\s*ReadWritePaths: (.*)$", shown, re.MULTILINE)
    assert writable == " ".join(paths.writable)
    [command] = re.findall(r"^\s*Command Line: (.*)$", shown, re.MULTILINE)
    words = shell(f'for word in {command}; do printf "%s\\n" "$word"; done').stdout.splitlines()
    # It calls no program with a quote in its path.
    through = ["/bin/sh", "-c", 'exec "$0" "$@"']
    assert words == [*through, paths.program, "nightly", "--config", paths.config]
    assert shell(" ".join(shlex.quote(word) for word in words)).stdout == "<nightly><--config>"


def test_the_commands_of_the_units_expand_no_variable() -> None:
    """Catches a colon that is missing: a path with $HOME would be another path."""
    for unit in ("ivigcheck-nightly.service", "ivigcheck-status.service"):
        [command] = settings(unit, "ExecStart")
        assert command.startswith(f":{PLAIN.program} ")


def test_the_check_writes_to_its_folders_alone() -> None:
    """Catches a folder that is left out, to which the run could then not write."""
    assert settings("ivigcheck-nightly.service", "ReadWritePaths") == list(PLAIN.writable)
    assert settings("ivigcheck-status.service", "ReadWritePaths") == []


def test_findings_are_no_failures() -> None:
    """Catches a code too many, with which a failure would pass for done, and one too few."""
    assert settings("ivigcheck-nightly.service", "SuccessExitStatus") == ["1 4"]
    for unit in set(systemd_units(PLAIN)) - {"ivigcheck-nightly.service"}:
        assert settings(unit, "SuccessExitStatus") == []


def test_each_unit_leads_to_one_that_is_there() -> None:
    """Catches a misspelt unit in OnFailure=, about which systemd is silent until the night it matters."""
    units = systemd_units(PLAIN)
    assert settings("ivigcheck-nightly.service", "OnFailure") == ["ivigcheck-alert.service ivigcheck-mail.service"]
    assert settings("ivigcheck-nightly.service", "OnSuccess") == ["ivigcheck-mail.service ivigcheck-ping.service"]
    assert settings("ivigcheck-status.service", "OnFailure") == ["ivigcheck-alert.service"]
    assert settings("ivigcheck-mail.service", "OnFailure") == ["ivigcheck-alert.service"]
    for name, text in units.items():
        named = re.findall(r"^On(?:Success|Failure)=(.*)$", text, re.MULTILINE)
        assert {unit for line in named for unit in line.split()} <= set(units)
        if name.endswith(".timer"):
            assert name.replace(".timer", ".service") in units
    assert "ivigcheck-alert.service" not in settings("ivigcheck-alert.service", "OnFailure")


def test_only_what_mails_and_pings_reaches_the_network() -> None:
    """Catches a heartbeat that is put into the unit of the check, and a lock that a mail cannot leave through."""
    for unit, text in systemd_units(PLAIN).items():
        if not unit.endswith(".service"):
            continue
        assert ("PrivateNetwork=true" in text) == (unit in ("ivigcheck-nightly.service", "ivigcheck-status.service"))
        assert "TimeoutStartSec=" in text
    for unit in ("ivigcheck-mail.service", "ivigcheck-alert.service"):
        assert settings(unit, "(?:NoNewPrivileges|System.*|Restrict.*|PrivateDevices|ProtectKernel.*)") == []


def test_the_units_call_the_script_of_the_recipe() -> None:
    """Catches a mode that the script does not know."""
    script = parts("systemd", PLAIN)[SCRIPT]
    assert script == parts("cron", PLAIN)[SCRIPT]
    for unit, mode in (("ivigcheck-mail.service", "report"), ("ivigcheck-alert.service", "alert")):
        assert settings(unit, "ExecStart")[-1] == f"/bin/sh {SCRIPT} {mode}"
        assert f"\n{mode})\n" in script


# --- Windows


def powershell_reads(text: str) -> str:
    """What stands in a string of PowerShell in single quotes, of which any typographic one is one."""
    quotes = "'‘’‚‛"
    assert text[0] in quotes
    read, at = "", 1
    while True:
        if text[at] in quotes:
            if at + 1 == len(text):
                return read
            assert text[at + 1] in quotes, f"the string ends before {text[at + 1 :]}"
            at += 1
        read += text[at]
        at += 1


@given(st.one_of(printable, st.text("'‘’‚‛$`a\\", min_size=1)))
def test_powershell_gives_a_string_back(text: str) -> None:
    """Catches a single quote that is not doubled, the typographic ones too."""
    assert powershell_reads(recipes.for_powershell(text)) == text


def test_windows_paths_stand_in_strings() -> None:
    """Catches a path that goes into the script by no filter, or in double quotes, where $ is expanded."""
    place = "C:\\Program Files\\ivigcheck\\it's 100% $env"
    paths = RecipePaths(f"{place}\\ivigcheck.exe", f"{place}\\n.toml", f"{place}\\reports", (), "WARD\\o'hara")
    job, register = parts("windows", paths).values()
    quoted = "'C:\\Program Files\\ivigcheck\\it''s 100% $env\\"
    assert f"$program = {quoted}ivigcheck.exe'\n" in job
    assert f"$config = {quoted}n.toml'\n" in job
    assert f"$reports = {quoted}reports'\n" in job
    assert "$account = 'WARD\\o''hara'\n" in register
    assert job.count(place.replace("'", "''")) == 3
    assert place not in job + register


def test_the_windows_tasks_are_whole() -> None:
    """Catches a brace that is not closed, and a task that could hang, run twice or be forgotten."""
    job, register = parts("windows", PLAIN).values()
    for text in (job, register):
        bare = re.sub(r"#.*|'[^'\n]*'", "", text)
        assert all(bare.count(a) == bare.count(b) for a, b in ("{}", "()", "[]"))
        assert bare.count('"') % 2 == 0
    assert register.count("-ExecutionTimeLimit (New-TimeSpan -Minutes ") == 2
    assert register.count("-MultipleInstances IgnoreNew") == 2
    assert register.count("-StartWhenAvailable") == 1
    assert "-Daily -At '02:00'" in register
    assert "exit $code\n" in job
    assert "'nothing-new'" in job
    # Whatever is neither clean nor a finding is a failure.
    assert re.findall(r"-(?:not)?in ([\d, ]*\d)", job) == ["0, 1, 4"] * 3
