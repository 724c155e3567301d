"""Findings as a document for programs: `--format json` and `--format sarif`."""

from __future__ import annotations

from ..lint.diagnostic import Diagnostic


def document(found: tuple[Diagnostic, ...], form: str, place: str = "Dockerfile") -> str:
    """The findings in that format; `place` is the file they are about."""
    if form == "sarif":
        from ..lint.sarif import sarif

        return sarif(found, place)
    from ..lint.json_output import to_json

    return to_json(found)
