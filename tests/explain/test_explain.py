"""What was said last is matched; what is not known stays unknown."""

import pytest

from jupyter_azureml_image.explain.explain import explain


def test_an_unknown_cause_is_none():
    assert explain(["make: *** [all] Error 2"], where="build", exit_code=2) is None
    assert explain([], where="rehearse") is None
    assert explain([""], where="azure", exit_code=1) is None


def test_what_was_said_last_counts():
    lines = ["/bin/sh: 1: git: not found", "going on", "/bin/sh: 1: wget: not found", "bye"]
    told = explain(lines, where="build", exit_code=127)
    assert told.sentence == "The command wget is not in the image at this point."
    assert told.line == "/bin/sh: 1: wget: not found"


def test_a_line_tells_more_than_the_exit_code():
    assert explain(["?"], where="build", exit_code=137).code == "out-of-memory"
    lines = ["write /x: no space left on device"]
    assert explain(lines, where="build", exit_code=137).code == "no-space"


def test_the_exit_code_alone_has_no_line():
    told = explain([], where="build", exit_code=139)
    assert told.code == "crashed"
    assert told.line is None


def test_a_general_cause_speaks_where_no_other_does():
    general = "E [1] azmlinfsrv - User's init function failed"
    assert explain([general], where="rehearse").code == "init-raised"
    special = "PermissionError: [Errno 13] Permission denied: '/etc/x'"
    assert explain([special, general], where="rehearse").code == "not-writable"


def test_a_cause_is_looked_for_only_where_it_can_be():
    line = "runsv nginx: fatal: unable to open supervise/lock: file does not exist"
    assert explain([line], where="rehearse").code == "wrong-user"
    assert explain([line], where="build") is None


def test_the_instruction_tells_missing_lists_from_a_missing_package():
    lines = ["E: Unable to locate package libgl1"]

    def code(instruction):
        return explain(lines, where="build", instruction=instruction).code

    assert code("RUN apt-get install -y libgl1") == "apt-lists-missing"
    assert code("RUN apt-get -qq update && apt-get install -y libgl1") == "apt-package-not-found"
    assert code(None) == "apt-package-not-found"


def test_a_base_is_named_with_its_registry():
    told = explain(
        ["unauthorized"], where="build", instruction="FROM --platform=linux/amd64 my.azurecr.io/b:1"
    )
    assert "'my.azurecr.io/b:1'" in told.sentence
    assert "az acr login --name my'" in told.action


@pytest.mark.parametrize(
    ("module", "package"), [("sklearn", "scikit-learn"), ("cv2", "opencv-python-headless")]
)
def test_a_module_is_installed_by_its_packages_name(module, package):
    told = explain([f"ModuleNotFoundError: No module named '{module}.x'"], where="rehearse")
    assert told.sentence == f"The module {module} is not in the serving Python."
    assert f"RUN pip install {package} " in told.action


def test_braces_and_long_values_in_a_log_are_taken_as_they_are():
    told = explain(["No matching distribution found for {x}"], where="build")
    assert "has {x} for" in told.sentence
    told = explain(["No matching distribution found for " + "x" * 900], where="build")
    assert len(told.sentence) < 300


def test_a_sentence_can_be_the_second_half_of_another():
    told = explain(["exec format error"], where="build")
    assert told.clause.startswith("the programs are for another processor")
    assert not told.clause.endswith(".")
    told = explain(["x | debugpy is missing"], where="rehearse")
    assert told.clause.startswith("AZUREML_DEBUG_PORT is set")


def test_several_lines_in_one_are_read_one_by_one():
    told = explain(["ERROR: x\nexec format error\nafter"], where="build")
    assert told.line == "exec format error"
