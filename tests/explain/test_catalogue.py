"""Every cause is recognised by what was really said, and by nothing that another one says."""

import json
import re

import pytest

from jupyter_azureml_image.explain import catalogue
from jupyter_azureml_image.explain.catalogue import FOLDER, all_causes, all_signs, find_cause
from jupyter_azureml_image.explain.explain import explain, fits
from jupyter_azureml_image.wire import dump
from tools.cause_pages import out_of_date

SAMPLES = [
    pytest.param(cause, sample, where, id=f"{cause.code}-{number}-{where}")
    for cause in all_causes()
    for number, sample in enumerate(cause.samples)
    for where in cause.where
]


def said(sample, where):
    return explain(
        sample.lines, where=where, exit_code=sample.exit_code, instruction=sample.instruction
    )


@pytest.mark.parametrize(("cause", "sample", "where"), SAMPLES)
def test_a_cause_is_recognised_by_its_own_sample(cause, sample, where):
    told = said(sample, where)
    assert told.code == cause.code
    assert told.why == cause.why
    assert told.line is None or any(told.line in line for line in sample.lines)


@pytest.mark.parametrize(("cause", "sample", "where"), SAMPLES)
def test_a_sample_tells_of_no_other_cause(cause, sample, where):
    others = {
        signs.cause.code
        for signs in all_signs()
        if fits(signs, sample.lines, where, sample.instruction)
        and any(pattern.search(line) for pattern in signs.patterns for line in sample.lines)
        and not signs.cause.general
    }
    assert others <= {cause.code}


@pytest.mark.parametrize(("cause", "sample", "where"), SAMPLES)
def test_sentence_and_action_are_filled_and_end_as_sentences(cause, sample, where):
    told = said(sample, where)
    for text in (told.sentence, told.action, told.why):
        assert not re.search(r"\{\w+(\|[^}]*)?\}", text)
        assert "  " not in text
        assert text[-1] in ".)…'"
        assert "''" not in text, "a name was not found in the log"
    assert told.hint.endswith(f"\n%azureml_image explain {cause.code}")


def test_there_are_causes_enough_for_every_place():
    assert len(all_causes()) >= 25
    assert {where for cause in all_causes() for where in cause.where} == {
        "build",
        "rehearse",
        "push",
        "azure",
    }


def test_a_file_holds_the_cause_of_its_name_and_nothing_unknown():
    for file in FOLDER.iterdir():
        written = json.loads(file.read_text(encoding="utf-8"))
        cause = find_cause(file.stem)
        assert cause.code == file.stem == written["code"]
        assert written.keys() <= dump(cause).keys()
        assert cause.samples
        assert cause.source
        assert cause.patterns or cause.exit_codes


def test_the_files_are_read_only_when_something_failed():
    catalogue.all_causes.cache_clear()
    catalogue.all_signs.cache_clear()
    assert catalogue.all_causes.cache_info().currsize == 0
    explain(["anything"], where="build")
    assert catalogue.all_signs.cache_info().currsize == 1


def test_the_reference_page_is_up_to_date():
    assert not out_of_date(), "run `python -m tools.cause_pages`"
