"""Changing a Dockerfile's text: edits applied, instructions put in or taken out, and the diff."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..errors import ImageError
from ..lint.diagnostic import Edit, Fix
from .model import Dockerfile, Instruction


def apply(text: str, edits: Iterable[Edit]) -> str:
    """`text` with all `edits` made. Their offsets are those of `text`.

    Edits that insert at the same place are made in the order given; the same edit given twice
    is made once. Raises ImageError when two overlap, or when one lies outside of the text.
    """
    ordered = sorted(dict.fromkeys(edits), key=lambda edit: (edit.start, edit.end))
    _refuse_overlaps(ordered, len(text))
    for edit in reversed(ordered):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def _refuse_overlaps(ordered: Sequence[Edit], length: int) -> None:
    done = 0
    for edit in ordered:
        if edit.start > edit.end or edit.end > length or edit.start < 0:
            raise ImageError(
                f"An edit of characters {edit.start} to {edit.end} lies outside of the text.",
                code="edit-conflict",
            )
        if edit.start < done:
            raise ImageError(
                "Two edits of the Dockerfile change the same characters.",
                hint="Apply one of them, then check again.",
                code="edit-conflict",
            )
        done = edit.end


def together(fixes: Iterable[Fix]) -> tuple[tuple[Fix, ...], tuple[Fix, ...]]:
    """Those of `fixes` that can be made at once (an earlier one has precedence), and the rest."""
    made: list[Fix] = []
    left: list[Fix] = []
    taken: list[Edit] = []
    for fix in fixes:
        new = [edit for edit in fix.edits if edit not in taken]
        if any(_clash(edit, other) for edit in new for other in taken):
            left.append(fix)
            continue
        made.append(fix)
        taken += new
    return tuple(made), tuple(left)


def _clash(one: Edit, other: Edit) -> bool:
    return one.start < other.end and other.start < one.end


def diff(before: str, after: str, name: str = "Dockerfile") -> str:
    """The change as a unified diff; empty when there is none. Line ends do not count."""
    from difflib import unified_diff

    old, new = (text.replace("\r\n", "\n").split("\n") for text in (before, after))
    return "\n".join(unified_diff(old, new, name, f"{name} (fixed)", lineterm=""))


def line_end(text: str) -> str:
    """The line end that the text uses."""
    return "\r\n" if "\r\n" in text else "\n"


def insert_before(dockerfile: Dockerfile, instruction: Instruction, text: str) -> Edit:
    """An edit that puts the line or lines `text` above an instruction and its comments.

    Comment lines that stand directly above the instruction stay with it.
    """
    first = dockerfile.line(instruction) - 1
    own = {dockerfile.position(comment.start)[0] - 1 for comment in dockerfile.comments}
    while first - 1 in own:
        first -= 1
    at = dockerfile.line_starts[first]
    if at == 0 and dockerfile.text.startswith("\ufeff"):
        at = 1
    return Edit(at, at, _lines(dockerfile, text) + line_end(dockerfile.text))


def insert_after(dockerfile: Dockerfile, instruction: Instruction, text: str) -> Edit:
    """An edit that puts the line or lines `text` below an instruction."""
    at = instruction.span.end
    return Edit(at, at, line_end(dockerfile.text) + _lines(dockerfile, text))


def remove(dockerfile: Dockerfile, instruction: Instruction) -> Edit:
    """An edit that takes an instruction out with its line end; comments above it stay."""
    start = dockerfile.line_starts[dockerfile.line(instruction) - 1]
    last, _ = dockerfile.position(max(instruction.span.start, instruction.span.end - 1))
    starts = dockerfile.line_starts
    end = starts[last] if last < len(starts) else len(dockerfile.text)
    return Edit(start, end, "")


def replace(instruction: Instruction, text: str) -> Edit:
    """An edit that writes `text` instead of an instruction."""
    return Edit(instruction.span.start, instruction.span.end, text)


def _lines(dockerfile: Dockerfile, text: str) -> str:
    return text.rstrip("\n").replace("\r\n", "\n").replace("\n", line_end(dockerfile.text))
