"""Writes docs/reference/causes.md from the catalogue of causes.

`python -m tools.cause_pages` writes; with `--check` it says whether it is out of date and ends
with 1 where it is.
"""

from __future__ import annotations

import sys
from pathlib import Path

from jupyter_azureml_image.explain.page import reference

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "causes.md"


def out_of_date() -> bool:
    """Whether the page differs from the causes, or is missing."""
    return not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != reference()


def main(arguments: list[str]) -> int:
    """Writes the page, or checks it."""
    stale = out_of_date()
    if "--check" in arguments:
        if stale:
            print("docs/reference/causes.md is out of date: run `python -m tools.cause_pages`")
        return int(stale)
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(reference(), encoding="utf-8")
    print("docs/reference/causes.md", "written" if stale else "was up to date")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
