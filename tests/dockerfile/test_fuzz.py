"""Whatever text comes in: no crash, no hang, nothing lost."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_azureml_image.dockerfile import edits
from jupyter_azureml_image.dockerfile.evaluate import evaluate
from jupyter_azureml_image.dockerfile.facts import BaseFacts
from jupyter_azureml_image.dockerfile.landing import candidates, image_files
from jupyter_azureml_image.dockerfile.parse import parse
from tests.dockerfile.edges import EDGES
from tests.dockerfile.generated import SMALL_FILES, slips

ANY_TEXT = st.one_of(slips(), SMALL_FILES, st.sampled_from(EDGES), st.text(max_size=200))
FILES = ("a", "code/score.py", "my code/x", "requirements.txt")


@settings(max_examples=400)
@given(text=ANY_TEXT)
def test_any_text_can_be_read_evaluated_and_edited(text: str) -> None:
    dockerfile = parse(text)
    for fault in dockerfile.faults:
        assert 0 <= fault.span.start <= fault.span.end <= len(text)
        assert fault.message
    bases = {"a": BaseFacts(onbuild=("COPY . /x", "nonsense"), known_from="image")}
    facts = evaluate(dockerfile, bases=bases)
    assert set(facts.built) <= set(range(len(facts.stages)))
    image_files(facts, FILES)
    candidates(facts, "/var/azureml-app/score.py")
    for instruction in dockerfile.instructions:
        assert 0 <= instruction.span.start <= instruction.span.end <= len(text)
        edits.apply(text, [edits.remove(dockerfile, instruction)])
        edits.apply(text, [edits.insert_before(dockerfile, instruction, "USER x")])


@settings(max_examples=200)
@given(text=ANY_TEXT)
def test_a_line_put_above_an_instruction_changes_no_other(text: str) -> None:
    dockerfile = parse(text)
    if not dockerfile.instructions or dockerfile.faults:
        return
    last = dockerfile.instructions[-1]
    again = parse(edits.apply(text, [edits.insert_before(dockerfile, last, "LABEL x=y")]))
    kept = [(i.keyword, i.text) for i in dockerfile.instructions]
    assert [(i.keyword, i.text) for i in again.instructions if i.text != "x=y"] == kept


@pytest.mark.parametrize(
    "text",
    [
        "FROM x\nRUN " + "\\\n" * 20_000 + "a",
        "FROM x\nENV A=" + '"' * 20_001,
        "FROM x\nENV A=" + "\\" * 20_001,
        "FROM x\nENV A=" + "${A:-" * 400 + "}" * 400,
        "FROM x\nRUN <<" + "'" * 20_001,
        "FROM x\nCMD " + "[" * 20_000,
        "FROM x\nCOPY " + "--a='" * 10_000,
        "FROM x\n" + "RUN <<A\nx\nA\n" * 3_000,
        "FROM x\nENV A=a\n" + "ENV A=$A$A$A$A\n" * 100,
        "FROM x\n" + "ONBUILD " * 3_000 + "RUN x",
        "FROM x\nENV A=" + "a/" * 10_000 + "\nENV B=${A##*" + "*/" * 20 + "x}",
    ],
    ids=lambda text: text[7:20],
)
def test_hostile_text_is_read_in_time_that_grows_with_its_length(text: str) -> None:
    evaluate(parse(text))
