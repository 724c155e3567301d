"""What the sandbox says when it cannot go on."""

from __future__ import annotations


class SandboxError(Exception):
    """A sentence for the person who started the sandbox: what happened, and what to do next."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    def __str__(self) -> str:
        text = super().__str__()
        return f"{text}\n  {self.hint}" if self.hint else text
