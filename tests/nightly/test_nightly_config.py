"""The configuration of an unattended run: what it says counts, and whatever is wrong is told before anything is done."""

from __future__ import annotations

import dataclasses
import os
import re
from pathlib import Path

import pytest
import tomli

from ivigcheck.errors import Exit, UsageError
from ivigcheck.nightly.config import NightlyConfig, example_config, missing, read_config
from ivigcheck.nightly.keys import BOUNDS, MEANINGS, REQUIRED, ConfigFile

HEAD = 'inbox = "in"\nquarantine = "bad"\nreports = "out"\nhistory = "kept/history.sqlite"\npolicy = "built-in"\n'
"""Five lines: what a test adds begins in line 6."""


def written(folder: Path, text: str, *, head: str = HEAD) -> Path:
    path = folder / "nightly.toml"
    path.write_text(head + text, encoding="utf-8")
    return path


def read(folder: Path, text: str, *, head: str = HEAD) -> NightlyConfig:
    return read_config(written(folder, text, head=head))


def refusals(folder: Path, text: str, *, head: str = HEAD) -> list[str]:
    """The lines of the refusal, each without the folder."""
    with pytest.raises(UsageError) as caught:
        read(folder, text, head=head)
    assert caught.value.exit_code == Exit.USAGE
    return str(caught.value).replace(f"{folder}/", "").splitlines()


def without(key: str) -> str:
    """The five lines but for one key."""
    return "".join(line for line in HEAD.splitlines(keepends=True) if not line.startswith(f"{key} "))


WHOLE = """\
name = "night_of-2"
inbox = "/srv/ivig/in"
patterns = ["Orders_*.csv", "*.XLSX"]
archive = "done"
quarantine = "../bad"
reports = "/srv/ivig/out"
formats = ["csv"]
history = "kept/history.sqlite"
policy = "site.toml"
sheet = "Orders, all"
encoding = "cp1252"
fail_on = "review"
acknowledged_count = false
gone_after_days = 5
min_orders = 0
max_file_age_hours = 1
settle_seconds = 0
max_wait_seconds = 0
status_hours = 1
"""


def test_a_whole_file_is_read_key_by_key(tmp_path: Path) -> None:
    assert read(tmp_path, WHOLE, head="") == NightlyConfig(
        file=tmp_path / "nightly.toml",
        name="night_of-2",
        inbox=Path("/srv/ivig/in"),
        patterns=("Orders_*.csv", "*.XLSX"),
        archive=tmp_path / "done",
        quarantine=tmp_path / "../bad",
        reports=Path("/srv/ivig/out"),
        formats=("csv",),
        history=tmp_path / "kept/history.sqlite",
        policy=tmp_path / "site.toml",
        sheet="Orders, all",
        encoding="cp1252",
        fail_on="review",
        acknowledged_count=False,
        gone_after_days=5,
        min_orders=0,
        max_file_age_hours=1,
        settle_seconds=0,
        max_wait_seconds=0,
        status_hours=1,
    )
    assert set(tomli.loads(WHOLE)) == set(ConfigFile.__struct_fields__)


def defaults(folder: Path, **paths: Path | None) -> NightlyConfig:
    """What a file counts as that names its paths alone."""
    return NightlyConfig(
        file=folder / "nightly.toml",
        name="nightly",
        patterns=("*.csv", "*.tsv", "*.xlsx", "*.xlsm"),
        archive=None,
        formats=("html", "xlsx", "json"),
        policy=None,
        sheet=None,
        encoding=None,
        fail_on="stop",
        acknowledged_count=True,
        gone_after_days=2,
        min_orders=1,
        max_file_age_hours=26,
        settle_seconds=10,
        max_wait_seconds=300,
        status_hours=26,
        **paths,
    )


def test_what_a_file_does_not_name_has_its_default(tmp_path: Path) -> None:
    assert read(tmp_path, "") == defaults(
        tmp_path,
        inbox=tmp_path / "in",
        quarantine=tmp_path / "bad",
        reports=tmp_path / "out",
        history=tmp_path / "kept/history.sqlite",
    )


def test_the_example_is_read_to_the_defaults(tmp_path: Path) -> None:
    assert read(tmp_path, example_config(), head="") == defaults(
        tmp_path,
        inbox=tmp_path / "inbox",
        quarantine=tmp_path / "quarantine",
        reports=tmp_path / "reports",
        history=tmp_path / "history.sqlite",
    )


