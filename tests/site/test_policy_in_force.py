"""Which policy is in force: the option, else the variable, else the user's configuration folder, else the built-in one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from policy_files import HEAD

from ivigcheck.errors import Exit, UsageError
from ivigcheck.knowledge import built_in
from ivigcheck.site import BUILT_IN, VARIABLE, knowledge_in_force, policy_path
from ivigcheck.site.reading import read_site_policy

ROOT = Path(__file__).parents[2]
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the folder is another on other systems")


@pytest.fixture
def homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty configuration folder, and nothing said of any policy."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path


def policy(path: Path, name: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEAD.replace("st-elsewhere", name))
    return path


def test_without_any_file_the_built_in_policy_is_in_force(homes: Path) -> None:
    assert policy_path(None) is None
    assert knowledge_in_force(None) is built_in()


@ON_LINUX
def test_the_option_counts_before_the_variable_and_that_before_the_folder(
    homes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_folder = policy(homes / "config" / "ivigcheck" / "policy.toml", "folder")
    assert policy_path(None) == in_folder
    assert knowledge_in_force(None).policy.entry.id == "folder"
    named = policy(homes / "variable.toml", "variable")
    monkeypatch.setenv(VARIABLE, str(named))
    assert knowledge_in_force(None).policy.entry.id == "variable"
    optional = policy(homes / "option.toml", "option")
    assert policy_path(str(optional)) == optional
    assert knowledge_in_force(str(optional)).policy.entry.id == "option"
    monkeypatch.setenv(VARIABLE, "")
    assert policy_path(None) == in_folder


@ON_LINUX
def test_the_word_built_in_sets_aside_what_would_else_be_in_force(homes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policy(homes / "config" / "ivigcheck" / "policy.toml", "folder")
    monkeypatch.setenv(VARIABLE, BUILT_IN)
    assert policy_path(None) is None
    monkeypatch.setenv(VARIABLE, str(policy(homes / "variable.toml", "variable")))
    assert policy_path(BUILT_IN) is None
    assert knowledge_in_force(BUILT_IN) is built_in()


@pytest.mark.parametrize("by_variable", [False, True])
@pytest.mark.parametrize(
    ("name", "words"),
    [("nowhere.toml", "does not exist"), (".", "is a folder"), (" ", "has no name"), ("a\nb", "does not exist")],
)
def test_a_file_that_is_named_and_cannot_be_read_is_refused(
    name: str, words: str, by_variable: bool, homes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if by_variable:
        monkeypatch.setenv(VARIABLE, name)
    with pytest.raises(UsageError) as caught:
        policy_path(None if by_variable else name)
    assert caught.value.exit_code == Exit.USAGE
    assert words in str(caught.value) and name.replace("\n", "\\x0a") in str(caught.value)
    assert (VARIABLE in str(caught.value)) is by_variable
    assert str(caught.value).isprintable()


def test_an_empty_option_is_no_policy(homes: Path) -> None:
    with pytest.raises(UsageError, match="has no name"):
        policy_path("")


def test_a_name_that_no_file_can_have_is_refused(homes: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        policy_path("a\0b")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="everything can be read by root")
def test_a_file_without_permission_is_refused(homes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    locked = policy(homes / "locked.toml", "locked")
    locked.chmod(0)
    with pytest.raises(UsageError, match="no permission"):
        policy_path(str(locked))
    found = policy(homes / "config" / "ivigcheck" / "policy.toml", "folder")
    found.parent.chmod(0)
    try:
        with pytest.raises(UsageError, match="cannot be read"):
            policy_path(None)
    finally:
        found.parent.chmod(0o700)


@ON_LINUX
def test_a_folder_in_place_of_the_user_s_file_is_not_passed_over(homes: Path) -> None:
    (homes / "config" / "ivigcheck" / "policy.toml").mkdir(parents=True)
    with pytest.raises(UsageError, match="is a folder"):
        policy_path(None)


WITH_FIFOS = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")


@ON_LINUX
@pytest.mark.parametrize("link", ["config/ivigcheck/policy.toml", "config/ivigcheck", "config"])
def test_a_link_that_leads_nowhere_is_not_passed_over(link: str, homes: Path) -> None:
    """The folder that it leads to may not be mounted tonight."""
    (homes / link).parent.mkdir(parents=True, exist_ok=True)
    (homes / link).symlink_to(homes / "away")
    with pytest.raises(UsageError, match=r"policy\.toml.*(is a link|the link .*) (that )?leads nowhere"):
        policy_path(None)
    assert policy_path(BUILT_IN) is None


@ON_LINUX
def test_links_in_a_ring_are_not_passed_over(homes: Path) -> None:
    folder = homes / "config" / "ivigcheck"
    folder.mkdir(parents=True)
    (folder / "policy.toml").symlink_to(folder / "other.toml")
    (folder / "other.toml").symlink_to(folder / "policy.toml")
    with pytest.raises(UsageError, match="cannot be read"):
        policy_path(None)


@ON_LINUX
def test_a_link_to_a_policy_is_followed(homes: Path) -> None:
    link = homes / "config" / "ivigcheck" / "policy.toml"
    link.parent.mkdir(parents=True)
    link.symlink_to(policy(homes / "elsewhere.toml", "elsewhere"))
    assert knowledge_in_force(None).policy.entry.id == "elsewhere"


@pytest.mark.parametrize("by_variable", [False, True])
def test_a_named_link_that_leads_nowhere_is_refused(
    by_variable: bool, homes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = homes / "link.toml"
    link.symlink_to(homes / "away")
    if by_variable:
        monkeypatch.setenv(VARIABLE, str(link))
    with pytest.raises(UsageError, match="is a link that leads nowhere"):
        policy_path(None if by_variable else str(link))


@WITH_FIFOS
@pytest.mark.parametrize("way", ["option", "variable", "folder", "read", "link"])
def test_a_pipe_is_refused_without_being_opened(way: str, homes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe that nobody writes to would be waited for."""
    pipe = homes / "config" / "ivigcheck" / "policy.toml"
    pipe.parent.mkdir(parents=True)
    os.mkfifo(pipe)
    if way == "variable":
        monkeypatch.setenv(VARIABLE, str(pipe))
    link = homes / "link.toml"
    link.symlink_to(pipe)
    opened = {"option": pipe, "link": link}.get(way)

    def never(*_: object, **__: object) -> None:
        raise AssertionError("opened")

    monkeypatch.setattr(Path, "open", never)
    with pytest.raises(UsageError, match="pipe or a device") as caught:
        if way == "read":
            read_site_policy(pipe, built_in())
        else:
            knowledge_in_force(str(opened) if opened else None)
    assert caught.value.exit_code == Exit.USAGE


