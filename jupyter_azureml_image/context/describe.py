"""The context in words: what is sent, and what stayed behind because of which line."""

from __future__ import annotations

from pathlib import Path

from .gopath import escape
from .manifest import ContextManifest

_MOST = 20


def size_text(size: float) -> str:
    """A number of bytes as people read it: `812 bytes`, `1.4 kB`, `23 MB`, `1.2 GB`."""
    if size < 1000:
        return f"{size:.0f} byte{'' if size == 1 else 's'}"
    for unit in ("kB", "MB", "GB"):
        size /= 1000
        if size < 999.5 or unit == "GB":
            break
    return f"{size:.1f} {unit}" if size < 9.95 else f"{size:.0f} {unit}"


def sentence(manifest: ContextManifest) -> str:
    """One line: how much is sent, and from where."""
    count = len(manifest.files)
    files = f"{count} file{'' if count == 1 else 's'}, {size_text(manifest.size)}"
    return f"{files}, from {manifest.root}" if count else f"no file, from {manifest.root}"


def describe(manifest: ContextManifest, most: int = _MOST) -> tuple[str, ...]:
    """The listing of `--until context`: each part is cut after `most` lines, and says so."""
    lines = [f"Sent: {sentence(manifest)}"]
    if manifest.reach is not None:
        asked = ", ".join(manifest.reach) or "nothing"
        lines.append(f"The Dockerfile takes from it: {asked}")
    # In the order of the paths already, which sorting keeps among those of one size.
    shown = [entry for entry in manifest.entries if entry.kind != "directory"]
    shown.sort(key=lambda entry: -entry.size)
    for entry in shown[:most]:
        what = f"-> {entry.target}" if entry.kind == "link" else size_text(entry.size)
        lines.append(f"  {entry.path}  {what}")
    if rest := shown[most:]:
        total = size_text(sum(entry.size for entry in rest))
        lines.append(f"  ... and {len(rest)} smaller ones, {total} together")
    lines += _left_out(manifest, most)
    lines += [f"Not found in the context: {source}" for source in manifest.missing]
    lines += [f"Left out, no file: {path}" for path in manifest.skipped]
    return tuple(lines)


def _left_out(manifest: ContextManifest, most: int) -> list[str]:
    if manifest.ignore_file is None:
        return ["Left out: nothing (there is no .dockerignore)"]
    if not manifest.dropped:
        return [f"Left out: nothing (no line of {manifest.ignore_file} applies)"]
    lines = [f"Left out by {manifest.ignore_file}:"]
    by_rule: dict[tuple[int, str], list[str]] = {}
    for drop in manifest.dropped:
        by_rule.setdefault((drop.line, drop.rule), []).append(drop.path)
    for (line, rule), paths in sorted(by_rule.items())[:most]:
        more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
        lines.append(f"  line {line}  {rule}  {', '.join(paths[:3])}{more}")
    if len(by_rule) > most:
        lines.append(f"  ... and {len(by_rule) - most} more lines")
    return lines


def notebook_warning(manifest: ContextManifest, notebook: Path | None) -> str | None:
    """A warning where the running notebook itself would be sent, with the line to add.

    A notebook changes whenever it is saved, and each time everything that is built after
    the COPY that takes it is built anew.
    """
    if notebook is None or not notebook.resolve().is_relative_to(manifest.root):
        return None
    path = notebook.resolve().relative_to(manifest.root).as_posix()
    if not any(entry.path == path for entry in manifest.files):
        return None
    return (
        f"The running notebook {path} is part of the build context, so every save starts a new "
        f"build; add the line {escape(path)} to {manifest.ignore_file or '.dockerignore'}."
    )
