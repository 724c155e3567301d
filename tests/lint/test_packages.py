"""apt, pip and conda."""

from __future__ import annotations

import pytest

from tests.lint.asking import BASE, CURATED, Around, codes, fixed, one

ROOT = BASE + "USER root\n"
END = "USER dockeruser\n"


def root(run: str) -> str:
    return f"{ROOT}RUN {run}\n{END}"


CLEAN = (
    "apt-get update && apt-get install -y --no-install-recommends curl && "
    "rm -rf /var/lib/apt/lists/*"
)


@pytest.mark.parametrize(
    ("code", "run"),
    [
        ("AML030", CLEAN.replace("apt-get update && ", "")),
        ("AML031", CLEAN.replace("-y ", "")),
        ("AML032", CLEAN.replace(" && rm -rf /var/lib/apt/lists/*", "")),
    ],
)
def test_each_of_the_three_habits_of_apt_is_missed_and_mended(code: str, run: str) -> None:
    assert code in codes(root(run))
    assert code not in codes(fixed(root(run)))
    assert not {"AML030", "AML031", "AML032", "AML033"} & codes(root(CLEAN))


@pytest.mark.parametrize("option", ["-y", "-qy", "-yq", "--yes", "--assume-yes", "-qq", "-yqq"])
def test_every_way_to_say_yes_is_known(option: str) -> None:
    assert "AML031" not in codes(root(CLEAN.replace("-y", option)))


@pytest.mark.parametrize("order", ["apt-get -y install curl", "apt-get -qq -y install curl"])
def test_options_may_stand_before_install(order: str) -> None:
    assert "AML031" not in codes(root(f"apt-get update && {order}"))


def test_a_cache_mount_needs_no_cleaning() -> None:
    run = "--mount=type=cache,target=/var/lib/apt apt-get update && apt-get install -y curl"
    assert "AML032" not in codes(root(run))


def test_lists_of_a_build_stage_do_not_matter() -> None:
    text = f"FROM debian:12 AS made\nRUN apt-get update && apt-get install -y curl\n{BASE}"
    assert "AML032" not in codes(text)


def test_a_local_package_needs_no_index() -> None:
    assert "AML030" not in codes(root("apt-get install -y ./mine.deb"))


@pytest.mark.parametrize("shell", ["bash -", "sh", "sudo -E bash -"])
def test_a_script_from_outside_may_have_updated_the_index(shell: str) -> None:
    run = f"curl -fsSL https://example.org/setup | {shell} && apt-get install -y x"
    assert "AML030" not in codes(root(run))
    assert "AML030" in codes(root(f"apt-get install -y x && {run}"))


def test_the_cleaning_keeps_the_layout_of_a_long_run() -> None:
    run = "apt-get update && \\\n    apt-get install -y --no-install-recommends \\\n    curl"
    expected = run + " && \\\n    rm -rf /var/lib/apt/lists/*"
    assert fixed(root(run)) == root(expected)


@pytest.mark.parametrize(
    ("run", "mended"),
    [
        ("apt-get install -y {} # tools", "apt-get install -y {} && rm -rf {} # tools"),
        ("apt-get install -y {} ;", "apt-get install -y {} && rm -rf {} ;"),
        (
            "true && \\\n    apt-get install -y {} # tools",
            "true && \\\n    apt-get install -y {} && \\\n    rm -rf {} # tools",
        ),
    ],
)
def test_the_cleaning_stands_before_a_comment_of_the_shell_and_a_last_semicolon(
    run: str, mended: str
) -> None:
    packages = "--no-install-recommends curl"
    before = root("apt-get update && " + run.format(packages))
    after = root("apt-get update && " + mended.format(packages, "/var/lib/apt/lists/*"))
    assert fixed(before) == after


def test_a_run_that_ends_in_the_background_is_not_mended() -> None:
    run = CLEAN.replace("&& rm -rf /var/lib/apt/lists/*", "&")
    assert fixed(root(run)) == root(run)


@pytest.mark.parametrize(
    "cleaning",
    [
        "rm -rf /var/lib/apt /tmp/*",
        "rm -rf /var/lib/apt/",
        "rm -rf /var/cache/apt/* /var/lib/apt/*",
        "rm -rf /var/lib/{apt,cache,log}/",
        "rm -rf /var/lib/{cache,apt}",
        "cd /var/lib/apt && rm -rf lists/*",
        "find /var/lib/apt -type f -delete",
    ],
)
def test_every_way_to_take_the_lists_away_is_known(cleaning: str) -> None:
    assert "AML032" not in codes(root(CLEAN.replace("rm -rf /var/lib/apt/lists/*", cleaning)))


