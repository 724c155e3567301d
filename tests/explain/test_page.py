"""`explain CODE` knows findings and causes alike."""

import pytest

from jupyter_azureml_image.errors import BadUsage
from jupyter_azureml_image.explain.page import meaning, reference


def test_a_cause_is_told_with_why_what_to_do_and_an_example():
    text = meaning("apt-not-root")
    assert text.startswith("apt-not-root: apt without root (while the image is built)\n")
    assert "end as dockeruser" in text
    assert "Put 'USER root' before this instruction" in text
    assert "    RUN apt-get update && apt-get install -y curl\n" in text
    assert "    (exit code 100)" in text


def test_the_names_in_a_sentence_are_words_in_capitals():
    assert "The module MODULE is not in the serving Python." in meaning("Module-Missing")


def test_a_finding_is_told_too():
    assert meaning("AML001").startswith("AML001: ")


def test_a_code_of_neither_is_refused_with_the_nearest():
    with pytest.raises(
        BadUsage, match="no cause of a failure has the code 'apt-no-root'"
    ) as raised:
        meaning("apt-no-root")
    assert raised.value.hint == "Did you mean apt-not-root?"


def test_the_reference_names_every_cause_once():
    text = reference()
    assert text.count("\n## apt-not-root\n") == 1
    assert "](#apt-not-root)" in text
