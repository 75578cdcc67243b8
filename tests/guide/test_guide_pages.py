"""The guide's pages: every link leads somewhere, every command parses, every name of the program is explained."""

from __future__ import annotations

import itertools
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from commands_page import PROGRAM, every_command, root
from markdown_it import MarkdownIt

from ivigcheck.columns import COLUMNS
from ivigcheck.guide.contents import NAMES, WRITTEN, Page, page, pages, slug
from ivigcheck.guide.shown import for_terminal
from ivigcheck.knowledge import built_in
from ivigcheck.rules import RULES
from ivigcheck.site.parameters import PARAMETERS
from ivigcheck.site.shape import SiteFile

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "ivigcheck" / "guide" / "pages"
PICTURES = FOLDER.parent / "pictures"
# Pictures that are made apart from the pages: until then they may be missing.
README = ROOT / "README.md"
MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


def tokens(text: str) -> list[Any]:
    """A page's tokens, those within others too."""
    return [each for token in MARKDOWN.parse(text) for each in (token, *(token.children or ()))]


def targets(text: str, kind: str = "link_open", attribute: str = "href") -> list[str]:
    return [str(token.attrGet(attribute)) for token in tokens(text) if token.type == kind]


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings; a second one of the same words has a number."""
    found: list[str] = []
    parsed = MARKDOWN.parse(text)
    for token, following in itertools.pairwise(parsed):
        if token.type == "heading_open":
            own = slug("".join(child.content for child in following.children or ()))
            found.append(f"{own}-{found.count(own)}" if own in found else own)
    return set(found)


def test_every_file_is_a_page_and_every_page_a_file() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(NAMES)
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("each", list(pages()), ids=lambda each: each.name)
def test_a_page_says_in_one_line_what_it_is_about(each: Page) -> None:
    assert each.text.startswith(f"# {each.title}\n\n{each.line}\n\n") and each.text.endswith("\n")
    assert each.line.endswith(".") and "\n" not in each.line and len(each.line) <= 60
    assert "`" not in each.title + each.line and each.text == each.text.replace("\r", "")


@pytest.mark.parametrize("path", [*sorted(FOLDER.iterdir()), README], ids=lambda path: path.name)
def test_every_link_leads_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for target in targets(text):
        file, _, heading = target.partition("#")
        there = (path.parent / file).resolve() if file else path
        assert ":" not in target, f"{target} leads out of the project"
        assert there.is_file() or (there.is_dir() and not heading), f"{target} leads nowhere"
        if path != README:
            assert there.parent == FOLDER and there.stem in NAMES, f"{target} is no page"
        assert not heading or heading in anchors(there.read_text(encoding="utf-8")), f"{target}: no such heading"


def test_the_readme_points_to_every_page_both_ways() -> None:
    text = README.read_text(encoding="utf-8")
    for name in NAMES:
        assert f"(ivigcheck/guide/pages/{name}.md" in text and f"`ivigcheck guide {name}`" in text, name


@pytest.mark.parametrize("each", list(pages()), ids=lambda each: each.name)
def test_every_picture_is_there_and_told_in_words(each: Page) -> None:
    shown = targets(each.text, "image", "src")
    for source in shown:
        there = (FOLDER / source).resolve()
        assert there.parent == PICTURES.resolve() and there.suffix == ".png"
        assert there.is_file(), f"{source} is missing"
    words = [token.content for token in tokens(each.text) if token.type == "image"]
    assert all(len(said) > 20 for said in words) and len(words) == len(shown)


def test_no_picture_is_left_over() -> None:
    shown = {Path(source).name for each in pages() for source in targets(each.text, "image", "src")}
    assert shown == {path.name for path in PICTURES.iterdir()}


@pytest.mark.parametrize("each", list(pages()), ids=lambda each: each.name)
def test_a_page_holds_no_html_and_can_be_read_as_text(each: Page) -> None:
    assert not re.search(r"<(?:!--|/?[a-z]+[ >])", re.sub(r"`[^`]*`|^```.*?^```", "", each.text, flags=re.M | re.S))
    fenced = False
    for number, line in enumerate(each.text.splitlines(), 1):
        fenced ^= line.startswith("```")
        long = len(line) > 80 and not line.startswith(("|", "```")) and not fenced
        assert not long or "://" in line, f"{each.name}, line {number} is longer than a terminal"
    assert not fenced


def commands_in(text: str) -> list[str]:
    """The command lines of a text's code blocks that call this program, without what stands around them."""
    found = []
    for block in (token.content for token in tokens(text) if token.type == "fence"):
        for line in re.sub(r"\\\n\s*", "", block).splitlines():
            pieces = shlex.split(line, comments=True) if line.count("'") % 2 == line.count('"') % 2 == 0 else []
            if PROGRAM in pieces and (pieces[0] in (PROGRAM, "$", "echo") or re.match(r"[\d* ]+ivigcheck", line)):
                found.append(line.removeprefix("$ "))
    return found


