"""``ivigcheck guide``: the user guide, offline."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ivigcheck.cli.terminal import captured, emit
from ivigcheck.errors import Exit, OutputError, UsageError
from ivigcheck.show import visible

if TYPE_CHECKING:  # the pages are read by the command that shows them
    from ivigcheck.guide import Page

_LONGEST_NAME = 40


def guide(
    name: Annotated[str, typer.Argument(metavar="[PAGE]", help="A page, such as first-run or report.")] = "",
    search: Annotated[
        str | None, typer.Option("--search", metavar="WORD", help="List the lines that contain WORD, of all pages.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="OUT.html", help="Write the whole guide as one HTML file."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite OUT.html where it is there already.")] = False,
) -> int:
    """Read the user guide: its contents, or one page of it. It needs no network.

    At a terminal a page is laid out; into a file or a pipe, and with NO_COLOR, goes its Markdown text. The HTML file
    holds all pages, with their pictures, and needs nothing beside it.

    \b
    Examples:
      ivigcheck guide
      ivigcheck guide report
      ivigcheck guide --search rechallenge
      ivigcheck guide -o guide.html

    \b
    Exit codes:
      0  shown, or written
      2  the command line is wrong: there is no such page, the ending is not
         .html
      3  not written: OUT.html is there already, or cannot be written
    """
    if output is not None:
        if name or search is not None:
            raise UsageError("-o writes the whole guide: leave out the page and --search.")
        return write_guide(output, force=force)
    if force:
        raise UsageError("--force says nothing without -o OUT.html.")
    from ivigcheck.guide import page, pages

    wanted = [page(_known(name))] if name else list(pages())
    if search is not None:
        emit(_found(search, wanted))
    elif name:
        _show(wanted[0])
    else:
        emit(_contents(wanted))
    return Exit.OK


def write_guide(output: Path, *, force: bool) -> int:
    """Writes the guide as one HTML file.

    Raises UsageError for another ending, OutputError where the file is there and not ``force``, or cannot be written.
    """
    from ivigcheck.report import check_outputs, publish

    if output.suffix.lower() != ".html":
        raise UsageError(
            f'{output}: the ending "{output.suffix}" is not .html, which is all that the guide is written as.'
        )
    check_outputs([output], [])
    if output.exists() and not force:
        raise OutputError(f"{output}: is there already: choose another name, or overwrite it with --force.")
    from ivigcheck.guide.book import render_book

    publish({output: render_book()})
    # The file is out: a closed standard output takes nothing away from it.
    with contextlib.suppress(OutputError):
        emit(f"written: {output}\n")
    return Exit.OK


def _known(name: str) -> str:
    """The page that is meant. Raises UsageError where none is, naming them all and the nearest."""
    from ivigcheck.guide import NAMES
    from ivigcheck.settings_file.problems import nearest

    folded = name.casefold().removesuffix(".md")
    if folded in NAMES:
        return folded
    near = nearest(name, NAMES)
    raise UsageError(
        f'"{visible(name[:_LONGEST_NAME])}" is no page of the guide.'
        f"{f' Nearest: {near}.' if near else ''} Pages: {', '.join(NAMES)}. "
        '"ivigcheck guide --search WORD" looks in all of them.'
    )


def _contents(wanted: list[Page]) -> str:
    """The pages in their reading order, one line each."""
    width = max(len(each.name) for each in wanted)
    lines = ["The user guide, page by page. One of them: ivigcheck guide PAGE", ""]
    for title, generated in (("To read", False), ("To look up", True)):
        lines += [title, *(f"  {p.name:<{width}}  {p.line}" for p in wanted if p.is_generated == generated), ""]
    lines += [
        "All of it as one HTML file: ivigcheck guide -o guide.html",
        "A word in it: ivigcheck guide --search WORD",
    ]
    return "".join(f"{line}\n" for line in lines)


def _found(word: str, wanted: list[Page]) -> str:
    """The lines that contain a word, under the name of their page."""
    from ivigcheck.guide import lines_with

    if not word.strip():
        raise UsageError("--search: name a word.")
    blocks = [
        [each.name, *(f"{number:>5}  {line.strip()}" for number, line in lines)]
        for each in wanted
        if (lines := lines_with(word, each))
    ]
    if not blocks:
        return f'No line of the guide contains "{visible(word[:_LONGEST_NAME])}".\n'
    return "\n".join("".join(f"{line}\n" for line in block) for block in blocks)


def _show(wanted: Page) -> None:
    """A page: laid out at a terminal, else as the text that it is."""
    with captured() as screen:
        if screen.is_terminal:
            from ivigcheck.guide.shown import lay_out

            lay_out(screen, wanted.text)
            return
    emit(wanted.text)
