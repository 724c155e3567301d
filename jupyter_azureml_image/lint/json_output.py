"""Findings as the JSON of the contract (`--format json`)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from .diagnostic import Diagnostic


def as_json(diagnostics: Sequence[Diagnostic]) -> dict[str, Any]:
    """`{"diagnostics": [...]}`; lines and columns from 1, the end column exclusive."""
    return {"diagnostics": [_one(diagnostic) for diagnostic in diagnostics]}


def _one(diagnostic: Diagnostic) -> dict[str, Any]:
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        "line": diagnostic.line,
        "column": diagnostic.column,
        "end_line": diagnostic.end_line or diagnostic.line,
        "end_column": diagnostic.end_column or diagnostic.column,
        "syntax": diagnostic.syntax,
        "fixes": [{"title": fix.title, "certain": fix.certain} for fix in diagnostic.fixes],
        "why": diagnostic.why,
        "remedy": diagnostic.remedy,
        "source": diagnostic.source,
    }


def render_json(diagnostics: Sequence[Diagnostic]) -> str:
    """The JSON text, indented."""
    return json.dumps(as_json(diagnostics), indent=2, ensure_ascii=False)
