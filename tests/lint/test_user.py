"""USER: apt as dockeruser, no way back, other users, packages in a home."""

from __future__ import annotations

import pytest

from jupyter_azureml_image.dockerfile.parse import parse
from tests.lint.asking import BASE, CURATED, codes, fixed, found, one

APT = (
    "RUN apt-get update && apt-get install -y --no-install-recommends curl && "
    "rm -rf /var/lib/apt/lists/*\n"
)


def test_apt_as_dockeruser_is_put_between_two_switches() -> None:
    finding = one("AML021", BASE + APT)
    assert finding.severity == "error"
    assert "apt-get update needs root" in finding.message
    assert fixed(BASE + APT) == f"{BASE}USER root:root\n{APT}USER dockeruser\n"


def test_neighbouring_steps_share_one_pair_of_switches() -> None:
    text = BASE + APT + APT.replace("curl", "wget") + "COPY a /tmp/\n"
    after = fixed(text)
    assert after.count("USER root:root") == after.count("USER dockeruser") == 1
    assert after.endswith("USER dockeruser\nCOPY a /tmp/\n")


@pytest.mark.parametrize(
    "run",
    [
        "useradd --create-home me",
        "dpkg -i /tmp/a.deb",
        "chown root /usr/bin/x",
        "mkdir /opt/mine",
    ],
)
def test_other_steps_of_root_are_caught(run: str) -> None:
    assert one("AML021", f"{BASE}RUN {run}\n").severity == "error"


@pytest.mark.parametrize(
    "run",
    [
        "apt-get update || true",
        "sudo apt-get update",
        "apt-get --version",
        "mkdir -p /var/azureml-app/models",
        "mkdir /tmp/x /home/dockeruser/y",
        "chown dockeruser /tmp/x",
        "chown $USER /x",
        "echo apt-get update",
    ],
)
def test_what_may_work_as_dockeruser_is_left_alone(run: str) -> None:
    assert "AML021" not in codes(f"{BASE}RUN {run}\n")


def test_a_folder_that_was_made_before_as_root_is_no_error() -> None:
    text = BASE + "USER root\nRUN mkdir /opt/mine\nUSER dockeruser\nRUN mkdir -p /opt/mine/data\n"
    assert "AML021" not in codes(text)


def test_apt_on_a_base_whose_user_is_unknown_is_left_alone() -> None:
    assert "AML021" not in codes("FROM example.org/mine:1\n" + APT)


def test_apt_after_an_explicit_user_is_caught_on_any_base() -> None:
    assert "AML021" in codes("FROM debian:12\nUSER app\n" + APT)


def test_root_without_a_way_back_is_a_warning_with_a_certain_fix() -> None:
    text = BASE + "USER root:root\n" + APT + "COPY code /var/azureml-app\n"
    assert one("AML020", text).severity == "warning"
    assert (
        fixed(text)
        == BASE + "USER root:root\n" + APT + "USER dockeruser\nCOPY code /var/azureml-app\n"
    )


@pytest.mark.parametrize("user", ["root", "0", "root:root", "0:0"])
def test_every_way_to_write_root_is_known(user: str) -> None:
    assert "AML020" in codes(f"{BASE}USER {user}\n")


def test_training_images_may_end_as_root() -> None:
    text = "FROM mcr.microsoft.com/azureml/openmpi5.0-ubuntu24.04:latest\nUSER root\nRUN true\n"
    assert "AML020" not in codes(text)


def test_root_in_a_build_stage_does_not_count() -> None:
    text = f"FROM debian:12 AS made\nUSER root\nRUN true\n{BASE}COPY --from=made /a /tmp/\n"
    assert "AML020" not in codes(text)


def test_another_final_user_serves_nothing() -> None:
    assert one("AML022", BASE + "USER app\n").severity == "error"


@pytest.mark.parametrize(
    "lines",
    [
        "USER root\nRUN chown -R app /var/runit /var/log\nUSER app\n",
        "USER dockeruser\n",
        "ARG WHO\nUSER $WHO\n",
    ],
)
def test_a_user_with_the_folders_or_an_unknown_one_is_no_error(lines: str) -> None:
    assert "AML022" not in codes(BASE + lines)


def test_a_numeric_user_may_be_dockeruser() -> None:
    assert one("AML022", BASE + "USER 1000\n").severity == "warning"


def test_pip_as_dockeruser_is_a_warning_where_root_owns_the_python() -> None:
    assert one("AML023", CURATED + "RUN pip install numpy==2.2.3\n").severity == "warning"
    assert one("AML023", BASE + "RUN pip install numpy==2.2.3\n").severity == "info"


@pytest.mark.parametrize(
    "run",
    ["pip install --user numpy==2.2.3", "pip install --target /tmp/x numpy==2.2.3", "pip list"],
)
def test_pip_elsewhere_is_accepted(run: str) -> None:
    assert "AML023" not in codes(f"{CURATED}RUN {run}\n")


def test_packages_of_dockeruser_are_lost_for_root() -> None:
    text = CURATED + "RUN pip install numpy==2.2.3\nUSER root\n"
    assert one("AML024", text).severity == "error"
    assert "AML023" not in codes(text)
    assert [d.code for d in found(fixed(text)) if d.severity == "error"] == []


def test_packages_of_root_are_found_by_everybody() -> None:
    text = CURATED + "USER root\nRUN pip install numpy==2.2.3\nUSER dockeruser\n"
    assert not {"AML023", "AML024"} & codes(text)


def test_root_comes_before_a_comment_that_leaves_a_finding_of_the_step_out() -> None:
    note = "# azureml-image: ignore=AML032\n# hadolint ignore=DL3008\n"
    run = "RUN apt-get update && apt-get install -y --no-install-recommends curl\n"
    text = BASE + "# the client\n" + note + run
    assert fixed(text) == (
        f"{BASE}# the client\nUSER root:root\n{note}{run.rstrip()}\nUSER dockeruser\n"
    )
    assert "AML032" not in codes(fixed(text))


@pytest.mark.parametrize("last", [" \\\n", " \\", " \\\n    # the end\n\n", " \\\n\n"])
def test_a_file_that_ends_in_an_open_line_gets_its_switch_as_an_instruction(last: str) -> None:
    text = BASE + "USER root\nRUN true" + last
    after = parse(fixed(text))
    assert [i.keyword for i in after.instructions] == ["FROM", "USER", "RUN", "USER"]
    assert [i.text for i in after.instructions[2:]] == ["true", "dockeruser"]
