"""Reads the knowledge files and refuses what a reviewer misses.

An unknown key, a missing source, a duplicate indication and phase, a rate without a worked example, a worked example
that the program does not come to, a start above its maximum: each stops the program before it judges anything.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Final

from ivigcheck.knowledge.doses import usual_doses
from ivigcheck.knowledge.facts import IcdRow, Knowledge, Product, fold
from ivigcheck.knowledge.model import Indication, IndicationsFile, Question, RisksFile, Source, VersionFile
from ivigcheck.knowledge.policies import read_policy
from ivigcheck.knowledge.product_files import read_product
from ivigcheck.knowledge.reading import Where, check_sources, parse

FOLDER: Final = Path(__file__).parent


def read_icd(path: Path, indications: Iterable[str], questions: Iterable[str]) -> tuple[IcdRow, ...]:
    """The diagnosis codes: what each prefix means. Raises KnowledgeError on a meaning that nothing has."""
    where = Where(path.name)
    known = {"indication": set(indications), "risk": set(questions), "none": {"none"}}
    rows = []
    for line in csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))):
        if line["kind"] not in known or line["means"] not in known[line["kind"]]:
            raise where.refuse(f"code {line['code']} means {line['kind']} {line['means']}, which is nowhere defined")
        rows.append(IcdRow(line["code"].replace(".", ""), line["kind"], line["means"], line["description"]))
    if len({(row.code, row.means) for row in rows}) != len(rows):
        raise where.refuse("a code stands twice with the same meaning")
    return tuple(rows)


def _check_names(products: Iterable[Product], indications: Iterable[Indication], questions: Iterable[Question]) -> None:
    spelled: dict[str, str] = {}
    for indication in indications:
        for spelling in (indication.code, indication.name, *indication.synonyms):
            if spelled.setdefault(fold(spelling), indication.code) != indication.code:
                raise Where("indications.toml").refuse(f'"{spelling}" stands for two indications')
    names = [product.name for product in products]
    if len(set(names)) != len(names):
        raise Where("products").refuse("two files describe one product")
    brands = {product.brand for product in products}
    for question in questions:
        if question.contraindicated_brand and question.contraindicated_brand not in brands:
            raise Where("risks.toml", question.name).refuse("speaks against a brand that no product file has")


def _digest(folder: Path) -> str:
    """One hash over every knowledge file: names and contents, in a fixed order."""
    digest = hashlib.sha256()
    for path in sorted((*folder.glob("*.toml"), *folder.glob("*.csv"), *folder.glob("products/*.toml"))):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def read_knowledge(folder: Path) -> Knowledge:
    """Everything that the program knows, from one folder. Raises KnowledgeError on anything that is not whole."""
    sources = parse(folder / "sources.toml", dict[str, Source])
    version = parse(folder / "version.toml", VersionFile)
    indications = parse(folder / "indications.toml", IndicationsFile).indication
    questions = parse(folder / "risks.toml", RisksFile).question
    codes = [indication.code for indication in indications]
    for question in questions:
        check_sources(Where("risks.toml", question.name), question.sources, sources)
    products = tuple(read_product(path, sources, codes) for path in sorted(folder.glob("products/*.toml")))
    _check_names(products, indications, questions)
    return Knowledge(
        version=version.version,
        date=version.date,
        notice=version.notice,
        sha256=_digest(folder),
        policy=read_policy(folder / "policy.toml", sources, codes),
        usual_doses=usual_doses(indications, sources),
        indications=indications,
        questions=questions,
        icd=read_icd(folder / "icd10cm.csv", codes, [question.name for question in questions]),
        products=products,
        sources=sources,
    )


@lru_cache(maxsize=1)
def built_in() -> Knowledge:
    """The knowledge that the program comes with."""
    return read_knowledge(FOLDER)
