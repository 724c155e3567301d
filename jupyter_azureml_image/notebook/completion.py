"""Completion by IPython's own matcher interface: nothing is patched, no network is asked."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from .suggest import World

IDENTIFIER = "jupyter_azureml_image"


def add(shell: InteractiveShell) -> None:
    """Offer our words in cells that are ours."""
    from IPython.core.completer import context_matcher

    @context_matcher(identifier=IDENTIFIER)  # type: ignore[untyped-decorator]  # IPython's
    def matcher(context: Any) -> dict[str, Any]:
        return _match(shell, context)

    completer: Any = shell.Completer
    completer.custom_matchers.append(matcher)


def remove(shell: InteractiveShell) -> None:
    """Take the matcher away."""
    completer: Any = shell.Completer
    completer.custom_matchers[:] = [
        m for m in completer.custom_matchers if getattr(m, "matcher_identifier", "") != IDENTIFIER
    ]


def _match(shell: InteractiveShell, context: Any) -> dict[str, Any]:
    text: str = context.full_text
    if "%azureml_" not in text:
        return {"completions": []}
    from IPython.core.completer import SimpleCompletion

    from .suggest import suggest

    found = suggest(text, context.cursor_line, context.cursor_position, _world(shell))
    if found is None:
        return {"completions": []}
    words = [SimpleCompletion(text=word, type=found.kind) for word in found.words]
    return {
        "completions": words,
        "matched_fragment": found.fragment,
        "ordered": True,
        "suppress": bool(words),
    }


def _world(shell: InteractiveShell) -> World:
    from . import frontend
    from .suggest import World

    notebook = frontend.notebook(shell.user_ns)
    folder = str(Path(notebook).parent) if notebook else os.curdir
    return World(folder, _names, _runs, _bases, _codes, _causes)


def _names() -> Iterable[str]:
    from ..api import runs

    return sorted({row.name for row in runs()})


def _runs() -> Iterable[str]:
    from ..api import runs

    return [row.run_id for row in runs()]


def _bases(start: str) -> Iterable[str]:
    from ..catalog import search

    names = (image.reference for image in search())
    return [name for name in names if name.startswith(start)]


def _codes() -> Iterable[str]:
    from ..explain.catalogue import all_causes
    from ..explain.failures import all_failures
    from ..lint.rule import all_rules

    codes = [*(rule.about.code for rule in all_rules()), *(cause.code for cause in all_causes())]
    return [*codes, *(failure.code for failure in all_failures())]


def _causes() -> Iterable[str]:
    from ..explain.catalogue import all_causes

    return [cause.code for cause in all_causes()]