def test_every_key_stands_once_in_the_example_with_its_meaning() -> None:
    paragraphs = example_config().split("\n\n")
    keys = [name for text in paragraphs for name in re.findall(r"^(?:# )?(\w+) = ", text, re.MULTILINE)]
    assert keys == list(ConfigFile.__struct_fields__) == list(MEANINGS)
    assert len(keys) == 19
    assert set(keys) == {field.name for field in dataclasses.fields(NightlyConfig)} - {"file"}
    assert all(line.startswith("# ") for text in paragraphs for line in text.splitlines()[:-1])
    assert all(len(line) <= 100 for line in example_config().splitlines())


def test_what_the_example_leaves_out_can_be_set_as_it_shows(tmp_path: Path) -> None:
    text, count = re.subn(r"^# (\w+ = )", r"\1", example_config(), flags=re.MULTILINE)
    config = read(tmp_path, text, head="")
    assert count == 3
    assert (config.archive, config.sheet, config.encoding) == (tmp_path / "archive", "Orders", "cp1252")


def test_the_example_says_which_keys_are_needed(tmp_path: Path) -> None:
    assert "Needed are inbox, quarantine, reports, history and policy." in example_config()
    for name in ConfigFile.__struct_fields__:
        text = re.sub(rf"^{name} = .*$", "", example_config(), flags=re.MULTILINE)
        if name in ("inbox", "quarantine", "reports", "history", "policy"):
            assert [told.split(": ")[0] for told in refusals(tmp_path, text, head="")] == [
                f"nightly.toml, line 1, {name}"
            ]
        else:
            read(tmp_path, text, head="")


