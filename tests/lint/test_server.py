"""What the container starts, its routes, its workers."""

from __future__ import annotations

import pytest

from jupyter_azureml_image.lint.check import Definition, DeploymentWish, Plans
from jupyter_azureml_image.plan.request import Rehearsal, Routes
from tests.lint.asking import APP, BASE, SCORE, Around, codes, one

PYTHON = "FROM python:3.12-slim\n"


def routes(**given: object) -> Around:
    return Around(rehearsal=Rehearsal(routes=Routes(**given)))  # type: ignore[arg-type]  # test data


@pytest.mark.parametrize(
    "line",
    ['CMD ["python", "score.py"]', 'ENTRYPOINT ["bash"]', "CMD python score.py", 'CMD ["bash"]'],
)
def test_a_command_that_is_no_server_is_an_error(line: str) -> None:
    assert one("AML080", f"{BASE}{line}\n").severity == "error"


@pytest.mark.parametrize(
    "line",
    ['CMD ["uvicorn", "app:app", "--port", "5001"]', 'CMD ["/bin/sh", "entrypoint.sh"]'],
)
def test_a_command_that_may_be_a_server_is_a_warning(line: str) -> None:
    assert one("AML080", f"{BASE}{line}\n").severity == "warning"


@pytest.mark.parametrize(
    "line",
    [
        'CMD ["runsvdir", "/var/runit"]',
        'CMD [ "runsvdir", "/var/runit" ]',
        "CMD runsvdir /var/runit",
        'ENTRYPOINT ["sh", "-c", "prepare && exec runsvdir /var/runit"]',
        'ENTRYPOINT ["tini", "-g", "--"]\nCMD ["runsvdir", "/var/runit"]',
        'ENTRYPOINT ["/usr/bin/dumb-init"]\nCMD ["runsvdir", "/var/runit"]',
        'ENTRYPOINT ["/bin/bash", "-lc"]\nCMD ["runsvdir /var/runit"]',
        'ENTRYPOINT ["tini", "--", "env", "A=1"]\nCMD ["runsvdir", "/var/runit"]',
    ],
)
def test_a_command_that_ends_in_runsvdir_is_right(line: str) -> None:
    assert "AML080" not in codes(f"{BASE}{line}\n")


def test_a_script_of_the_context_that_ends_in_runsvdir_is_right() -> None:
    around = Around(files={"start.sh": "#!/bin/sh\nexec runsvdir /var/runit\n"})
    assert "AML080" not in codes(BASE + 'COPY start.sh /\nCMD ["/start.sh"]\n', around)


def test_routes_of_its_own_make_another_server_right() -> None:
    text = BASE + 'CMD ["python", "server.py"]\n'
    assert "AML080" not in codes(text, routes(port=8000, scoring="/predict"))


def test_another_base_may_start_what_it_likes() -> None:
    assert "AML080" not in codes(PYTHON + 'CMD ["python", "score.py"]\n')


def test_a_variable_in_exec_form_is_a_warning_unless_a_shell_runs_it() -> None:
    assert one("AML081", PYTHON + 'CMD ["serve", "$PORT"]\n').severity == "warning"
    assert "AML081" not in codes(PYTHON + 'CMD ["sh", "-c", "serve $PORT"]\n')
    assert "AML081" not in codes(PYTHON + "CMD serve $PORT\n")


@pytest.mark.parametrize(
    "line",
    [
        'CMD ["tini", "--", "sh", "-c", "serve $PORT"]',
        'ENTRYPOINT ["conda", "run", "-n", "app", "bash", "-c", "serve $PORT"]',
        'CMD ["gosu", "app", "ash", "-c", "serve $PORT"]',
        'CMD ["su", "app", "-c", "serve $PORT"]',
        'CMD ["pwsh", "-Command", "serve $env:PORT"]',
        'ENTRYPOINT ["/bin/bash", "-c"]\nCMD ["serve $PORT"]',
    ],
)
def test_a_shell_anywhere_before_the_variable_reads_it(line: str) -> None:
    assert "AML081" not in codes(f"{PYTHON}{line}\n")


