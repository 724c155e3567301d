"""Writes docs/rules/ from the rules themselves: one page per rule, and the index.

`python -m tools.rule_pages` writes; with `--check` it says what is out of date and ends with 1.
"""

from __future__ import annotations

import sys
from pathlib import Path

from jupyter_azureml_image.lint.explain import index, page
from jupyter_azureml_image.lint.rule import all_rules
from tools import page_samples as samples

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "rules"


def pages() -> dict[str, str]:
    """Every file of the folder by its name."""
    made = {f"{rule.about.code}.md": page(rule) for rule in all_rules()}
    return made | {"index.md": index(), "samples.md": samples.page()}


def out_of_date() -> tuple[str, ...]:
    """The files that differ from the rules, are missing, or belong to no rule."""
    made = pages()
    there = {p.name: p.read_text(encoding="utf-8") for p in FOLDER.glob("*.md")}
    return tuple(sorted(n for n in made.keys() | there.keys() if made.get(n) != there.get(n)))


def main(arguments: list[str]) -> int:
    """Writes the pages, or checks them."""
    stale = out_of_date()
    if "--check" in arguments:
        for name in stale:
            print(f"docs/rules/{name} is out of date: run `python -m tools.rule_pages`")
        return 1 if stale else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    made = pages()
    for name in stale:
        if name in made:
            (FOLDER / name).write_text(made[name], encoding="utf-8")
        else:
            (FOLDER / name).unlink()
    print(f"{len(made)} pages, {len(stale)} of them new or changed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
