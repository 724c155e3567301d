"""What is copied and what is sent."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_azureml_image.build.ports import Abilities
from jupyter_azureml_image.context.manifest import resolve_context
from jupyter_azureml_image.dockerfile.evaluate import evaluate
from jupyter_azureml_image.dockerfile.parse import parse
from jupyter_azureml_image.lint.check import CheckInput, check
from tests.lint.asking import AZUREML, BASE, SCORE, Around, codes, fixed, one

QUICK = Abilities("acr", "acr-quick", "ACR Tasks", ("heredoc",))
FILES = Around(files={"code/score.py": "", "model/m.pkl": 10, "requirements.txt": ""})


def test_a_missing_source_is_an_error_with_its_place_and_a_guess() -> None:
    finding = one("AML050", BASE + "COPY modle /var/azureml-app/azureml-models\n", FILES)
    assert (finding.severity, finding.line, finding.column) == ("error", 2, 6)
    assert finding.message.endswith("in the build context; did you mean model?")
    assert finding.fixes[0].edits[0].text == "model"
    assert not finding.fixes[0].certain


def test_a_missing_source_with_nothing_like_it_gets_no_guess() -> None:
    finding = one("AML050", BASE + "COPY weights.bin /opt/\n", FILES)
    assert finding.message == "COPY weights.bin: no such file or folder in the build context"
    assert finding.fixes == ()


@pytest.mark.parametrize(
    "line",
    ["COPY code model /x/", "COPY code/*.py /x/", "COPY . /x", "COPY ./code/ /x/", "COPY cod[e] /x",
     "ADD https://example.org/a.txt /x/", "COPY --from=debian:12 /etc/passwd /x", "COPY $WHAT /x",
     "COPY <<EOF /x\nhello\nEOF", "COPY ../code /x", "COPY /code /x", "COPY {{what}} /x"],
)  # fmt: skip
def test_sources_that_exist_or_come_from_elsewhere_are_left_alone(line: str) -> None:
    assert "AML050" not in codes(f"{BASE}{line}\n", FILES)


def test_a_source_above_the_context_is_explained() -> None:
    assert "nothing above" in one("AML050", BASE + "COPY ../data /x\n", FILES).message


def test_a_pattern_in_a_folder_that_is_missing_is_an_error_even_beside_others() -> None:
    for line in ("COPY data/*.csv /x/\n", "COPY code data/*.csv /x/\n"):
        finding = one("AML050", BASE + line, FILES)
        assert (finding.severity, "nothing matches" in finding.message) == ("error", True)


@pytest.mark.parametrize(
    "line",
    ["COPY requirements.txt poetry.lock* ./", "COPY code/*.txt model/*.pkl /x/",
     "COPY lock* <<E /x/\na\nE", "ADD lock* https://example.org/a /x/", "COPY lock* $WHAT /x/"],
)  # fmt: skip
def test_a_pattern_that_matches_nothing_is_optional_beside_another_source(line: str) -> None:
    for builder in (None, QUICK):
        around = replace(FILES, abilities=builder)
        assert "AML050" not in codes(f"{BASE}{line}\n", around)


def test_a_pattern_that_matches_nothing_hides_no_other_missing_source() -> None:
    finding = one("AML050", BASE + "COPY gone.txt lock* /x/\n", FILES)
    assert finding.message.startswith("COPY gone.txt")


@pytest.mark.parametrize(
    ("source", "there"),
    [
        ("code/[^a]*.py", True),
        ("code/[!s]*.py", True),  # to Go "!" is a letter like any other
        ("code/[^s]*.py", False),
        ("code/[[]score.py", False),
        ("code/*", True),
    ],
)
def test_patterns_bring_what_the_builder_would_bring(source: str, there: bool) -> None:
    text = f"{BASE}COPY {source} /var/azureml-app/\nENV AZUREML_ENTRY_SCRIPT=score.py\n"
    around = Around(files={"code/score.py": SCORE, "code/other.txt": "x", "code/aa.py": "x = 1\n"})
    assert ("AML060" not in codes(text, around)) is there


def test_a_pattern_by_itself_that_matches_nothing_stops_only_the_classic_builder() -> None:
    text = BASE + "COPY code/*.csv /x/\n"
    finding = one("AML050", text, FILES)
    assert finding.severity == "warning"
    assert finding.message.endswith("nothing is copied, and a builder without BuildKit stops here")
    assert one("AML050", text, replace(FILES, abilities=AZUREML)).severity == "warning"
    assert one("AML050", text, replace(FILES, abilities=QUICK)).severity == "error"


def test_an_optional_source_leaves_the_other_rules_their_say() -> None:
    optional = BASE + "COPY requirements.txt lock* /tmp/\n"
    assert "AML055" in codes(optional + "RUN pip install -r /opt/requirements.txt\n", FILES)
    nowhere = "ENV AZUREML_MODEL_DIR=/var/azureml-app/m\n"
    assert one("AML070", optional + nowhere, FILES).severity == "error"
    script = "COPY code/*.sh model /var/azureml-app/\nENV AZUREML_ENTRY_SCRIPT=score.py\n"
    assert "AML060" in codes(optional + script, FILES)


def test_an_ignored_source_names_the_rule_and_its_line() -> None:
    around = Around(files={"a": ""}, dropped=("data/",), ignore_file="/context/.dockerignore")
    finding = one("AML050", BASE + "COPY data/train.csv /x/\n", around)
    assert "line 1 of .dockerignore" in finding.message
    assert "CopyIgnoredFile" not in codes(BASE + "COPY data /x/\n", around)


def test_without_a_manifest_nothing_is_said_about_sources() -> None:
    assert "AML050" not in codes(BASE + "COPY nothing /x\n")


def test_a_stage_that_is_not_built_needs_no_files() -> None:
    text = f"FROM debian:12 AS unused\nCOPY nothing /x\n{BASE}"
    assert "AML050" not in codes(text, FILES)


UPLOAD = {"model/m.pkl": 10, "code/score.py": "", ".gitignore": "*.pkl\n"}


def test_gitignore_takes_the_model_from_an_upload_of_azure_ml() -> None:
    text = BASE + "COPY model /var/azureml-app/azureml-models\n"
    finding = one("AML051", text, Around(files=UPLOAD, abilities=AZUREML))
    assert finding.severity == "error"
    assert ".gitignore (*.pkl)" in finding.message
    assert "AML051" not in codes(text, Around(files=UPLOAD))


def test_amlignore_comes_before_gitignore() -> None:
    files = {**UPLOAD, ".amlignore": "*.ipynb\n"}
    text = BASE + "COPY model /var/azureml-app/azureml-models\n"
    assert "AML051" not in codes(text, Around(files=files, abilities=AZUREML))


@pytest.mark.parametrize(
    ("rules", "gone"),
    [("model/\n", True), ("/model\n", True), ("m.pkl\n", True), ("**/m.pkl\n", True),
     ("*.pkl\n!m.pkl\n", False), ("model/*\n!model/m.pkl\n", False), ("code\n", False),
     ("mod?l\n", True), ("[m]odel\n", True), ("# model\n", False)],
)  # fmt: skip
def test_the_upload_reads_gitignore_as_git_does(rules: str, gone: bool) -> None:
    around = Around(files={**UPLOAD, ".gitignore": rules}, abilities=AZUREML)
    assert ("AML051" in codes(BASE + "COPY model /x\n", around)) is gone


def test_copying_everything_without_an_ignore_file_is_a_warning_where_it_weighs() -> None:
    text = BASE + "COPY . /var/azureml-app\n"
    assert one("AML052", text, FILES).severity == "info"
    assert "bytes" in one("AML052", text, FILES).message
    heavy = one("AML052", text, Around(files={"model.bin": 2_000_000}))
    assert (heavy.severity, "2.0 MB" in heavy.message) == ("warning", True)
    hidden = one("AML052", text, Around(files={"score.py": "", ".git/HEAD": "", "a/.env": "x"}))
    assert hidden.severity == "warning"
    assert "with .env and .git" in hidden.message
    ignored = Around(files={"code/a.py": ""}, ignore_file=".dockerignore")
    assert "AML052" not in codes(BASE + "COPY . /var/azureml-app\n", ignored)
    assert "AML052" not in codes(BASE + "COPY code /var/azureml-app\n", FILES)


def test_a_big_context_without_an_ignore_file_is_a_warning() -> None:
    around = Around(files={"data/a.bin": 60_000_000})
    assert "60 MB" in one("AML052", BASE + "COPY data /data\n", around).message


def test_an_empty_folder_matters_only_for_an_upload() -> None:
    around = Around(files={"cache/": "", "code/a.py": ""}, abilities=AZUREML)
    assert one("AML053", BASE + "COPY cache /x\n", around).severity == "warning"
    assert "AML053" not in codes(BASE + "COPY code /x\n", around)
    assert "AML053" not in codes(BASE + "COPY cache /x\n", Around(files={"cache/": ""}))


def test_a_missing_first_slash_is_put_there() -> None:
    text = BASE + "COPY code var/azureml-app\n"
    assert one("AML054", text).severity == "warning"
    assert fixed(text) == BASE + "COPY code /var/azureml-app\n"


def test_a_relative_destination_after_workdir_is_left_alone() -> None:
    assert "AML054" not in codes(BASE + "WORKDIR /app\nCOPY code .\n")
    assert "AML054" not in codes("FROM debian:12\nCOPY code app\n")


def test_a_relative_model_folder_is_a_warning() -> None:
    text = BASE + "COPY model /var/azureml-app/m\nENV AZUREML_MODEL_DIR=var/azureml-app/m\n"
    assert "AML054" in codes(text)
    assert "AZUREML_MODEL_DIR=/var/azureml-app/m" in fixed(text)


def test_a_real_folder_with_ignore_rules_and_links_is_read_as_the_builder_does(
    tmp_path: Path,
) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "score.py").write_text("x")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a").write_text("x")
    (tmp_path / "linked").symlink_to("code")
    (tmp_path / ".dockerignore").write_text("# rules\ndata\n")
    lines = ("code", "linked/score.py", "code/*.py", "../code", "data/a", "data", "Code")
    caught = {}
    for source in lines:
        dockerfile = parse(f"{BASE}COPY {source} /x/\n")
        reach = evaluate(dockerfile).context_sources
        asked = CheckInput(dockerfile, manifest=resolve_context(tmp_path, reach=reach))
        caught[source] = [d.message for d in check(asked) if d.code == "AML050"]
    assert [s for s in lines if caught[s]] == ["data/a", "data", "Code"]
    assert "line 2 of .dockerignore (data)" in caught["data/a"][0]


def test_an_optional_pattern_beside_a_real_folder_is_no_finding(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    dockerfile = parse(f"{BASE}COPY pyproject.toml poetry.lock* ./\n")
    reach = evaluate(dockerfile).context_sources
    asked = CheckInput(dockerfile, manifest=resolve_context(tmp_path, reach=reach))
    assert "AML050" not in {d.code for d in check(asked)}


PARENTS = "# syntax=docker/dockerfile:1.20\n" + BASE
MODEL = "ENV AZUREML_MODEL_DIR=/var/azureml-app/model\n"


@pytest.mark.parametrize(
    "lines",
    ["COPY --parents model /var/azureml-app/\n" + MODEL,
     "COPY --parents ./model/m.pkl /var/azureml-app\n" + MODEL,
     "COPY --parents model/*.pkl /var/azureml-app/\n" + MODEL,
     "COPY --parents ./code/./score.py ./model /var/azureml-app/\n" + MODEL
     + "ENV AZUREML_ENTRY_SCRIPT=score.py\n",
     "COPY --parents code/score.py /var/azureml-app/\nENV AZUREML_ENTRY_SCRIPT=code/score.py\n",
     "COPY --parents **/score.py /var/azureml-app/\nENV AZUREML_ENTRY_SCRIPT=code/score.py\n"],
)  # fmt: skip
def test_files_that_keep_their_folders_are_found_where_they_lie(lines: str) -> None:
    around = replace(FILES, files={**(FILES.files or {}), "code/score.py": SCORE})
    assert not {"AML050", "AML060", "AML070"} & codes(PARENTS + lines, around)
    assert not {"AML060", "AML070"} & codes(PARENTS + lines)


def test_a_folder_that_is_kept_is_one_more_folder_on_the_way() -> None:
    lines = "COPY --parents code/score.py /var/azureml-app/\nENV AZUREML_ENTRY_SCRIPT=score.py\n"
    assert "COPY puts code/score.py there" in one("AML060", PARENTS + lines, FILES).message


def test_a_kept_model_folder_may_be_the_one_that_is_named_where_the_files_are_not_known() -> None:
    named = "ENV AZUREML_MODEL_DIR=/var/models/model\n"
    assert "AML070" not in codes(PARENTS + "COPY --parents model /var/models/\n" + named)
    assert "AML070" in codes(PARENTS + "COPY model /var/models/\n" + named)