# What follows the five lines of HEAD, so that it begins in line 6; the line, the key and words of the refusal.
SHAPES = [
    ("\nmin_order = 1", 7, "min_order", "is not known here (did you mean min_orders?); fix: remove it, or write one of name, inbox, "),
    ("[nightly]\nname = 'x'", 6, "nightly", "is not known here"),
    ("name = 7", 6, "name", "7 is a number; fix: write a text in quotes"),
    ("archive = ['done']", 6, "archive", ": is a list; fix: write a text in quotes"),
    ("archive = false", 6, "archive", "false is a yes or no; fix: write a text in quotes"),
    ("sheet = 1", 6, "sheet", "1 is a number; fix: write a text in quotes"),
    ("encoding = 8", 6, "encoding", "8 is a number; fix: write a text in quotes"),
    ("patterns = '*.csv'", 6, "patterns", '"*.csv" is a text; fix: write a list of texts in [ ]'),
    ("patterns = [\n'*.csv',\n7]", 8, "patterns[2]", "7 is a number; fix: write a text in quotes"),
    ("formats = 'json'", 6, "formats", '"json" is a text; fix: write a list of texts in [ ]'),
    ("acknowledged_count = 1", 6, "acknowledged_count", "1 is a number; fix: write true or false"),
    ("acknowledged_count = 'no'", 6, "acknowledged_count", '"no" is a text; fix: write true or false'),
    *((f"{name} = true", 6, name, "true is a yes or no; fix: write a whole number without quotes") for name in BOUNDS),
    *((f"{name} = 5.0", 6, name, "5 is written with a point or an exponent; fix: write a whole number without quotes") for name in BOUNDS),
    ("min_orders = '5'", 6, "min_orders", '"5" is a text; fix: write a whole number without quotes'),
]  # fmt: skip
NUMBERS = [
    # key, the least and the most that it may be, and the words of it
    ("min_orders", 0, 1_000_000),
    ("max_file_age_hours", 1, 876_600),
    ("settle_seconds", 0, 3600),
    ("max_wait_seconds", 0, 86_400),
    ("status_hours", 1, 876_600),
]
VALUES = [
    ("name = ''", 6, "name", '"" is no name of a run; fix: write 1 to 40 of the letters a to z, digits, - and _'),
    ("name = 'a b'", 6, "name", '"a b" is no name'),
    ("name = 'n\u00e4chtlich'", 6, "name", "is no name of a run"),
    ('name = "night\\n"', 6, "name", '"night\\x0a" is no name of a run'),
    (f"name = '{41 * 'a'}'", 6, "name", "is no name of a run"),
    ("patterns = []", 6, "patterns", 'names no pattern; fix: name one at least, such as "*.csv"'),
    ("patterns = ['*.csv', 'sub/*.csv']", 6, "patterns[2]", '"sub/*.csv" names a folder: only files of the inbox itself are checked; fix: write the pattern of a file\'s name'),
    ("patterns = ['sub\\*.csv']", 6, "patterns[1]", "names a folder"),
    ("patterns = ['.*']", 6, "patterns[1]", '".*" begins with a dot: hidden files are not checked; fix: '),
    ("patterns = [' ']", 6, "patterns[1]", "says nothing, or cannot be seen; fix: "),
    ("patterns = ['*.csv ']", 6, "patterns[1]", "begins or ends with a space; fix: "),
    ('patterns = ["a\\tb"]', 6, "patterns[1]", '"a\\x09b" says nothing, or cannot be seen'),
    ("formats = []", 6, "formats", "names no format; fix: name one of xlsx, html, csv, jsonl, parquet, json at least"),
    ("formats = ['json', 'xslx']", 6, "formats[2]", '"xslx" is no format of reports (did you mean xlsx?); fix: write one of xlsx, html, csv, json'),
    ("formats = ['pdf']", 6, "formats[1]", '"pdf" is no format of reports; fix: write one of xlsx, html, csv, json'),
    ("formats = ['JSON']", 6, "formats[1]", "is no format of reports (did you mean json?)"),
    ("formats = ['']", 6, "formats[1]", '"" is no format of reports'),
    ("formats = ['.json']", 6, "formats[1]", '".json" begins with a dot; fix: write "json"'),
    ("formats = ['json', 'csv', 'json']", 6, "formats[3]", '"json" stands here twice; fix: name it once'),
    ("sheet = ' '", 6, "sheet", '" " says nothing, or cannot be seen; fix: write a text of one line'),
    ("sheet = ''", 6, "sheet", '"" says nothing'),
    ('sheet = "a\\u001bb"', 6, "sheet", '"a\\x1bb" says nothing, or cannot be seen'),
    ("encoding = 'utf-88'", 6, "encoding", '"utf-88" is no text encoding that is read here; fix: write one such as utf-8, cp1252 or utf-16'),
    ("encoding = 'hex'", 6, "encoding", '"hex" is no text encoding'),
    ("encoding = 'utf-7'", 6, "encoding", '"utf-7" is no text encoding'),
    ("encoding = ''", 6, "encoding", '"" is no text encoding'),
    ("fail_on = 'reviews'", 6, "fail_on", '"reviews" is no status to fail on (did you mean review?); fix: write one of stop, review, never'),
    ("fail_on = 'STOP'", 6, "fail_on", "is no status to fail on (did you mean stop?)"),
    ("fail_on = ''", 6, "fail_on", '"" is no status to fail on'),
    ("archive = 'in'", 6, "archive", '"in" is the same folder as inbox; fix: name a folder of its own'),
    ("archive = 'elsewhere/../in/.'", 6, "archive", "is the same folder as inbox"),
    ("archive = 'bad'", 2, "quarantine", '"bad" is the same folder as archive'),
    ("archive = 'out'", 3, "reports", '"out" is the same folder as archive'),
    ("archive = 'kept'", 4, "history", '"kept/history.sqlite" lies in the folder archive, whose files are moved or removed; fix: name a file in a folder of its own'),
    ("min_orders = -1", 6, "min_orders", "-1 cannot be: it must be at least 0 and at most 1000000; fix: write a whole number of at least 0"),
    *((f"{name} = {least - 1}", 6, name, f"{least - 1} cannot be: it must be at least {least} and at most {most}; fix: write a whole number of at least {least} and at most {most}") for name, least, most in NUMBERS),
    *((f"{name} = {most + 1}", 6, name, f"{most + 1} cannot be: it must be at least {least} and at most {most}") for name, least, most in NUMBERS),
    ("status_hours = 1" + 400 * "0", 6, "status_hours", ": a number of very many digits cannot be"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "key", "words"), SHAPES + VALUES)
def test_what_is_wrong_is_refused_with_its_line_its_key_and_a_fix(
    text: str, line: int, key: str, words: str, tmp_path: Path
) -> None:
    (told,) = refusals(tmp_path, text)
    assert told.startswith(f"nightly.toml, line {line}, {key}: ")
    assert words in told
    assert "; fix: " in told and told.isprintable()


