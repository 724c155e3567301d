"""The cause stands lines above the end of the log, and some errors are harmless."""

import pytest

from jupyter_azureml_image.rehearse.container import State
from jupyter_azureml_image.rehearse.diagnosis import cause, of_exit

DIED = State(running=False, exit_code=111)
SITE = "/azureml-envs/minimal/lib/python3.12/site-packages"
WRAPPED = f"""
The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "{SITE}/azureml_inference_server_http/server/aml_blueprint.py", line 91, in setup
    self.user_script.load_script(config.app_root)
azureml_inference_server_http.server.user_script.UserScriptImportException: Failed to import

2026-11-21 23:13:05,556 I [14] gunicorn.error - Worker exiting (pid: 14)
2026-11-21 23:13:05,717 E [9] gunicorn.error - Reason: Worker failed to boot.
2026-11-21T23:13:05,775163039+00:00 - gunicorn/finish 3 0
2026-11-21T23:13:05,776410035+00:00 - Exit code 3 is not normal. Killing image.
"""
HARMLESS = f"""\
2026-11-21 23:13:23,162 E [14] azmlinfsrv.trace - Error while fetching model IDs
Traceback (most recent call last):
  File "{SITE}/azureml_inference_server_http/server/appinsights_client.py", line 230, in _get
    versions = [int(version) for version in os.listdir(x)]
NotADirectoryError: [Errno 20] Not a directory: '/tmp/m/model.txt'
2026-11-21 23:13:22,877 W [14] azmlinfsrv - Found extra keys in the config file that are not ok
Extra keys = ['AZUREML_ENTRY_SCRIPT', 'HOSTNAME']
"""


def raised(error, script="/var/azureml-app/sub/score.py", line=7):
    return f"""\
2026-11-21 23:13:07,356 E [15] azmlinfsrv - Encountered Exception Traceback (most recent call last):
  File "{SITE}/azureml_inference_server_http/server/user_script.py", line 119, in invoke_init
    self._user_init()
  File "{script}", line {line}, in init
    something()
    ^^^^^^^^^^^
  File "{SITE}/other/thing.py", line 1, in deep
{error}
"""


def found(text, state=DIED):
    return cause(text.splitlines(), state)


def test_the_error_is_the_users_own_and_not_the_servers_wrapper():
    told = found(HARMLESS + raised("RuntimeError: boom") + WRAPPED)
    assert told.text == "RuntimeError: boom (score.py, line 7)"


def test_harmless_errors_are_no_cause():
    assert found(HARMLESS) is None


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        ("ModuleNotFoundError: No module named 'sklearn.linear'", "RUN pip install scikit-learn"),
        ("ModuleNotFoundError: No module named 'torch'", "RUN pip install torch"),
        (
            "ImportError: libGL.so.1: cannot open shared object file: No such file or directory",
            "opencv-python-headless",
        ),
        (
            "ImportError: libgomp.so.1: cannot open shared object file: No such file or directory",
            "holds libgomp.so.1 with apt-get",
        ),
    ],
)
def test_an_import_that_fails_has_its_remedy(error, remedy):
    assert remedy in found(raised(error) + WRAPPED).hint


def test_an_error_of_the_servers_own_is_told_without_its_module_path():
    text = f"""\
2026-11-21 23:13:09,427 E [15] azmlinfsrv - Traceback (most recent call last):
  File "{SITE}/azureml_inference_server_http/server/user_script.py", line 90, in load_script
    raise UserScriptError(f"no run")
azureml_inference_server_http.server.user_script.UserScriptError: User script has no run().
"""
    assert found(text).text == "UserScriptError: User script has no run()"


def test_the_latest_of_several_errors_counts():
    text = (
        raised("ValueError: first") + "2026 I [1] azmlinfsrv - more\n" + raised("ValueError: last")
    )
    assert found(text, None).text == "ValueError: last (score.py, line 7)"


def test_a_log_that_is_cut_in_a_traceback_is_read_to_its_end():
    assert found("Traceback (most recent call last):\n  File") is None


@pytest.mark.parametrize(
    ("code", "words"),
    [(95, "could not be installed"), (98, "AZUREML_EXTRA_CONDA_YAML"), (100, "is missing")],
)
def test_the_start_scripts_own_codes_have_words(code, words):
    assert words in found(f"2026-11-21T23:13:05 - gunicorn/finish {code} 0\n").text


def test_memory_and_an_end_without_a_word_are_told():
    assert "lack of memory" in found("", State(False, 137, out_of_memory=True)).text
    assert found("") is None
    assert of_exit(State(False, 0), ("/bin/bash",)).text == "its command (/bin/bash) ended at once"
    assert of_exit(State(False, 2), ()).text == "it ended with exit code 2"
