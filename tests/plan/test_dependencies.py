"""What is built once and built upon, for a builder that keeps no layers."""

import pytest

from jupyter_azureml_image.context.manifest import resolve_context
from jupyter_azureml_image.dockerfile.parse import parse
from jupyter_azureml_image.plan.dependencies import dependencies_of
from jupyter_azureml_image.plan.request import Recipe

TEXT = """\
ARG TAG=latest
FROM base:${TAG}
ARG INDEX
USER root:root
COPY requirements.txt /tmp/requirements.txt
RUN pip install -r /tmp/requirements.txt && \\
    rm /tmp/requirements.txt
USER dockeruser
COPY code /var/azureml-app
ENV AZUREML_ENTRY_SCRIPT=score.py
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "requirements.txt").write_text("six==1.17.0\n")
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "score.py").write_text("def init(): ...\n")
    return tmp_path


def split(folder, text=TEXT, base="sha256:1"):
    return dependencies_of(Recipe(text), resolve_context(folder), {"base:latest": base})


def test_the_part_before_the_code_is_built_once(folder):
    part = split(folder)
    assert part.recipe.text.splitlines()[-1].strip() == "rm /tmp/requirements.txt"
    assert [entry.path for entry in part.manifest.files] == ["requirements.txt"]
    assert part.lines == (7, 3)


def test_the_rest_is_built_upon_it_and_keeps_its_line_numbers(folder):
    rest = split(folder).rest(TEXT, "reg.example/iris@sha256:2")
    lines = rest.splitlines()
    assert lines[1] == "FROM reg.example/iris@sha256:2"
    assert lines[2] == "ARG INDEX"
    assert lines[3:7] == ["", "", "", ""]
    assert lines[7:] == TEXT.splitlines()[7:]
    assert parse(rest).faults == ()


def test_a_changed_script_does_not_change_it(folder):
    before = split(folder).tag
    (folder / "code" / "score.py").write_text("def init(): pass\n")
    assert split(folder).tag == before


@pytest.mark.parametrize("what", ["requirements", "base", "text"])
def test_what_it_is_made_of_changes_it(folder, what):
    before = split(folder).tag
    if what == "requirements":
        (folder / "requirements.txt").write_text("six==1.16.0\n")
    text = TEXT.replace("rm /tmp", "rm -f /tmp") if what == "text" else TEXT
    assert split(folder, text, "sha256:2" if what == "base" else "sha256:1").tag != before


@pytest.mark.parametrize(
    "text",
    [
        "FROM base\nCOPY code /app\nRUN pip install six\n",
        "FROM base\nRUN pip install six\n",
        "FROM a AS one\nRUN x\nFROM base\nRUN pip install six\nCOPY code /app\n",
        "FROM base\nCOPY . /app\nRUN pip install -r /app/requirements.txt\n",
        "FROM base\nUSER root\nCOPY code /app\n",
    ],
    ids=["code first", "nothing after", "two stages", "all copied at once", "nothing installed"],
)
def test_there_is_none_where_nothing_is_gained(folder, text):
    assert split(folder, text) is None


def test_a_command_before_the_code_ends_it(folder):
    part = split(folder, 'FROM base\nRUN one\nCMD ["a"]\nRUN two\nCOPY code /app\n')
    assert part.recipe.text == "FROM base\nRUN one\n"
