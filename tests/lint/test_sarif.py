"""SARIF 2.1.0, held to the published schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest

from benchmarks.check_planted import CONTEXTS
from benchmarks.check_planted import found as found_in
from jupyter_azureml_image.__main__ import main
from jupyter_azureml_image.dockerfile.parse import parse
from jupyter_azureml_image.lint.diagnostic import Diagnostic
from jupyter_azureml_image.lint.rule import all_rules
from jupyter_azureml_image.lint.sarif import as_sarif
from tests.lint.asking import BASE, found

TEXT = BASE + "RUN pip install \u2013r /tmp/r.txt\n"


@pytest.fixture(scope="module")
def schema() -> jsonschema.Draft4Validator:
    """The schema as it is published; its source stands beside it."""
    text = Path(__file__).with_name("sarif-2.1.0-rtm.5.json").read_text(encoding="utf-8")
    published = json.loads(text)
    jsonschema.Draft4Validator.check_schema(published)
    return jsonschema.Draft4Validator(published)


def complaints(schema: jsonschema.Draft4Validator, document: dict[str, Any]) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in schema.iter_errors(document)]


def test_the_findings_of_every_rules_example_are_valid(schema: jsonschema.Draft4Validator) -> None:
    texts = [rule.about.example.bad for rule in all_rules()]
    met = set()
    for text in texts:
        diagnostics = found(text)
        met |= {diagnostic.code for diagnostic in diagnostics}
        assert complaints(schema, as_sarif(diagnostics, parse(text))) == [], text
    assert len(met) > 60


def test_findings_on_real_contexts_are_valid(schema: jsonschema.Draft4Validator) -> None:
    for case in CONTEXTS:
        document = as_sarif(found_in(case), parse(case.text))
        assert complaints(schema, document) == []


@pytest.mark.parametrize("text", ["", "\n", "FROM", "\ufeffFROM <a b>", BASE + "RUN true \\", TEXT])
def test_a_text_with_faults_gives_a_valid_document(
    schema: jsonschema.Draft4Validator, text: str
) -> None:
    assert complaints(schema, as_sarif(found(text), parse(text))) == []


def test_no_finding_is_a_document_too(schema: jsonschema.Draft4Validator) -> None:
    document = as_sarif((), parse(BASE))
    assert complaints(schema, document) == []
    assert document["runs"][0]["results"] == []


def test_a_finding_of_hadolint_is_valid(schema: jsonschema.Draft4Validator) -> None:
    generic = (Diagnostic("DL3020", "warning", "Use COPY", 1, source="hadolint"),)
    assert complaints(schema, as_sarif(generic, parse(BASE))) == []


def test_the_schema_would_notice(schema: jsonschema.Draft4Validator) -> None:
    document = as_sarif(found(TEXT), parse(TEXT))
    document["runs"][0]["results"][0]["level"] = "info"
    document["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0
    assert len(complaints(schema, document)) == 2


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("docker/Dockerfile", "docker/Dockerfile"),
        ("./docker/Dockerfile", "docker/Dockerfile"),
        ("my image/Dockerfile", "my%20image/Dockerfile"),
        ("50%/Dockerfile", "50%25/Dockerfile"),
        ("a:b/Dockerfile", "a%3Ab/Dockerfile"),
        ("größe/Dockerfile", "gr%C3%B6%C3%9Fe/Dockerfile"),
        ("/srv/my image/Dockerfile", "file:///srv/my%20image/Dockerfile"),
    ],
)
def test_a_path_is_written_as_a_uri(path: str, uri: str) -> None:
    document = as_sarif(found(TEXT), parse(TEXT), path=path)
    result = document["runs"][0]["results"][0]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri
    assert result["fixes"][0]["artifactChanges"][0]["artifactLocation"]["uri"] == uri
    assert urlsplit(uri).path.endswith("Dockerfile")


def test_the_command_line_writes_it(
    schema: jsonschema.Draft4Validator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Dockerfile").write_text(TEXT, encoding="utf-8")
    assert main(["check", "Dockerfile", "--format", "sarif"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert complaints(schema, document) == []
    assert "AML001" in {result["ruleId"] for result in document["runs"][0]["results"]}
