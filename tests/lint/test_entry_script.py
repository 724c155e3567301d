"""The entry script: where it is, what it defines, what it imports."""

from __future__ import annotations

import pytest

from jupyter_azureml_image.plan.request import Mounts, Rehearsal
from tests.lint.asking import APP, BASE, SCORE, Around, codes, one

TEXT = BASE + APP


def with_script(script: str, **more: str) -> Around:
    return Around(files={"code/score.py": script, **more})


def test_a_script_that_lands_there_is_right() -> None:
    assert not {"AML060", "AML061", "AML069"} & codes(TEXT, with_script(SCORE))


def test_a_script_that_is_not_there_names_what_is() -> None:
    around = Around(files={"code/main.py": SCORE})
    finding = one("AML060", TEXT, around)
    assert finding.severity == "error"
    assert finding.line == 3
    assert "main.py" in finding.message
    assert finding.fixes[0].edits[0].text == "main.py"


@pytest.mark.parametrize(
    "lines",
    [
        "RUN mv /var/azureml-app/main.py /var/azureml-app/score.py\n",
        "COPY --from=debian:12 /x /var/azureml-app/\n",
        "RUN git clone https://example.org/x /var/azureml-app/x\n",
        "ENV AZUREML_ENTRY_SCRIPT=$SCRIPT\n",
    ],
)
def test_a_script_that_may_come_from_elsewhere_is_no_error(lines: str) -> None:
    assert "AML060" not in codes(TEXT + lines, Around(files={"code/main.py": SCORE}))


def test_a_change_of_owner_makes_no_script() -> None:
    lines = "USER root\nRUN chown -R dockeruser /var/azureml-app && ls\nUSER dockeruser\n"
    assert "AML060" in codes(TEXT + lines, Around(files={"code/main.py": SCORE}))


def test_a_script_is_not_missed_where_the_copy_is_missing() -> None:
    found = codes(TEXT, Around(files={"src/score.py": SCORE}))
    assert "AML050" in found


def test_without_a_manifest_nothing_is_said_of_the_script() -> None:
    assert "AML060" not in codes(TEXT)


def test_an_absolute_entry_script_is_found_too() -> None:
    text = BASE + "COPY code /app\nENV AZUREML_ENTRY_SCRIPT=/app/score.py\n"
    assert "AML060" not in codes(text, with_script(SCORE))


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("def init():\n    pass\n", "score.py has no run()"),
        ("def run(data):\n    pass\n", "score.py has no init()"),
        ("x = 1\n", "score.py has no init() and no run()"),
        ("def init(:\n", "score.py is not valid Python"),
    ],
)
def test_missing_functions_and_broken_python_are_errors(script: str, said: str) -> None:
    finding = one("AML061", TEXT, with_script(script))
    assert finding.severity == "error"
    assert said in finding.message


@pytest.mark.parametrize(
    "script",
    [
        "from mine import init, run\n",
        "from mine import *\n",
        "init = lambda: None\nrun = print\n",
        "try:\n    from fast import run\nexcept ImportError:\n    def run(data): ...\n"
        "def init(): ...\n",
        "if True:\n    def init(): ...\n    def run(data): ...\n",
        "globals()['run'] = print\ndef init(): ...\n",
    ],
)
def test_every_way_to_define_them_counts(script: str) -> None:
    assert "AML061" not in codes(TEXT, with_script(script, **{"code/mine.py": ""}))


@pytest.mark.parametrize("parameters", ["*args", "**data", "data, /", "", "request_headers"])
def test_a_run_that_the_server_cannot_call_is_an_error(parameters: str) -> None:
    script = f"def init(): ...\ndef run({parameters}): ...\n"
    assert one("AML062", TEXT, with_script(script)).severity == "error"


@pytest.mark.parametrize(
    "parameters", ["data", "data, request_headers", "*, data", "a, b=1", "self"]
)
def test_a_run_that_the_server_can_call_is_right(parameters: str) -> None:
    script = f"def init(): ...\ndef run({parameters}): ...\n"
    assert "AML062" not in codes(TEXT, with_script(script))


def test_an_unknown_decorator_may_change_the_signature() -> None:
    script = "from mine import deco\ndef init(): ...\n@deco\ndef run(*args): ...\n"
    assert "AML062" not in codes(TEXT, with_script(script))


def test_an_async_run_is_an_error() -> None:
    script = "def init(): ...\nasync def run(data): ...\n"
    assert one("AML063", TEXT, with_script(script)).severity == "error"
    assert "AML063" not in codes(TEXT, with_script(SCORE))


def test_rawhttp_and_a_schema_exclude_each_other() -> None:
    both = "def init(): ...\n@rawhttp\n@input_schema('d', x)\ndef run(d): ...\n"
    assert one("AML064", TEXT, with_script(both)).severity == "error"
    assert "AML064" not in codes(TEXT, with_script(both.replace("@rawhttp\n", "")))


