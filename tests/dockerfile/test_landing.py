"""Where the files of the context come to lie in the image."""

from __future__ import annotations

import pytest

from jupyter_azureml_image.dockerfile.evaluate import evaluate
from jupyter_azureml_image.dockerfile.facts import Facts
from jupyter_azureml_image.dockerfile.landing import candidates, context_file, image_files
from jupyter_azureml_image.dockerfile.parse import parse
from tests.dockerfile.buildkit import BuildKit

FILES = (
    "score.py",
    "code/score.py",
    "code/lib/util.py",
    "code/[x].txt",
    "models/a/model.pkl",
    "models/b/model.pkl",
    "my docs/read me.md",
    "one.txt",
    "two.txt",
)

COPIES = """FROM scratch AS one
COPY code /src
COPY *.txt /texts/
FROM one AS two
WORKDIR /w
COPY . all
COPY code code2/
COPY score.py there.py
COPY score.py here/
COPY score.py one.txt ./
COPY code/lib/*.py util/
COPY models/* merged/
COPY ["my docs", "/docs"]
COPY code/[[]x].txt odd/
COPY o?e.tx[s-u] q
COPY models/a /deep/a
COPY score.py /deep
FROM scratch
COPY --from=one /src/lib /from/one
COPY --from=1 /w/there.py /docs/ /from/two/
COPY code/ /app
COPY score.py /app/
COPY code/score.py /app/score.py
"""


def facts(text: str) -> Facts:
    return evaluate(parse(text))


@pytest.mark.parametrize("target", ["two", None])
def test_files_lie_where_the_real_build_puts_them(
    modern_engine_host: str, target: str | None
) -> None:
    text = COPIES if target is None else COPIES[: COPIES.rindex("FROM scratch")]
    context = {name: f"this is {name}" for name in FILES}
    built = BuildKit(modern_engine_host).files(text, context)
    expected = image_files(facts(text), (*FILES, "Dockerfile"))
    assert {
        path: content.removeprefix("this is ")
        for path, content in built.items()
        if content.startswith("this is ")
    } == {path: name for path, name in expected.items() if name != "Dockerfile"}


def test_the_entry_script_is_found_through_the_code_folder() -> None:
    text = "FROM x\nCOPY code /var/azureml-app\nENV AZUREML_ENTRY_SCRIPT=score.py\n"
    assert context_file(facts(text), "/var/azureml-app/score.py", FILES) == "code/score.py"
    assert context_file(facts(text), "/var/azureml-app/lib/util.py", FILES) == "code/lib/util.py"
    assert context_file(facts(text), "/var/azureml-app/main.py", FILES) is None


def test_a_later_copy_to_the_same_place_wins() -> None:
    text = "FROM x\nCOPY code /app/\nCOPY score.py /app/score.py\n"
    assert context_file(facts(text), "/app/score.py", FILES) == "score.py"


def test_folders_are_kept_with_parents() -> None:
    text = "FROM x\nCOPY --parents models/a /m/\nCOPY --parents code/./lib/*.py /c/\n"
    assert image_files(facts(text), FILES) == {
        "/m/models/a/model.pkl": "models/a/model.pkl",
        "/c/lib/util.py": "code/lib/util.py",
    }
    root = image_files(facts("FROM x\nCOPY --parents /./models/a ././code/lib /m/\n"), FILES)
    assert set(root) == {"/m/models/a/model.pkl", "/m/code/lib/util.py"}


def test_without_the_files_every_source_that_could_lie_there_is_named() -> None:
    text = (
        "FROM x AS one\nCOPY code /src/\nFROM x\nCOPY --from=one /src /app\n"
        "COPY other /app/\nCOPY main.py /app/score.py\nCOPY <<E /app/score.py\nE\n"
    )
    found = candidates(facts(text), "/app/score.py")
    assert [(each.path, each.instruction) for each in found] == [
        (None, 6),
        ("main.py", 5),
        ("other/score.py", 4),
        ("code/score.py", 1),
    ]
    assert candidates(facts(text), "/elsewhere/score.py") == ()