# key, its text instead of the one in HEAD, words of the refusal
PLACES = [
    *((key, "", '"" says nothing, or cannot be seen; fix: write a text of one line') for key in REQUIRED),
    *((key, "~/x", '"~/x" begins with "~", which is not expanded; fix: write it from / on') for key in REQUIRED),
    *((key, "~", "begins with") for key in REQUIRED),
    *((key, " x", '" x" begins or ends with a space; fix: write it without') for key in REQUIRED),
    ("inbox", "in ", "begins or ends with a space"),
    ("inbox", "a\\tb", '"a\\x09b" says nothing, or cannot be seen'),
    ("inbox", "a\\u0000", "says nothing, or cannot be seen"),
    ("policy", "Built-In", '"Built-In" is not how the built-in policy is written; fix: write "built-in", or the name of a file'),
    ("quarantine", "in", '"in" is the same folder as inbox; fix: name a folder of its own'),
    ("reports", "in", '"in" is the same folder as inbox'),
    ("reports", "./bad", '"./bad" is the same folder as quarantine'),
    ("history", "in/history.sqlite", '"in/history.sqlite" lies in the folder inbox, whose files are moved or removed'),
    ("history", "in/deeper/history.sqlite", "lies in the folder inbox"),
    ("history", "bad/history.sqlite", "lies in the folder quarantine"),
    ("history", "in", "lies in the folder inbox"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "text", "words"), PLACES)
def test_a_place_that_cannot_be_meant_is_refused(key: str, text: str, words: str, tmp_path: Path) -> None:
    (told,) = refusals(tmp_path, "", head=f'{without(key)}{key} = "{text}"\n')
    assert told.startswith(f"nightly.toml, line 5, {key}: ")
    assert words in told and "; fix: " in told and told.isprintable()


@pytest.mark.parametrize("key", REQUIRED)
def test_what_is_needed_and_missing_is_told_with_what_to_add(key: str, tmp_path: Path) -> None:
    (told,) = refusals(tmp_path, "", head=without(key))
    kinds = ', a policy file or "built-in"' if key == "policy" else ""
    assert told == f'nightly.toml, line 1, {key}: is missing; fix: add {key} = "…"{kinds}'


def test_an_empty_file_lacks_all_that_is_needed(tmp_path: Path) -> None:
    told = refusals(tmp_path, "", head="")
    assert [line.split(", ")[2].split(":")[0] for line in told] == list(REQUIRED)


def test_everything_that_is_wrong_is_told_at_once_in_the_order_of_the_lines(tmp_path: Path) -> None:
    text = 'encoding = "hex"\nmin_orders = true\nformats = ["pdf"]\nfail_on = "no"\nfile = 1\nstatus_hours = 0\nname = ""\npatterns = ["/"]\n'
    told = refusals(tmp_path, text, head=HEAD.replace('"bad"', '"in"').replace('"out"', "7"))
    assert [line.split(": ")[0].removeprefix("nightly.toml, line ") for line in told] == [
        "2, quarantine", "3, reports", "6, encoding", "7, min_orders", "8, formats[1]", "9, fail_on", "10, file",
        "11, status_hours", "12, name", "13, patterns[1]",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "begins"),
    [
        (b"inbox = 1\ninbox = 2\n", ", line 2: is not TOML: Cannot overwrite a value; fix: name each key and each table once"),
        (b'name = "x"\ninbox = in\n', ", line 2: is not TOML: Invalid value"),
        (b'name = "x"\r\ninbox = "\xb5"\r\n', ", line 2: is not UTF-8; fix: save the file as UTF-8"),
        (b"#" * (256 << 10) + b"\n", ": has more than 256 KiB, and is no configuration; fix: name another file"),
    ],
)  # fmt: skip
def test_what_is_no_toml_is_refused_with_its_line(content: bytes, begins: str, tmp_path: Path) -> None:
    path = tmp_path / "nightly.toml"
    path.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        read_config(path)
    assert str(caught.value).startswith(f"{path}{begins}")


def test_a_configuration_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^The configuration file .*nowhere\.toml does not exist\.$"):
        read_config(tmp_path / "nowhere.toml")


@pytest.mark.parametrize(("name", "least", "most"), NUMBERS)
def test_the_least_and_the_most_of_a_number_are_accepted(name: str, least: int, most: int, tmp_path: Path) -> None:
    assert getattr(read(tmp_path, f"{name} = {least}"), name) == least
    assert getattr(read(tmp_path, f"{name} = {most}"), name) == most
    assert BOUNDS[name] == (least, most)