def test_contrib_services_is_a_warning() -> None:
    script = "from azureml.contrib.services.aml_request import AMLRequest\n" + SCORE
    assert one("AML065", TEXT, with_script(script)).severity == "warning"
    assert "AML065" not in codes(TEXT, with_script(SCORE))


def test_the_sdk_v1_is_a_warning() -> None:
    script = "from azureml.core.model import Model\n" + SCORE
    assert "line 1" in one("AML066", TEXT, with_script(script)).message
    assert "AML066" not in codes(TEXT, with_script("import azureml.ai.monitoring\n" + SCORE))


def test_a_package_that_nothing_provides_is_an_error() -> None:
    finding = one("AML067", TEXT, with_script("import sklearn.linear_model\n" + SCORE))
    assert finding.severity == "error"
    assert "provides sklearn" in finding.message


@pytest.mark.parametrize(
    ("lines", "script"),
    [
        ("RUN pip install scikit-learn==1.6.1\n", "import sklearn"),
        ("RUN pip install scikit-learn==1.6.1\n", "import scipy, numpy, joblib"),
        ("RUN pip install something-big==1\n", "import torch"),
        ("RUN pip install -r /tmp/unknown.txt\n", "import torch"),
        ("RUN pip install ./mine\n", "import torch"),
        ("ENV PYTHONPATH=/opt/x\n", "import torch"),
        ("", "import os, json, numpy, joblib, azure.identity, flask, pydantic"),
        ("", "from helper import x"),
        ("", "import package.module"),
        ("", "import never_heard_of"),
        ("", "try:\n    import torch\nexcept ImportError:\n    torch = None"),
        ("", "def later():\n    import torch"),
    ],
)
def test_modules_that_are_there_or_may_be_there_are_left_alone(lines: str, script: str) -> None:
    files = {"code/helper.py": "", "code/package/__init__.py": ""}
    assert "AML067" not in codes(BASE + lines + APP, with_script(f"{script}\n{SCORE}", **files))


def test_an_import_inside_init_counts() -> None:
    script = "def init():\n    import torch\n\n\ndef run(data):\n    return data\n"
    assert "AML067" in codes(TEXT, with_script(script))


def test_the_requirements_of_the_context_count() -> None:
    text = BASE + "COPY requirements.txt /tmp/\nRUN pip install -r /tmp/requirements.txt\n" + APP
    around = with_script("import torch\n" + SCORE, **{"requirements.txt": "torch==2.6.0\n"})
    assert "AML067" not in codes(text, around)
    without = with_script("import torch\n" + SCORE, **{"requirements.txt": "numpy==2.2.3\n"})
    assert "AML067" in codes(text, without)


def test_a_config_json_that_is_a_list_would_stop_the_server() -> None:
    around = with_script(SCORE, **{"code/config.json": "[1, 2]"})
    assert one("AML068", TEXT, around).severity == "warning"
    fine = with_script(SCORE, **{"code/config.json": '{"model": 1}'})
    assert "AML068" not in codes(TEXT, fine)


def test_code_without_an_entry_script_is_remarked_with_the_likely_name() -> None:
    finding = one("AML069", BASE + "COPY code /var/azureml-app\n", with_script(SCORE))
    assert finding.severity == "info"
    assert "AZUREML_ENTRY_SCRIPT=score.py" in finding.fixes[0].edits[0].text
    main = Around(files={"code/main.py": SCORE})
    assert "AML069" not in codes(BASE + "COPY code /var/azureml-app\n", main)


def test_writing_beside_the_code_is_a_warning() -> None:
    script = SCORE + "\n\nopen('state.json', 'w').write('x')\n"
    assert "line 9" in one("AML025", TEXT, with_script(script)).message
    assert "AML025" not in codes(TEXT, with_script(script.replace("state", "/tmp/state")))
    assert "AML025" not in codes(TEXT, with_script(script.replace("'w'", "'r'")))


@pytest.mark.parametrize(
    ("line", "caught"),
    [
        ("df.to_csv('out.csv')", True),
        ("df.to_csv('/tmp/out.csv')", False),
        ("os.makedirs('/var/azureml-app/cache')", True),
        ("joblib.dump(model, 'again.pkl')", True),
        ("json.dump(data, handle)", False),
        ("open(os.path.join('/var/azureml-app', 'x'), 'a')", True),
        ("Path('log.txt').write_text('x')", True),
    ],
)
def test_other_ways_to_write_are_known(line: str, caught: bool) -> None:
    script = f"def init(): ...\ndef run(data):\n    {line}\n"
    assert ("AML025" in codes(TEXT, with_script(script))) is caught


def test_a_mounted_script_is_read_as_well() -> None:
    mounts = Mounts(code="/context/src", scoring_script="score.py")
    around = Around(files={"src/score.py": "x = 1\n"}, rehearsal=Rehearsal(mounts=mounts))
    assert one("AML061", BASE, around).severity == "error"
