"""Writes docs/reference/ from the table of options: the magics, the command line, the settings.

`python -m tools.option_pages` writes; with `--check` it says what is out of date and ends with 1.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from jupyter_azureml_image import settings
from jupyter_azureml_image.options import CELL, VERBS, Command, Option
from jupyter_azureml_image.options.commands import COMMANDS, PROG

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"
MADE = "Made from the options themselves by `python -m tools.option_pages`."


def pages() -> dict[str, str]:
    """Every page by its name."""
    return {
        "azureml_dockerfile.md": _page("`%%azureml_dockerfile` and `%azureml_dockerfile`", [CELL]),
        "azureml_image.md": _page("`%azureml_image`", VERBS),
        "command-line.md": _page(f"`{PROG}`", COMMANDS),
        "settings.md": _settings(),
    }


def out_of_date() -> tuple[str, ...]:
    """The pages that differ from the options, or are missing."""
    return tuple(
        name
        for name, text in pages().items()
        if not (FOLDER / name).exists() or (FOLDER / name).read_text(encoding="utf-8") != text
    )


def _page(title: str, commands: list[Command] | tuple[Command, ...]) -> str:
    lines = [f"# {title}", "", MADE, ""]
    for command in commands:
        if len(commands) > 1:
            lines += [f"## {command.verb}", ""]
        lines += [*_command(command), ""]
    return "\n".join(lines).rstrip() + "\n"


def _command(command: Command) -> Iterator[str]:
    yield from (command.summary, "", "```text", command.usage, "```", "")
    for word in command.words:
        yield f"- `{word.metavar}`: {word.help}"
    if command.words:
        yield ""
    groups = list(dict.fromkeys(option.group for option in command.options))
    for group in groups:
        yield from [f"**{group}**", ""] if group else []
        yield from ("| option | meaning | default |", "|---|---|---|")
        yield from (_row(option) for option in command.options if option.group == group)
        yield ""


def _row(option: Option) -> str:
    flags = ", ".join(f"`{flag}`" for flag in option.flags)
    value = f" `{option.value}`" if option.value else ""
    many = " Repeatable." if option.many else ""
    return _cells(f"{flags}{value}", option.help + many, option.default)


def _settings() -> str:
    lines = [
        "# Settings",
        "",
        MADE,
        "",
        "What an option is when nobody gives it. The first that says something wins: the magic "
        "line (or keyword argument), `%config AzureMLImage.NAME = ...`, the environment variable, "
        "the nearest `pyproject.toml` above the context with a `[tool.jupyter_azureml_image]` "
        "table, the default. `%azureml_image settings` shows each value and where it came from.",
        "",
        "| setting | environment variable | meaning | default |",
        "|---|---|---|---|",
    ]
    lines += [
        _cells(f"`{s.name}`", f"`{s.variable}`", s.help, s.option.default)
        for s in settings.all_settings()
        if not s.of_machine
    ]
    lines += [
        "",
        "Of the machine, by environment variable only:",
        "",
        "| variable | meaning | default |",
        "|---|---|---|",
    ]
    lines += [
        _cells(f"`{s.variable}`", s.help, s.option.default)
        for s in settings.all_settings()
        if s.of_machine
    ]
    return "\n".join(lines) + "\n"


def _cells(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def main(arguments: list[str]) -> int:
    """Write the pages, or check them."""
    stale = out_of_date()
    if "--check" in arguments:
        for name in stale:
            print(f"docs/reference/{name} is out of date: run `python -m tools.option_pages`")
        return 1 if stale else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    made = pages()
    for name in stale:
        (FOLDER / name).write_text(made[name], encoding="utf-8")
    print(f"{len(made)} pages, {len(stale)} of them new or changed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