def test_what_only_resembles_the_folder_of_the_lists_takes_nothing_away() -> None:
    for cleaning in ("ls /var/lib/aptitude", "rm -rf /var/lib/apt/periodic"):
        run = CLEAN.replace("rm -rf /var/lib/apt/lists/*", cleaning)
        assert "AML032" in codes(root(run))


def test_python_opencv_moves_from_apt_to_pip() -> None:
    run = CLEAN.replace("curl", "libpng-tools python3-opencv")
    assert one("AML034", root(run)).severity == "warning"
    after = fixed(root(run))
    assert "python3-opencv" not in after
    assert "RUN pip install --no-cache-dir opencv-python-headless==" in after
    assert after.index("opencv-python-headless") < after.index("USER dockeruser")


def test_a_package_alone_on_its_line_takes_its_line_along() -> None:
    run = (
        "apt-get update && \\\n    apt-get install -y --no-install-recommends \\\n"
        "    python3-opencv \\\n    curl && \\\n    rm -rf /var/lib/apt/lists/*"
    )
    assert "recommends \\\n    curl && \\\n" in fixed(root(run))


@pytest.mark.parametrize("name", ["python3-pip", "python3-dev", "python3.12-dev", "libpython3-dev"])
def test_tools_of_the_system_python_are_left_alone(name: str) -> None:
    assert "AML034" not in codes(root(CLEAN.replace("curl", name)))


def test_opencv_with_windows_is_a_remark_unless_its_libraries_come() -> None:
    assert one("AML035", BASE + "RUN pip install opencv-python==4.11.0.86\n").severity == "info"
    text = root(CLEAN.replace("curl", "libgl1")) + "RUN pip install opencv-python==4.11.0.86\n"
    assert "AML035" not in codes(text)


def test_packages_without_a_version_are_named_in_one_finding() -> None:
    finding = one("AML040", BASE + "RUN pip install pandas numpy scikit-learn\n")
    assert finding.message == "No version is given for pandas, numpy, scikit-learn"


@pytest.mark.parametrize(
    "words",
    ["numpy==2.2.3", "'numpy>=2,<3'", "numpy~=2.2", "--upgrade pip", "-r x.txt", "./mine", "$PKG",
     "git+https://example.org/a.git", "-c c.txt numpy", "mine-1.0-py3-none-any.whl"],
)  # fmt: skip
def test_pinned_or_unknown_requirements_are_left_alone(words: str) -> None:
    assert "AML040" not in codes(f"{BASE}RUN pip install {words}\n")


def test_a_lower_bound_alone_is_only_a_remark() -> None:
    assert one("AML040", BASE + "RUN pip install 'cryptography>=46.0.5'\n").severity == "info"


def test_the_requirements_file_of_the_context_is_read() -> None:
    around = Around(files={"requirements.txt": "numpy==2.2.3\npandas  # any\n-r other.txt\n"})
    text = BASE + "COPY requirements.txt /tmp/\nRUN pip install -r /tmp/requirements.txt\n"
    assert one("AML040", text, around).message == "requirements.txt gives no version for pandas"


def test_python_m_pip_and_conda_run_are_pip_too() -> None:
    for start in ("python -m pip", "pip3", "conda run -n base python -m pip", "/opt/x/bin/pip"):
        assert "AML040" in codes(f"{BASE}RUN {start} install numpy\n")


def test_the_cache_option_is_added_once() -> None:
    text = BASE + "RUN pip install numpy==2.2.3\n"
    assert fixed(text) == BASE + "RUN pip install --no-cache-dir numpy==2.2.3\n"


@pytest.mark.parametrize(
    "lines",
    [
        "RUN pip install --no-cache-dir numpy==2.2.3",
        "ENV PIP_NO_CACHE_DIR=1\nRUN pip install numpy==2.2.3",
        "RUN --mount=type=cache,target=/root/.cache pip install numpy==2.2.3",
        "RUN pip install numpy==2.2.3 && pip cache purge",
    ],
)
def test_a_cache_that_is_kept_out_is_left_alone(lines: str) -> None:
    assert "AML041" not in codes(f"{BASE}{lines}\n")


def test_an_unquoted_version_is_quoted() -> None:
    text = BASE + "RUN pip install --no-cache-dir pip>=1.0 'numpy==2.2.3'\n"
    assert one("AML042", text).severity == "warning"
    assert fixed(text) == BASE + "RUN pip install --no-cache-dir \"pip>=1.0\" 'numpy==2.2.3'\n"