@pytest.mark.parametrize("path", ["/dev/null", "/dev/zero"])
def test_a_device_is_refused(path: str, homes: Path) -> None:
    if not Path(path).exists():
        pytest.skip("the system has no such device")
    with pytest.raises(UsageError, match="pipe or a device"):
        policy_path(path)
    with pytest.raises(UsageError, match="pipe or a device"):
        read_site_policy(Path(path), built_in())


@ON_LINUX
@pytest.mark.parametrize("folder", ["", "relative"])
def test_a_configuration_folder_that_is_not_absolute_counts_as_not_set(
    folder: str, homes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(homes)
    policy(homes / folder / "ivigcheck" / "policy.toml", "relative")
    found = policy(homes / "home" / ".config" / "ivigcheck" / "policy.toml", "home")
    monkeypatch.setenv("HOME", str(homes / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", folder)
    assert policy_path(None) == found


def test_without_a_home_the_built_in_policy_is_in_force(tmp_path: Path) -> None:
    code = (
        "import os, pwd\n"
        "def nobody(uid):\n    raise KeyError(uid)\n"
        "pwd.getpwuid = nobody\n"
        "from ivigcheck.site import policy_path\nprint(policy_path(None))"
    )
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    (tmp_path / "~" / ".config" / "ivigcheck").mkdir(parents=True)
    (tmp_path / "~" / ".config" / "ivigcheck" / "policy.toml").write_text("no policy")
    run = subprocess.run(
        [sys.executable, "-c", code], env=env, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert run.stdout == "None\n"
