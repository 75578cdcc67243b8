"""The page of the commands, made from the command line itself."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterator
from typing import Any

import typer.main
from markdown_text import code, document, items, paragraph, plain

from ivigcheck.cli import app
from ivigcheck.guide.contents import slug

PROGRAM = "ivigcheck"
_OPTION_IN_TEXT = re.compile(r"(?<![\w-])--[a-z][a-z-]*")


def root() -> Any:
    """The command line."""
    return typer.main.get_command(app)


def every_command() -> Iterator[tuple[str, Any]]:
    """Each command with the words that call it, those that hold others too, in the order of the help page."""

    def below(command: Any, called: str) -> Iterator[tuple[str, Any]]:
        yield called, command
        for name, sub in getattr(command, "commands", {}).items():
            yield from below(sub, f"{called} {name}")

    yield from below(root(), PROGRAM)


def commands_page() -> str:
    """Every command with its help, its examples, its exit codes and its options."""
    listed = [
        f"[{called}](#{slug(called)}): {_prose(_first_sentence(command.help))}"
        for called, command in every_command()
        if called != PROGRAM
    ]
    return document(
        "# All commands",
        "Every command: its options, examples and exit codes.",
        "The same at a terminal: `ivigcheck COMMAND --help`, or `-h`.",
        items(listed),
        *(block for called, command in every_command() for block in _section(called, command)),
    )


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=[.:])\s", " ".join(text.split("\n\n")[0].split()))[0].rstrip(".:") + "."


def _section(called: str, command: Any) -> Iterator[str]:
    context = command.context_class(command, info_name=called)
    yield f"## {called}"
    yield from _help(command.help)
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each.param_type_name == "option" and not each.hidden]
    if arguments:
        yield "Arguments:"
        yield items(_option(each, context) for each in arguments)
    if options:
        yield "Options:"
        yield items(_option(each, context) for each in options)


def _help(text: str) -> Iterator[str]:
    """A help text: its paragraphs, and what keeps its lines as a block of its own."""
    for block in inspect.cleandoc(text).split("\n\n"):
        lines = block.strip("\n").splitlines()
        if lines[0].strip() != "\b":
            yield paragraph(_prose(block))
            continue
        title, *rest = lines[1:]
        yield paragraph(_prose(title))
        if rest:
            yield f"```{'sh' if title.startswith('Examples') else 'text'}\n{textwrap.dedent(chr(10).join(rest))}\n```"


def _option(parameter: Any, context: Any) -> str:
    shown, said = parameter.get_help_record(context)
    return f"{code(shown)}: {_prose(said)}".rstrip(": ")


def _prose(text: str) -> str:
    """Words of a help text; options in them as they are typed."""
    return _OPTION_IN_TEXT.sub(lambda found: code(found[0]), plain(text))