def parse(line: str) -> None:
    """Raises where a command line names a command or an option that there is not, a value that is none of its choices,
    or lacks an argument."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|>;")
    lexer.whitespace_split = True
    words = list(lexer)
    words = words[words.index(PROGRAM) + 1 :]
    end = next((k for k, word in enumerate(words) if word in ("|", ">", ";")), len(words))
    words = words[:end]
    command, called = root(), PROGRAM
    while True:
        context = command.context_class(command, info_name=called, help_option_names=["-h", "--help"])
        values, rest, _ = command.make_parser(context).parse_args(list(words))
        for parameter in command.params:
            value = values.get(parameter.name)
            given = value if isinstance(value, (list, tuple)) else [value]
            for one in given:
                if isinstance(one, str) and hasattr(parameter.type, "choices"):
                    parameter.type.convert(one, parameter, context)
            missing = value is None or value in ((), [])
            assert not (parameter.required and missing), f"{called} lacks {parameter.name}"
        if not hasattr(command, "commands"):
            assert not rest, f"{called} takes no {rest}"
            return
        if not rest:
            return
        name, *words = rest
        command, called = command.commands[name], f"{called} {name}"


def problem(line: str) -> str:
    """Why a command line does not parse; "" where it does."""
    try:
        parse(line)
    except Exception as error:  # of the command line library's own, which are many
        return f"{line}: {getattr(error, 'message', repr(error))}"
    return ""


@pytest.mark.parametrize(
    "path", [*(FOLDER / f"{name}.md" for name in (*WRITTEN, "commands")), README], ids=lambda p: p.stem
)
def test_every_command_line_of_a_page_parses(path: Path) -> None:
    assert list(filter(None, map(problem, commands_in(path.read_text(encoding="utf-8"))))) == []


def test_command_lines_are_found_and_wrong_ones_are_noticed() -> None:
    assert sum(len(commands_in(each.text)) for each in pages()) > 80
    assert len(commands_in(page("nightly").text)) >= 10  # of a crontab too
    assert problem("echo x | ivigcheck history patient - > out.txt") == ""
    for wrong in (
        "ivigcheck bacth orders.csv",
        "ivigcheck batch orders.csv --polcy site.toml",
        "ivigcheck nightly recipe anacron",
        "ivigcheck template",
        "ivigcheck rules IVG101 IVG102",
    ):
        assert problem(wrong), wrong


def test_what_a_page_tells_to_look_up_is_there() -> None:
    """Names of rules, policy keys and pages that stand in a page exist."""
    for each in pages():
        assert set(re.findall(r"\bIVG\d{3}\b", each.text)) <= set(RULES), each.name
        assert set(re.findall(r"ivigcheck guide ([a-z][a-z-]*)", each.text)) <= set(NAMES), each.name


def test_every_rule_column_product_policy_key_and_command_is_explained() -> None:
    knowledge = built_in()
    headings = {name: re.findall(r"^#+ (.+)$", page(name).text, re.MULTILINE) for name in NAMES}
    assert {f"{rule.code} {rule.name}" for rule in RULES.values()} <= set(headings["rules"])
    columns = page("columns").text
    for name in (*(column.name for column in COLUMNS), *(question.name for question in knowledge.questions)):
        assert f"\n| `{name}` |" in columns
    for column in COLUMNS:
        (row,) = re.findall(rf"^\| `{column.name}` .*$", columns, re.MULTILINE)
        assert all(header in row for header in (*column.headers, *(name for name, _ in column.header_units)))
    for product in knowledge.products:
        assert product.name in headings["products"]
        for row in product.labels:
            assert f"{product.name}, {row.indication} {row.phase}".rstrip() in headings["products"]
            for figure in (row.start, row.maximum, row.at_risk):
                assert figure is None or figure.text in page("products").text
    keys = page("policy-keys").text
    assert all(f"| `{name}` |" in keys for name in SiteFile.__struct_fields__)
    assert {parameter.table for parameter in PARAMETERS} <= set(headings["policy-keys"])
    assert all(f"`{parameter.key}`" in keys for parameter in PARAMETERS)
    assert [called for called, _ in every_command()] == headings["commands"][1:]
    commands = page("commands").text
    assert all(
        option in commands
        for _, command in every_command()
        for each in command.params
        for option in each.opts
        if option.startswith("-")
    )


def test_every_labelled_figure_has_its_source() -> None:
    knowledge, text = built_in(), page("products").text
    for product in knowledge.products:
        own = text.split(f"\n## {product.name}\n")[1].split("\n## ")[0]
        for row, said in zip(product.labels, own.split("\n### ")[1:], strict=True):
            for source in row.entry.sources:
                entry = knowledge.sources[source]
                assert (entry.url or entry.title) in said.replace("\n  ", " "), (product.name, source)
            assert "**not verified:** by a second reader" in said
            if row.entry.not_verified:
                assert row.entry.not_verified.split()[-1] in said


def test_what_the_limits_say_of_choices_is_what_the_policy_says() -> None:
    """The numbers that the page names as choices are those whose source is a choice of this program."""
    policy, said = built_in().policy.entry, " ".join(page("limits").text.split())
    chosen = {
        name for name in policy.__struct_fields__ if "built-in-choice" in getattr(getattr(policy, name), "sources", ())
    }
    told = {
        "recent_thrombosis_days": "180 days",
        "dose_disagreement": "may differ (10%)",
        "weights_disagree": "disagree (10%)",
        "weights_within_days": "compared (30 days)",
        "early_repeat_days": "repeated (5)",
        "order_days_ahead": "may lie (0)",
        "pump_increment": "(0.1 mL/h)",
        "acknowledgement_days": "settled (30 days)",
        "acknowledgement_reasons": "for which reasons",
        "plausible": "slip of the pen",
    }
    assert set(told) == chosen
    assert all(words in said for words in told.values())
    unknown = {p.brand for p in built_in().products if not any(row.maximum for row in p.labels)}
    assert all(brand in said for brand in unknown), unknown


def test_a_page_for_the_terminal_names_commands_in_the_place_of_links() -> None:
    text = "See [the\nrules](rules.md#ivg101) or [below](#x).\n\n![What it\nshows](../pictures/a.png)\n\n```\n[a](b.md)\n```\n"
    assert for_terminal(text) == (
        "See the\nrules (`ivigcheck guide rules`) or below.\n\n*Picture: What it\nshows*\n\n```\n[a](b.md)\n```\n"
    )
    for each in pages():
        shown = for_terminal(each.text)
        assert targets(shown) == [] and targets(shown, "image", "src") == []
