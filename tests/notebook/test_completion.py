"""Completion: what fits at the cursor, and only in cells that are ours."""

from __future__ import annotations

from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_azureml_image.notebook.suggest import Suggestions, World, suggest
from jupyter_azureml_image.options import VERBS

BASE = "mcr.microsoft.com/azureml/minimal-py312-inference"
WORLD = World(
    names=lambda: ("my-env", "other"),
    runs=lambda: ("1a2b", "3c4d"),
    bases=lambda start: [name for name in (BASE,) if name.startswith(start)],
    codes=lambda: ("AML001", "AML002"),
)


def at_end(text: str, world: World = WORLD) -> Suggestions:
    """The suggestions with the cursor behind the text."""
    lines = text.split("\n")
    found = suggest(text, len(lines) - 1, len(lines[-1]), world)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("%%azureml_dockerfile ", ("my-env", "other")),
        ("%%azureml_dockerfile my", ("my-env",)),
        ("%%azureml_dockerfile x --un", ("--until",)),
        ("%azureml_dockerfile x --fi", ("--file", "--fix")),
        ("%%azureml_dockerfile x --until re", ("rehearse", "register")),
        ("%%azureml_dockerfile x --until=p", ("plan", "push")),
        ("%%azureml_dockerfile x --build a", ("auto", "acr", "azureml")),
        ("%%azureml_dockerfile x --ignore AML001,AML", ("AML001", "AML002")),
        ("%azureml_image at", ("attach",)),
        ("%azureml_image attach ", ("1a2b", "3c4d")),
        ("%azureml_image deploy my-env --end", ("--endpoint",)),
        ("%azureml_image workspace --credential m", ("managed",)),
        ("%azureml_image explain AML002", ("AML002",)),
        ("%%azureml_dockerfile x\nFR", ("FROM",)),
        ("%%azureml_dockerfile x\nwo", ("WORKDIR",)),
        ("%%azureml_dockerfile x\nFROM mcr.mic", (BASE,)),
        ("%%azureml_dockerfile x\nFROM --platform=linux/amd64 mcr", (BASE,)),
        ("%%azureml_dockerfile x\nFROM a AS one\nFROM b as two\nCOPY --from=", ("one", "two")),
        ("%%azureml_dockerfile x\nFROM a AS one\nFROM o", ("one",)),
        ("\n\n%%azureml_dockerfile x\nENTR", ("ENTRYPOINT",)),
    ],
)
def test_what_fits_is_offered(text: str, words: tuple[str, ...]) -> None:
    assert at_end(text).words == words


def test_every_verb_is_offered() -> None:
    assert at_end("%azureml_image ").words == tuple(command.verb for command in VERBS)


def test_paths_of_the_context_follow_copy(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "score.py").touch()
    (tmp_path / ".hidden").touch()
    world = World(str(tmp_path))
    assert at_end("%%azureml_dockerfile x\nCOPY ", world).words == ("src/",)
    assert at_end("%%azureml_dockerfile x\nCOPY --chown=u src/sc", world).words == ("src/score.py",)
    assert at_end("%%azureml_dockerfile x --file src/", world).words == ("src/score.py",)
    assert at_end("%%azureml_dockerfile x\nCOPY nowhere/", world).words == ()


def test_the_fragment_is_what_is_replaced() -> None:
    assert at_end("%%azureml_dockerfile x --until=reg").fragment == "reg"
    assert at_end("%%azureml_dockerfile x\nfro").fragment == "fro"


@pytest.mark.parametrize("text", ["print(1)", "%%bash\nFROM ", "%timeit x --un", "FROM "])
def test_other_cells_are_not_ours(text: str) -> None:
    lines = text.split("\n")
    assert suggest(text, len(lines) - 1, len(lines[-1]), WORLD) is None


def completions(shell: InteractiveShell, text: str) -> list[str]:
    from IPython.core.completer import provisionalcompleter

    with provisionalcompleter():
        return [c.text for c in shell.Completer.completions(text, len(text))]


def test_ipython_offers_our_words_and_no_others(shell: InteractiveShell) -> None:
    assert completions(shell, "%%azureml_dockerfile x --unt") == ["--until"]
    assert completions(shell, "%%azureml_dockerfile x\nFROM x\nRU") == ["RUN"]
    assert completions(shell, "%azureml_image doc") == ["doctor"]


def test_a_line_of_ours_below_others_is_completed_too(shell: InteractiveShell) -> None:
    load = "%load_ext jupyter_azureml_image\n"
    assert completions(shell, f"{load}%azureml_image doc") == ["doctor"]
    assert completions(shell, f"{load}x = 1\n%azureml_dockerfile x --unt") == ["--until"]


def test_base_images_come_from_the_catalog(shell: InteractiveShell) -> None:
    assert BASE in completions(shell, f"%%azureml_dockerfile x\nFROM {BASE[:-6]}")


def test_every_code_that_can_be_explained_is_offered(shell: InteractiveShell) -> None:
    for code in ("AML002", "apt-network", "blocked"):
        assert code in completions(shell, f"%azureml_image explain {code[:-2]}")


def test_after_unloading_nothing_is_offered(shell: InteractiveShell) -> None:
    shell.run_line_magic("unload_ext", "jupyter_azureml_image")
    assert "--until" not in completions(shell, "%%azureml_dockerfile x --unt")
    shell.run_line_magic("load_ext", "jupyter_azureml_image")
