"""What can be known of the front end; the only place that asks."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def has_kernel(shell: InteractiveShell) -> bool:
    """Whether output goes to a front end that takes HTML and updates, not to a terminal."""
    return getattr(shell, "kernel", None) is not None


def is_live(shell: InteractiveShell) -> bool:
    """Whether someone sits in front of it who can get a cell replaced. nbclient and papermill
    show neither mark; VS Code leaves its own."""
    if not has_kernel(shell):
        return hasattr(shell, "prompts")  # a terminal, which fills in the next prompt
    return (
        "cellId" in _request_metadata(shell)
        or "JPY_SESSION_NAME" in os.environ
        or "__vsc_ipynb_file__" in shell.user_ns
    )


def notebook(names: Mapping[str, Any]) -> str | None:
    """The running notebook's path, where the front end tells it."""
    for told in (names.get("__vsc_ipynb_file__"), os.environ.get("JPY_SESSION_NAME")):
        if told and str(told).endswith(".ipynb") and Path(told).is_file():
            return str(Path(told).absolute())
    return None


def _request_metadata(shell: InteractiveShell) -> Mapping[str, Any]:
    kernel: Any = getattr(shell, "kernel", None)
    parent = kernel.get_parent("shell") if hasattr(kernel, "get_parent") else {}
    found: Mapping[str, Any] = (parent or {}).get("metadata") or {}
    return found