def test_conda_versions_are_quoted_too() -> None:
    text = CURATED + "RUN conda install -y -c conda-forge numpy>=2\n"
    assert '"numpy>=2"' in fixed(text)


def test_an_upper_bound_without_quotes_certainly_fails() -> None:
    assert one("AML042", BASE + "RUN pip install --no-cache-dir numpy<2\n").severity == "error"


@pytest.mark.parametrize(
    "run", ["pip install numpy==2.2.3 > /dev/null", "pip install -q x==1 2>&1"]
)
def test_real_redirections_are_left_alone(run: str) -> None:
    assert "AML042" not in codes(f"{BASE}RUN {run}\n")


@pytest.mark.parametrize(
    ("word", "caught"),
    [("flask==2.0.3", True), ("flask==3.1.0", False), ("'pydantic<2'", True),
     ("pydantic==1.10.2", True), ("pydantic==2.12.0", False), ("werkzeug==2.3.8", True)],
)  # fmt: skip
def test_pins_that_break_the_server_are_caught(word: str, caught: bool) -> None:
    assert ("AML046" in codes(f"{BASE}RUN pip install {word}\n")) is caught


def test_old_bases_have_an_old_server_that_takes_the_pin() -> None:
    old = "FROM mcr.microsoft.com/azureml/minimal-ubuntu18.04-py37-cpu-inference:latest\n"
    assert "AML046" not in codes(old + "RUN pip install flask==2.0.3\n")


UPDATE = "COPY conda.yaml /tmp/\nRUN conda env update -n amlenv --file /tmp/conda.yaml\n"


def test_an_environment_that_does_not_serve_is_an_error_where_the_prefix_is_known() -> None:
    assert one("AML043", CURATED + UPDATE).severity == "error"
    assert one("AML043", BASE + UPDATE).severity == "warning"


def test_the_serving_environment_by_name_or_prefix_is_right() -> None:
    old = "FROM mcr.microsoft.com/azureml/minimal-ubuntu20.04-py38-cpu-inference:latest\n"
    assert "AML043" not in codes(old + UPDATE)
    prefix = UPDATE.replace("-n amlenv", "-p $AZUREML_CONDA_ENVIRONMENT_PATH")
    assert "AML043" not in codes(CURATED + prefix)


@pytest.mark.parametrize("last", ["python3-opencv", "# for score.py\n    python3-opencv"])
def test_a_package_that_ends_the_run_leaves_no_open_line_behind(last: str) -> None:
    cached = "--mount=type=cache,target=/var/lib/apt apt-get update && apt-get install -y"
    run = f"{cached} --no-install-recommends \\\n    curl \\\n"
    after = fixed(root(f"{run}    {last}"))
    assert after.startswith(root(run.removesuffix(" \\\n")).removesuffix(END))
    assert after.endswith("\n" + END)
    assert "\nRUN pip install --no-cache-dir opencv-python-headless==" in after


def test_the_prefix_that_most_likely_serves_is_not_another_one() -> None:
    for target in ("-p /azureml-envs/minimal", "-n minimal"):
        assert "AML043" not in codes(BASE + f"RUN conda install -y {target} numpy=2.2\n")
    assert "AML043" in codes(BASE + "RUN conda install -y -n other numpy=2.2\n")


@pytest.mark.parametrize(
    "call", ["update -y -n base -c defaults conda", "install -y -n base 'conda>=24' mamba"]
)
def test_conda_may_be_renewed_where_conda_lives(call: str) -> None:
    assert "AML043" not in codes(CURATED + f"RUN conda {call}\n")
    assert "AML043" in codes(CURATED + f"RUN conda {call} numpy=2.2\n")


def test_pip_in_an_environment_that_does_not_serve_is_caught() -> None:
    assert "AML043" in codes(CURATED + "RUN conda run -n other pip install six==1.17.0\n")
    assert "AML043" not in codes(CURATED + "RUN conda run -n minimal pip install six==1.17.0\n")


def test_an_environment_made_without_a_file_lacks_the_server() -> None:
    text = CURATED + "RUN conda create -y -n mine -c conda-forge python=3.11 numpy\n"
    path = "ENV PATH=/opt/miniconda/envs/mine/bin:$PATH\n"
    assert one("AML044", text + path).severity == "error"
    assert "AML044" not in codes(text)


def test_an_environment_that_is_put_on_path_is_right() -> None:
    text = CURATED + UPDATE + "ENV PATH=/opt/miniconda/envs/amlenv/bin:$PATH\n"
    assert "AML043" not in codes(text)


