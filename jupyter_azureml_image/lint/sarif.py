"""Findings as SARIF 2.1.0 (`--format sarif`), which CI systems show beside the lines.

Columns count UTF-16 code units, as the format's default says; fixes are given as
replacements of regions.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from ..dockerfile.model import Dockerfile
from .diagnostic import Diagnostic, Fix
from .rule import find_rule

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_HOME = "https://github.com/jupyter-azureml-image/jupyter-azureml-image"
_LEVEL = {"error": "error", "warning": "warning", "info": "note"}


def as_sarif(
    diagnostics: Sequence[Diagnostic], dockerfile: Dockerfile, *, path: str = "Dockerfile"
) -> dict[str, Any]:
    """One run with the rules that were met and every finding; `path` is the file's, as the user
    named it."""
    path = _uri(path)
    codes = list(dict.fromkeys(d.code for d in diagnostics))
    driver = {
        "name": "jupyter-azureml-image",
        "informationUri": _HOME,
        "rules": [_rule(code) for code in codes],
    }
    results = [_result(d, codes.index(d.code), dockerfile, path) for d in diagnostics]
    run = {"tool": {"driver": driver}, "columnKind": "utf16CodeUnits", "results": results}
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def render_sarif(
    diagnostics: Sequence[Diagnostic], dockerfile: Dockerfile, *, path: str = "Dockerfile"
) -> str:
    """The SARIF text, indented."""
    return json.dumps(as_sarif(diagnostics, dockerfile, path=path), indent=2, ensure_ascii=False)


def _uri(path: str) -> str:
    """The path as a URI: CI systems look up relative ones in the repository."""
    file = PurePath(path)
    return file.as_uri() if file.is_absolute() else quote(file.as_posix())


def _rule(code: str) -> dict[str, Any]:
    rule = find_rule(code)
    if rule is None:
        page = f"https://github.com/hadolint/hadolint/wiki/{code}"
        return {"id": code, "name": code, "shortDescription": {"text": code}, "helpUri": page}
    about = rule.about
    return {
        "id": code,
        "name": rule.check.__name__,
        "shortDescription": {"text": about.title},
        "fullDescription": {"text": about.why},
        "help": {"text": about.remedy},
        "helpUri": f"{_HOME}/blob/main/docs/rules/{code}.md",
        "defaultConfiguration": {"level": _LEVEL[about.severity]},
    }


def _result(
    diagnostic: Diagnostic, index: int, dockerfile: Dockerfile, path: str
) -> dict[str, Any]:
    place = {"artifactLocation": {"uri": path}, "region": _region(diagnostic, dockerfile)}
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": index,
        "level": _LEVEL[diagnostic.severity],
        "message": {"text": diagnostic.message},
        "locations": [{"physicalLocation": place}],
    }
    if diagnostic.fixes:
        result["fixes"] = [_fix(fix, dockerfile, path) for fix in diagnostic.fixes]
    return result


def _region(diagnostic: Diagnostic, dockerfile: Dockerfile) -> dict[str, int]:
    starts = dockerfile.line_starts
    start = starts[min(diagnostic.line, len(starts)) - 1] + diagnostic.column - 1
    end_line = max(diagnostic.end_line, diagnostic.line)
    end = starts[min(end_line, len(starts)) - 1] + max(diagnostic.end_column, 1) - 1
    return _span(start, max(start, end), dockerfile)


def _span(start: int, end: int, dockerfile: Dockerfile) -> dict[str, int]:
    first, last = dockerfile.position(start), dockerfile.position(end)
    return {
        "startLine": first[0],
        "startColumn": _units(dockerfile, first),
        "endLine": last[0],
        "endColumn": _units(dockerfile, last),
    }


def _units(dockerfile: Dockerfile, position: tuple[int, int]) -> int:
    line, column = position
    start = dockerfile.line_starts[line - 1]
    before = dockerfile.text[start : start + column - 1]
    return len(before.encode("utf-16-le", "surrogatepass")) // 2 + 1


def _fix(fix: Fix, dockerfile: Dockerfile, path: str) -> dict[str, Any]:
    replacements = [
        {
            "deletedRegion": _span(edit.start, edit.end, dockerfile),
            "insertedContent": {"text": edit.text},
        }
        for edit in sorted(fix.edits, key=lambda e: (e.start, e.end))
    ]
    change = {"artifactLocation": {"uri": path}, "replacements": replacements}
    return {"description": {"text": fix.title}, "artifactChanges": [change]}
