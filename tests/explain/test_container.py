"""A container's log is told in the user's own words where there are any."""

from jupyter_azureml_image.explain.container import why_ended

SERVER = "/azureml-envs/minimal/lib/python3.12/site-packages/azureml_inference_server_http/server"


def traceback(*frames, error):
    lines = ["2026-11-21 23:45:02,593 E [14] azmlinfsrv - Traceback (most recent call last):"]
    for file, line in frames:
        lines += [f'  File "{file}", line {line}, in there', "    something()"]
    return [*lines, error]


def test_the_place_is_the_last_one_in_code_of_the_users_own():
    log = traceback(
        (f"{SERVER}/user_script.py", 119),
        ("/var/azureml-app/score.py", 4),
        ("/azureml-envs/minimal/lib/python3.12/json/decoder.py", 353),
        error="ValueError: bad row",
    )
    assert why_ended(log).text == "ValueError: bad row (score.py, line 4)"


def test_an_error_of_ones_own_that_is_not_known_has_no_remedy():
    reason = why_ended(traceback(("/var/azureml-app/score.py", 4), error="ValueError: bad row"))
    assert (reason.hint, reason.code) == (None, None)


def test_a_cause_that_stands_around_a_traceback_is_found_too():
    log = traceback(("<string>", 1), error="ModuleNotFoundError: No module named 'debugpy'")
    log.append("2026-11-21T23:46:01+00:00 | gunicorn/run | debugpy is missing")
    assert why_ended(log).code == "debugger-missing"
    log = traceback((f"{SERVER}/config.py", 77), error="json.decoder.JSONDecodeError: Expecting")
    log[1] = log[1].replace("there", "get_field_value")
    assert why_ended(log).code == "bad-config"


def test_what_was_said_before_the_traceback_is_not_its_cause():
    log = ["FileNotFoundError: [Errno 2] No such file or directory: '/tmp/cache'", "going on", ""]
    log += traceback(("/var/azureml-app/score.py", 4), error="ValueError: bad row")
    assert why_ended(log).code is None


def test_a_script_that_opens_another_one_failed_by_itself():
    error = "FileNotFoundError: [Errno 2] No such file or directory: '/var/azureml-app/other.py'"
    reason = why_ended(traceback(("/var/azureml-app/score.py", 4), error=error))
    assert reason.text.endswith("other.py' (score.py, line 4)")
    missing = why_ended(traceback((f"{SERVER}/user_script.py", 4), error=error))
    assert missing.text == "the entry script /var/azureml-app/other.py is not in the image"


def test_a_log_without_a_word_tells_nothing():
    assert why_ended([]) is None
    assert why_ended(["Healthy"], exit_code=111) is None
