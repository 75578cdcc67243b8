"""What a reader of the report should know about the run as a whole, each said once."""

from __future__ import annotations

from collections import Counter
from typing import Final

import numpy as np

from ivigcheck.doses import compared_with_nothing
from ivigcheck.intake.table import Table
from ivigcheck.knowledge import Knowledge
from ivigcheck.orders import NO_DAY, ProductState, WeightBasis
from ivigcheck.past import Memory
from ivigcheck.pipeline import Checked
from ivigcheck.show import cut, visible

EXAMPLE_ORDER: Final = "EXAMPLE-1"
"""The order id of the example in the order sheet that is to be filled in."""
_SHOWN_NAMES: Final = 10


def notices(checked: Checked) -> list[str]:
    """What a reader should know about the run, each said once."""
    said = [checked.knowledge.notice, sign_off(checked.knowledge), history_notice(checked.memory), *_doses(checked)]
    if not checked.orders.identified:
        return said + _by_site(checked)
    for table in checked.tables:
        place = f'{table.file}, sheet "{table.sheet}"' if table.sheet else table.file
        said += [f"{place}: {notice}" for notice in table.notices]
        if table.blank_rows:
            said.append(f"{place}: {table.blank_rows} empty {_rows(table.blank_rows)} passed over.")
        if table.ignored:
            said.append(
                f"{place}: columns not known here, and not used: {', '.join(_quoted(h) for h in table.ignored)}."
            )
        said += [f"{place}: {notice}" for notice in _missing_questions(checked, table)]
    orders = checked.orders
    undated = int((orders.of_one_patient.in_company & (orders.ordered_day == NO_DAY)).sum())
    if undated:
        said.append(
            f"{undated} {_rows(undated)} without a usable ordered_at, of patients with more than one order: not looked "
            "at for two orders on one day (IVG401), and not added up (IVG402)."
        )
    if (orders.texts("order_id").each(EXAMPLE_ORDER.__eq__) & orders.usable).any():
        said.append(f'The order "{EXAMPLE_ORDER}" is the example of the order sheet: overwrite or delete its row.')
    return said + _unrecognised(checked) + _by_site(checked)


def sign_off(knowledge: Knowledge) -> str:
    """Whether the site has signed off the knowledge in force."""
    signed = knowledge.policy.site.signed_off
    if knowledge.signed_off:
        return f"Knowledge {knowledge.version} is signed off by {knowledge.policy.name}."
    other = f": it has signed off {signed}" if signed else ""
    return f"This site has not signed off knowledge {knowledge.version}{other}."


def history_notice(memory: Memory) -> str:
    """Which history was asked, so that its chain can later be held against this report; or why none was."""
    if memory.why_not:
        return f"The history of patients was NOT asked: {memory.why_not}."
    entries = "1 entry" if memory.entries == 1 else f"{memory.entries} entries"
    return f"History of patients: {entries}, head {memory.head}."


def _doses(checked: Checked) -> list[str]:
    """Doses that no source could be held against."""
    orders, known = checked.orders, checked.knowledge.indications
    alone = Counter(orders.indication[compared_with_nothing(orders)].tolist())
    if not alone:
        return []
    names = {k: known[k].code if k >= 0 else "none known" for k in alone}
    if orders.identified:
        what = f"The dose of {alone.total()} {_rows(alone.total())} was"
        named = [f"{names[k]} ({count})" for k, count in alone.most_common()]
    else:
        what, named = "The dose was", list(names.values())
    return [
        f"{what} compared with nothing (IVG301, IVG402): no source states one for the indication: {', '.join(named)}."
    ]


def _rows(count: int) -> str:
    return "row" if count == 1 else "rows"


def _quoted(text: str) -> str:
    return f'"{visible(cut(text, 60))}"'


def _missing_questions(checked: Checked, table: Table) -> list[str]:
    """Risk questions that no column of an input answers, and what the site's policy makes of its headers."""
    said, cells = [], table.cells
    questions = checked.knowledge.questions
    by_policy = checked.knowledge.policy.site.absent_means_no
    for seed, what in ((True, "asked of every order, so that every order has IVG904"), (False, "not assessed")):
        names = [q.name for q in questions if q.seed == seed and q.name not in cells and q.name not in by_policy]
        if names:
            said.append(f"no column for {', '.join(names)}: {what}.")
    absent = [q.name for q in questions if q.name in by_policy]
    if absent:
        said.append(f"a blank answer is read as no, by the site's policy, to: {', '.join(absent)}.")
    missing = [name for name in absent if name not in cells]
    if missing:
        said.append(f"NO COLUMN for {', '.join(missing)}: read as no for every order, by the site's policy.")
    own = checked.knowledge.policy.site.headers
    read = [f'"{visible(table.headers[name])}" as {name}' for name in own if name in table.headers]
    if read:
        said.append(f"headers by the site's policy: {', '.join(read)}.")
    lacking = [name for name in own if name not in cells]
    if lacking:
        said.append(f"no header that the site's policy names for {', '.join(lacking)}, nor another for it.")
    return said


def _by_site(checked: Checked) -> list[str]:
    """What the site's policy made of the products that were ordered."""
    orders, site, said = checked.orders, checked.knowledge.policy.site, []
    products = checked.knowledge.products
    if site.default_product >= 0:
        blank = [i for i in range(orders.n) if orders.product[i] >= 0 and not orders.cell("product", i)]
        if blank:
            name = products[site.default_product].name
            said.append(f"{len(blank)} {_rows(len(blank))} without a product read as {name}, by the site's policy.")
    unadjusted = int((orders.weight_basis == WeightBasis.NOT_KNOWN).sum())
    if unadjusted:
        said.append(
            f"{unadjusted} {_rows(unadjusted)} reckoned on the body weight, though the site's policy adjusts it: "
            "height, sex or age is not known."
        )
    if site.products_in_use:
        foreign = Counter(p for p in orders.product.tolist() if p >= 0 and p not in site.products_in_use)
        if foreign:
            listed = ", ".join(f"{products[p].name} ({count})" for p, count in foreign.most_common(_SHOWN_NAMES))
            said.append(f"ordered, and not among the products in use by the site's policy: {listed}.")
    return said


def _unrecognised(checked: Checked) -> list[str]:
    """Names that were not recognised, with their counts."""
    orders = checked.orders
    said = []
    for column, unknown in (
        ("product", orders.product_state == ProductState.UNRECOGNISED),
        ("indication", orders.indication_unknown),
    ):
        names = Counter(orders.cell(column, int(i)) for i in np.flatnonzero(unknown))
        if names:
            listed = ", ".join(f"{_quoted(name)} ({count})" for name, count in names.most_common(_SHOWN_NAMES))
            more = f" and {len(names) - _SHOWN_NAMES} more" if len(names) > _SHOWN_NAMES else ""
            said.append(f"{column}s not recognised: {listed}{more}.")
    return said