@pytest.mark.parametrize("name", ["a", "Z", "0", "_", "-", 40 * "a", "Night-2_b"])
def test_a_name_of_letters_digits_and_the_two_signs_is_accepted(name: str, tmp_path: Path) -> None:
    assert read(tmp_path, f"name = '{name}'").name == name


@pytest.mark.parametrize("fail_on", ["stop", "review", "never"])
def test_each_status_to_fail_on_is_accepted(fail_on: str, tmp_path: Path) -> None:
    assert read(tmp_path, f"fail_on = '{fail_on}'").fail_on == fail_on


def test_relative_paths_are_of_the_file_s_folder_wherever_the_run_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "conf").mkdir()
    written(tmp_path / "conf", "")
    monkeypatch.chdir(tmp_path)
    config = read_config(Path("conf/nightly.toml"))
    assert config.file == tmp_path / "conf" / "nightly.toml"
    assert config.inbox == tmp_path / "conf" / "in"
    with pytest.raises(UsageError, match=r"^conf/nightly\.toml, line 6, name: "):  # named as the user named it
        read_config(Path(os.path.relpath(written(tmp_path / "conf", "name = 1"))))


def test_folders_that_links_make_one_are_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "link").symlink_to("in")
    (told,) = refusals(tmp_path, "archive = 'link'")
    assert '"link" is the same folder as inbox' in told
    (told,) = refusals(tmp_path, "", head=HEAD.replace("kept/", "link/"))
    assert '"link/history.sqlite" lies in the folder inbox' in told


def test_a_link_to_the_history_and_what_it_leads_to_lie_outside_the_folders_whose_files_are_moved(
    tmp_path: Path,
) -> None:
    for name in ("in", "kept"):
        (tmp_path / name).mkdir()
    (tmp_path / "in" / "history.sqlite").touch()
    (tmp_path / "kept" / "history.sqlite").symlink_to("../in/history.sqlite")
    assert "lies in the folder inbox" in refusals(tmp_path, "")[0]
    (tmp_path / "kept" / "history.sqlite").unlink()
    (tmp_path / "kept" / "history.sqlite").touch()
    (tmp_path / "in" / "history.sqlite").unlink()
    (tmp_path / "in" / "history.sqlite").symlink_to("../kept/history.sqlite")
    assert "lies in the folder inbox" in refusals(tmp_path, "", head=HEAD.replace("kept/", "in/"))[0]
    read(tmp_path, "")


