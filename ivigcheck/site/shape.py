"""The shape of a site's policy file, beside its clinical parameters; whatever has another shape is a problem."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from msgspec import Struct

from ivigcheck.settings_file import Problems, sound


class OwnHeader(Struct, frozen=True, forbid_unknown_fields=True):
    """A site's own header for a quantity, and the unit that it states."""

    in_words: ClassVar[str] = "what states its unit"

    header: str
    unit: str


class SeverityChange(Struct, frozen=True, forbid_unknown_fields=True):
    """The severity that a site gives a rule, and why."""

    severity: str
    reason: str


class SiteFile(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything of the file but the tables of clinical parameters, as written. headers: column -> its headers;
    severity: rule code -> its change; acknowledgement_reasons: code -> what it means."""

    id: str = ""
    version: str = ""
    title: str = ""
    signed_off_knowledge: str = ""
    time_zone: str = ""
    encoding: str = ""
    default_product: str = ""
    products_in_use: tuple[str, ...] = ()
    absent_means_no: tuple[str, ...] = ()
    headers: dict[str, str | OwnHeader | tuple[str | OwnHeader, ...]] = {}
    severity: dict[str, SeverityChange] = {}
    require_history: bool = False
    acknowledgement_reasons: dict[str, str] = {}


def read_shape(raw: dict[str, Any], tables: Iterable[str], problems: Problems) -> SiteFile:
    """The file's keys but for ``tables``, in their shape. What has another shape is a problem, and is left out."""
    tables = tuple(tables)
    settings = {name: value for name, value in raw.items() if name not in tables}
    return sound(settings, SiteFile, problems, also=tables)
