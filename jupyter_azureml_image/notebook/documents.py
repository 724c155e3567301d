"""Findings as a document for programs: `--format json` and `--format sarif`."""

from __future__ import annotations

from ..lint.diagnostic import Diagnostic


def document(found: tuple[Diagnostic, ...], form: str, text: str, place: str = "") -> str:
    """The findings on `text` in that format; `place` is the file it was read from."""
    if form == "sarif":
        from ..dockerfile.parse import parse
        from ..lint.sarif import render_sarif

        return render_sarif(found, parse(text), path=place or "Dockerfile")
    from ..lint.json_output import render_json

    return render_json(found)