def test_no_shell_reads_a_variable_of_its_own_call_or_behind_another_program() -> None:
    for line in ('["serve", "--shell", "sh.sh", "$PORT"]', '["$SHELL", "sh"]', '["tini", "$X"]'):
        assert "AML081" in codes(f"{PYTHON}CMD {line}\n")
    replaced = 'ENTRYPOINT ["sh", "-c"]\nENTRYPOINT ["serve"]\nCMD ["$PORT"]\n'
    assert "AML081" in codes(PYTHON + replaced)


def test_another_port_than_the_servers_is_an_error() -> None:
    assert one("AML082", BASE, routes(port=8080)).severity == "error"
    assert "AML082" not in codes(BASE)


def test_an_exposed_port_other_than_the_route_is_a_warning() -> None:
    text = PYTHON + 'EXPOSE 8000-8010\nCMD ["uvicorn", "app:app"]\n'
    assert one("AML082", text, routes(port=9000)).severity == "warning"
    assert "AML082" not in codes(text, routes(port=8005))


def test_a_route_without_its_first_slash_is_an_error() -> None:
    assert one("AML083", BASE, routes(scoring="score")).severity == "error"
    assert "AML083" not in codes(BASE)


def test_a_definition_with_two_routes_is_an_error() -> None:
    config = {"scoring_route": {"path": "/score", "port": 5001}}
    plans = Plans(definition=Definition(image="x", inference_config=config))
    assert "liveness_route and readiness_route" in one("AML083", BASE, Around(plans=plans)).message


def test_server_port_and_another_scoring_route_are_warnings() -> None:
    assert one("AML084", BASE + "ENV SERVER_PORT=8080\n").severity == "warning"
    assert one("AML084", BASE, routes(scoring="/predict")).severity == "warning"
    assert "AML084" not in codes(PYTHON + "ENV SERVER_PORT=8080\n")


def test_a_custom_server_without_expose_is_a_remark() -> None:
    text = PYTHON + 'CMD ["uvicorn", "app:app"]\n'
    assert one("AML085", text).severity == "info"
    assert "AML085" not in codes(PYTHON + 'EXPOSE 8000\nCMD ["uvicorn", "app:app"]\n')


def test_workers_that_load_a_big_model_are_a_warning() -> None:
    text = BASE + APP + "COPY model /m\nENV AZUREML_MODEL_DIR=/m WORKER_COUNT=4\n"
    around = Around(files={"code/score.py": SCORE, "model/big.bin": 2_000_000_000})
    assert "4 workers" in one("AML086", text, around).message
    small = Around(files={"code/score.py": SCORE, "model/small.bin": 2})
    assert "AML086" not in codes(text, small)


def test_concurrency_without_workers_is_a_warning() -> None:
    plans = Plans(deployment=DeploymentWish(max_concurrent_requests=8))
    assert "AML086" in codes(BASE, Around(plans=plans))
    assert "AML086" not in codes(BASE + "ENV WORKER_COUNT=8\n", Around(plans=plans))


def test_default_probes_are_short_for_packages_installed_at_start() -> None:
    text = BASE + "ENV AZUREML_EXTRA_REQUIREMENTS_TXT=requirements.txt\n"
    assert "AML087" in codes(text, Around(plans=Plans(deployment=DeploymentWish())))
    longer = Plans(deployment=DeploymentWish(probe_seconds=900))
    assert "AML087" not in codes(text, Around(plans=longer))


def test_a_custom_image_needs_routes_on_a_managed_endpoint() -> None:
    plans = Plans(definition=Definition(image="x"), deployment=DeploymentWish())
    assert one("AML115", PYTHON, Around(plans=plans)).severity == "error"
    assert "AML115" not in codes(BASE, Around(plans=plans))
