"""Every code that an error of this package can carry is explained."""

import ast
import re
from pathlib import Path

import pytest

import jupyter_azureml_image
from jupyter_azureml_image import errors
from jupyter_azureml_image.explain.catalogue import find_cause
from jupyter_azureml_image.explain.failures import all_failures, find_failure
from jupyter_azureml_image.explain.page import meaning

PACKAGE = Path(jupyter_azureml_image.__file__).parent


def _calls():
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield node


def raised_codes():
    """The codes of the classes, and those that are given where an error is made."""
    found = {c.code for c in vars(errors).values() if isinstance(c, type) and hasattr(c, "code")}
    for call in _calls():
        for word in call.keywords:
            if word.arg == "code" and isinstance(word.value, ast.Constant):
                found.add(word.value.value)
    return {code for code in found if re.fullmatch(r"[a-z]+(-[a-z]+)*", str(code))}


@pytest.mark.parametrize("code", sorted(raised_codes()))
def test_the_code_of_an_error_has_a_page(code):
    assert meaning(code).startswith(f"{code}: ")


def test_no_page_is_for_a_code_that_nothing_raises():
    codes = [failure.code for failure in all_failures()]
    assert codes == sorted(set(codes))
    assert not [code for code in codes if find_cause(code)]
    assert set(codes) <= raised_codes() | {"run-failed"}


def test_a_network_that_lets_a_part_through_is_explained():
    assert find_failure("Blocked") is not None
    assert "--build local" in meaning("blocked")
