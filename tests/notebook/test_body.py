"""The cell body is the Dockerfile, byte for byte, whatever IPython does with cells."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_azureml_image.notebook import cells

Seen = list[cells.Cell]


@pytest.fixture
def run(shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], cells.Cell]:
    """Runs a cell and gives what reached the magic."""
    seen: Seen = []
    monkeypatch.setattr(cells, "run", lambda shell, cell: seen.append(cell))

    def ran(source: str) -> cells.Cell:
        shell.run_cell(source).raise_error()
        return seen.pop()

    return ran


BODIES = {
    "plain": "FROM x\nRUN y\n",
    "carriage returns": "FROM x\r\n \t\r\nRUN y\r\n",
    "leading blank lines": "\n\n  \nFROM x\n",
    "lines of blanks": "FROM x\nRUN <<E\n   \n\t\nE\n",
    "prompts in a heredoc": "RUN <<E python\n>>> 1\n... 2\nIn [1]: x\nE\n",
    "non-breaking space": "FROM\u00a0x\nRUN a\u00a0b\n",
    "odd line separators": "FROM x\nRUN 'a\x0bb\x0cc\u2028d\x85e'\n",
    "quotes and backslashes": "RUN \"a\\n'b'\" \\\n  && '''c''' \"\"\"d\"\"\"\n",
    "braces and dollars": 'RUN echo ${V} {name} $name {{x}} !ls ?a ["a", "{b}"]\n',
    "magics and questions": "%time\n%%bash\n!ls\nfoo?\n",
    "indentation": "    FROM x\n  RUN y\n",
    "byte order mark": "\ufeffFROM x\n",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_the_body_arrives_as_it_was_written(run: Callable[[str], cells.Cell], body: str) -> None:
    cell = run(f"%%azureml_dockerfile env --until check\n{body}")
    assert cell.body == body
    assert cell.line == "env --until check"


def test_a_last_line_without_an_end_gets_one_as_every_cell_does(
    run: Callable[[str], cells.Cell],
) -> None:
    assert run("%%azureml_dockerfile env\nFROM x").body == "FROM x\n"


def test_blank_lines_above_and_a_carriage_return_behind_the_magic_do_no_harm(
    run: Callable[[str], cells.Cell],
) -> None:
    cell = run("\n\n%%azureml_dockerfile env  \r\nFROM x\r\n")
    assert (cell.line, cell.body) == ("env", "FROM x\r\n")


def test_the_line_is_not_expanded_by_ipython(run: Callable[[str], cells.Cell]) -> None:
    assert run("V = 3\n%azureml_dockerfile e --target {V} --build-arg A=$V").line == (
        "e --target {V} --build-arg A=$V"
    )


def test_an_empty_body_is_the_line_form(run: Callable[[str], cells.Cell]) -> None:
    cell = run("%%azureml_dockerfile env --file F\n  \n")
    assert (cell.line, cell.body) == ("env --file F", None)


def test_other_cells_are_left_to_ipython(shell: InteractiveShell) -> None:
    assert shell.transform_cell("    a = 1\n    b = 2\n") == "a = 1\nb = 2\n"
    assert "run_cell_magic('bash'" in shell.transform_cell("%%bash\nls\n")
    assert shell.transform_cell("# a\nb = 2\n%time\n").startswith("# a\nb = 2\nget_ipython()")
    assert "pinfo" in shell.transform_cell("%%azureml_dockerfile?\n")


def test_a_terminal_waits_for_the_blank_line_that_ends_a_cell(shell: InteractiveShell) -> None:
    check = shell.input_transformer_manager.check_complete
    assert check("%%azureml_dockerfile env\nFROM x")[0] == "incomplete"