def test_folders_that_the_file_system_takes_for_one_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where capital and small letters are the same."""
    monkeypatch.setattr(Path, "samefile", lambda one, other: str(one).casefold() == str(other).casefold())
    (told,) = refusals(tmp_path, "archive = 'IN'")
    assert '"IN" is the same folder as inbox' in told
    (told,) = refusals(tmp_path, "", head=HEAD.replace("kept/", "IN/"))
    assert "lies in the folder inbox" in told


def test_folders_in_each_other_are_not_the_same(tmp_path: Path) -> None:
    read(tmp_path, "archive = 'in/done'", head=HEAD.replace('"bad"', '"in/bad"').replace('"out"', '"in/out"'))
    read(tmp_path, "", head=HEAD.replace("kept/", "out/"))  # reports are not moved


def ready(folder: Path, text: str = "archive = 'done'") -> NightlyConfig:
    """A configuration whose folders and files are all there, with a policy file."""
    for name in ("in", "done", "bad", "out", "kept"):
        (folder / name).mkdir()
    for name in ("kept/history.sqlite", "site.toml"):
        (folder / name).touch()
    return read(folder, text, head=HEAD.replace('"built-in"', '"site.toml"'))


def test_nothing_is_missing_where_all_is_there(tmp_path: Path) -> None:
    assert missing(ready(tmp_path)) == []


def told_missing(config: NightlyConfig) -> list[str]:
    return [told.replace(f"{config.file.parent}/", "") for told in missing(config)]


def test_whatever_does_not_exist_is_told(tmp_path: Path) -> None:
    config = read(tmp_path, "archive = 'done'", head=HEAD.replace('"built-in"', '"site.toml"'))
    assert told_missing(config) == [
        "The folder in, inbox in nightly.toml, does not exist: make it, or name another.",
        "The folder done, archive in nightly.toml, does not exist: make it, or name another.",
        "The folder bad, quarantine in nightly.toml, does not exist: make it, or name another.",
        "The folder out, reports in nightly.toml, does not exist: make it, or name another.",
        "The policy file site.toml, policy in nightly.toml, does not exist.",
        "The history kept/history.sqlite, history in nightly.toml, does not exist: name the right file, or begin a new "
        "one: ivigcheck history init --history kept/history.sqlite.",
    ]
    built_in = dataclasses.replace(config, archive=None, policy=None)
    assert [told.split(",")[0] for told in told_missing(built_in)] == [
        "The folder in", "The folder bad", "The folder out", "The history kept/history.sqlite",
    ]  # fmt: skip


def test_what_is_no_folder_or_no_file_is_told(tmp_path: Path) -> None:
    config = ready(tmp_path)
    file, folder = config.history, tmp_path / "in"
    for key in ("inbox", "archive", "quarantine", "reports"):
        (told,) = told_missing(dataclasses.replace(config, **{key: file}))
        assert told == f"The folder kept/history.sqlite, {key} in nightly.toml, is no folder: name one."
        (told,) = told_missing(dataclasses.replace(config, **{key: file / "in"}))
        assert "does not exist" in told
    (told,) = told_missing(dataclasses.replace(config, policy=folder))
    assert told.startswith("The policy file in, policy in nightly.toml, cannot be read: it is a folder.")
    (told,) = told_missing(dataclasses.replace(config, history=folder))
    assert told.startswith("The history in, history in nightly.toml, is no file: ")


@pytest.mark.parametrize(
    ("denied", "mode", "words"),
    [
        ("in", os.W_OK, "The folder in, inbox in nightly.toml, cannot be written to: check its permissions."),
        ("in", os.R_OK, "The folder in, inbox in nightly.toml, cannot be read: check its permissions."),
        ("done", os.W_OK, "The folder done, archive in nightly.toml, cannot be written to: check its permissions."),
        ("bad", os.W_OK, "The folder bad, quarantine in nightly.toml, cannot be written to: check its permissions."),
        ("out", os.W_OK, "The folder out, reports in nightly.toml, cannot be written to: check its permissions."),
        ("site.toml", os.R_OK, "The policy file site.toml, policy in nightly.toml, cannot be read: no permission."),
        ("kept/history.sqlite", os.W_OK, "or its folder, cannot be written to: check the permissions."),
        ("kept", os.W_OK, "or its folder, cannot be written to: check the permissions."),
    ],
)
def test_what_is_not_permitted_is_told(
    denied: str, mode: int, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = ready(tmp_path)
    really = os.access  # the tests may run as root, who is never denied anything
    monkeypatch.setattr(
        os, "access", lambda path, asked: not (path == tmp_path / denied and asked & mode) and really(path, asked)
    )
    (told,) = told_missing(config)
    assert told.endswith(words)


def test_an_inbox_in_which_checked_files_stay_need_only_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = ready(tmp_path, "")
    read_only = {tmp_path / "in"}
    monkeypatch.setattr(os, "access", lambda path, asked: not (path in read_only and asked & os.W_OK))
    assert missing(config) == []
    read_only |= {tmp_path / "bad", tmp_path / "out"}
    assert [told.split(",")[0] for told in told_missing(config)] == ["The folder bad", "The folder out"]


def test_a_history_behind_a_broken_link_is_not_to_be_begun_anew(tmp_path: Path) -> None:
    config = ready(tmp_path)
    config.history.unlink()
    config.history.symlink_to("elsewhere.sqlite")
    (told,) = told_missing(config)
    assert told.endswith("is away: a link leads nowhere. Put back what it leads to.")
    config.history.unlink()
    config.history.parent.rmdir()
    config.history.parent.symlink_to("elsewhere")
    (told,) = told_missing(config)
    assert "a link leads nowhere" in told and "init" not in told


def test_a_name_that_no_file_can_have_is_told(tmp_path: Path) -> None:
    config = ready(tmp_path)
    long = tmp_path / (300 * "a")
    for key in ("inbox", "history", "policy"):
        (told,) = missing(dataclasses.replace(config, **{key: long}))
        assert "File name too long" in told
    (told,) = missing(dataclasses.replace(config, inbox=tmp_path / "a\0b"))
    assert "its name is none that a file can have" in told and told.isprintable()
