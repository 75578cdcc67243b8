"""A site's policy file as knowledge: the built-in knowledge under the site's own policy."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import msgspec

from ivigcheck.errors import KnowledgeError, UsageError
from ivigcheck.knowledge import Knowledge, Site
from ivigcheck.knowledge.model import Reasons, Source
from ivigcheck.knowledge.policies import in_force
from ivigcheck.settings_file import Problems, read_document
from ivigcheck.site.clinical import SITE_SOURCE, deviations, merged, read_settings
from ivigcheck.site.headers import read_headers
from ivigcheck.site.parameters import TABLES
from ivigcheck.site.settings import (
    check_encoding,
    check_identity,
    check_time_zone,
    read_history,
    read_products,
    read_questions,
    read_reasons,
    read_severities,
)
from ivigcheck.site.shape import read_shape


def read_site_policy(path: Path, knowledge: Knowledge) -> Knowledge:
    """The knowledge with its policy replaced by the site's: what the file does not set stays as it is.

    knowledge: under the built-in policy. Raises UsageError naming file, line, key and fix of everything that is wrong.
    """
    document = read_document(path, "policy")
    raw, problems = document.raw, Problems(document.file, document.lines)
    file = read_shape(raw, TABLES, problems)
    check_identity(file, raw, problems)
    check_time_zone(file, problems)
    check_encoding(file, problems)
    headers = read_headers(file.headers, knowledge, problems)
    severities, changed = read_severities(file.severity, problems)
    absent, answers = read_questions(file, knowledge, problems)
    default, used, stock = read_products(file, raw, knowledge, problems)
    reasons = read_reasons(file, raw, problems)
    settings = read_settings(raw, knowledge, problems)
    problems.stop()
    policy = knowledge.policy.entry
    found = [*changed, *answers, *stock, *read_history(file), *deviations(policy, settings)]
    site = Site(
        headers=headers,
        encoding=file.encoding,
        absent_means_no=absent,
        default_product=default,
        products_in_use=used,
        severities=severities,
        time_zone=file.time_zone,
        signed_off=file.signed_off_knowledge,
        require_history=file.require_history,
        deviations=tuple(deviation for _, deviation in sorted(found, key=lambda each: problems.line(each[0]))),
    )
    identity = {"id": file.id, "version": file.version, "title": file.title or f"Policy of {file.id}"}
    entry = msgspec.structs.replace(merged(policy, settings), **identity)
    if reasons:
        own = Reasons(dict(reasons), (SITE_SOURCE,))
        entry = msgspec.structs.replace(entry, acknowledgement_reasons=own)
    sources = {**knowledge.sources, SITE_SOURCE: Source(f'site policy "{file.id}" {file.version}', file.id)}
    codes = [indication.code for indication in knowledge.indications]
    sha256 = hashlib.sha256(document.content).hexdigest()
    try:
        in_numbers = in_force(entry, sha256, sources, codes, file=document.file, site=site)
    except KnowledgeError as error:
        raise UsageError(f"{document.file}: {error}; fix: correct the file") from error
    return replace(knowledge, policy=in_numbers, sources=sources)