NEW = (
    CURATED + "COPY conda.yaml /tmp/\nRUN conda env create -n mine -f /tmp/conda.yaml\n"
    "ENV PATH=/opt/miniconda/envs/mine/bin:$PATH\n"
)


def test_a_new_environment_without_the_server_is_an_error() -> None:
    around = Around(files={"conda.yaml": "dependencies:\n  - python=3.11\n  - numpy\n"})
    assert one("AML044", NEW, around).severity == "error"


@pytest.mark.parametrize(
    "pip", ["azureml-inference-server-http==1.5.1", "azureml_inference_server_http"]
)
def test_a_new_environment_with_the_server_is_right(pip: str) -> None:
    text = f"dependencies:\n  - python=3.11\n  - pip:\n      - {pip}\n"
    assert "AML044" not in codes(NEW, Around(files={"conda.yaml": text}))


def test_an_environment_file_that_cannot_be_read_keeps_it_quiet() -> None:
    assert "AML044" not in codes(NEW)


def test_a_wheel_for_another_python_is_an_error() -> None:
    wheel = "mine-1.0-cp37-cp37m-manylinux1_x86_64.whl"
    assert one("AML045", f"{BASE}RUN pip install /tmp/{wheel}\n").severity == "error"
    right = wheel.replace("cp37-cp37m", "cp312-cp312")
    assert "AML045" not in codes(f"{BASE}RUN pip install /tmp/{right}\n")
    stable = wheel.replace("cp37-cp37m", "cp37-abi3")
    assert "AML045" not in codes(f"{BASE}RUN pip install /tmp/{stable}\n")


def test_a_conda_file_that_moves_the_serving_python_is_an_error() -> None:
    run = "RUN conda env update -p $AZUREML_CONDA_ENVIRONMENT_PATH -f /tmp/conda.yaml\n"
    text = CURATED + "COPY conda.yaml /tmp/\n" + run
    around = Around(files={"conda.yaml": "dependencies:\n- python=3.12\n"})
    assert one("AML045", text, around).severity == "error"
    same = Around(files={"conda.yaml": "dependencies:\n- python=3.11\n"})
    assert "AML045" not in codes(text, same)


def test_an_ended_python_in_a_conda_file_is_a_warning() -> None:
    around = Around(files={"conda.yaml": "dependencies:\n- python=3.8\n"})
    assert one("AML045", NEW, around).severity == "warning"


def test_channels_with_terms_are_a_warning_unless_they_are_accepted() -> None:
    text = CURATED + "RUN conda install -y -c anaconda numpy=2\n"
    assert one("AML047", text).severity == "warning"
    accepted = CURATED + "RUN conda tos accept && conda install -y -c anaconda numpy=2\n"
    assert "AML047" not in codes(accepted)
    assert "AML047" not in codes(CURATED + "RUN conda install -y -c conda-forge numpy=2\n")


WHEEL = "/tmp/mine-1.0-cp310-cp310-manylinux2014_x86_64.whl"


@pytest.mark.parametrize(
    "text",
    [
        f"FROM python:3.10-slim AS a\nRUN pip install {WHEEL}\n{BASE}COPY --from=a /a /tmp/\n",
        f"{BASE}RUN python3.10 -m pip install {WHEEL}\n",
        f"{BASE}RUN pip3.10 install {WHEEL}\n",
        f"{BASE}RUN pip install --python-version 3.10 --no-deps --target /tmp/lib {WHEEL}\n",
    ],
)
def test_a_wheel_is_for_the_python_that_takes_it(text: str) -> None:
    assert "AML045" not in codes(text)


def test_a_wheel_is_for_the_python_of_its_own_stage() -> None:
    text = f"FROM python:3.12-slim AS made\nRUN pip install {WHEEL}\nFROM python:3.10-slim\n"
    assert "3.12" in one("AML045", text).message


@pytest.mark.parametrize("tool", ["/opt/venv/bin/pip", "/opt/venv/bin/python -m pip"])
def test_a_pin_in_another_python_is_no_concern_of_the_server(tool: str) -> None:
    assert "AML046" not in codes(f"{BASE}RUN {tool} install flask==2.0.3\n")
    for own in ("/azureml-envs/minimal", "$AZUREML_CONDA_ENVIRONMENT_PATH"):
        serving = tool.replace("/opt/venv", own)
        assert "AML046" in codes(f"{CURATED}RUN {serving} install flask==2.0.3\n")


def test_a_chown_to_what_another_file_belongs_to_is_not_certain_to_need_root() -> None:
    assert "AML021" not in codes(BASE + "RUN chown --reference=/tmp/a /tmp/b\n")
