"""ImageSpec: what the form holds, as a Dockerfile and back, with nothing dropped."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_azureml_image import api
from jupyter_azureml_image.dockerfile.evaluate import evaluate
from jupyter_azureml_image.dockerfile.landing import image_files
from jupyter_azureml_image.dockerfile.parse import parse
from jupyter_azureml_image.errors import BadUsage
from jupyter_azureml_image.spec import ImageSpec, Kept
from tests.dockerfile.edges import EDGES
from tests.dockerfile.generated import REAL, SMALL_FILES, slips

FULL = ImageSpec(
    base="mcr.microsoft.com/azureml/minimal-py312-inference:latest",
    apt=("libgomp1", "curl=7.*"),
    conda="env/conda file.yml",
    requirements="requirements.txt",
    pip=("numpy>=1.26", "torch"),
    env={"WORKER_COUNT": "2", "GREETING": 'two "words"', "PATH": "/opt/bin:$PATH", "PRICE": "\\$5"},
    model="model",
    code="src",
    entry_script="score.py",
)

CANONICAL = """FROM mcr.microsoft.com/azureml/minimal-py312-inference:latest

USER root:root

RUN apt-get update && \\
    apt-get install -y --no-install-recommends \\
        libgomp1 \\
        'curl=7.*' && \\
    apt-get clean && \\
    rm -rf /var/lib/apt/lists/*

COPY ["env/conda file.yml", "/tmp/conda.yml"]
RUN conda env update -p $AZUREML_CONDA_ENVIRONMENT_PATH -f /tmp/conda.yml

COPY requirements.txt /tmp/requirements.txt
RUN pip install --no-cache-dir -r /tmp/requirements.txt

RUN pip install --no-cache-dir \\
    'numpy>=1.26' \\
    torch

USER dockeruser

ENV WORKER_COUNT=2
ENV GREETING="two \\"words\\""
ENV PATH=/opt/bin:$PATH
ENV PRICE="\\$5"

COPY model /var/azureml-app/azureml-models/
ENV AZUREML_MODEL_DIR=/var/azureml-app/azureml-models

COPY src /var/azureml-app/
ENV AZUREML_ENTRY_SCRIPT=score.py
"""

PAGE_SAMPLE = """FROM mcr.microsoft.com/azureml/minimal-py312-inference:latest

USER root:root

# Install libpng-tools and opencv
RUN apt-get update && \\
    apt-get install -y \\
    libpng-tools \\
    python3-opencv && \\
    apt-get clean -y && \\
    rm -rf /var/lib/apt/lists/*

# Switch back to non-root user
USER dockeruser

# Code
COPY code /var/azureml-app
ENV AZUREML_ENTRY_SCRIPT=score.py

# Model
COPY model /var/azureml-app/azureml-models
ENV AZUREML_MODEL_DIR=/var/azureml-app/azureml-models
"""

FILES = (
    "code/score.py",
    "model/x.pkl",
    "requirements.txt",
    "src/score.py",
    "my code/a",
    "a",
    "b/a",
)

LINE = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters="\x85"),
    min_size=1,
    max_size=12,
).filter(lambda text: text.strip() != "")
PATHS = LINE.filter(lambda text: not text.startswith("<<") and "$" not in text)
NAMES = st.from_regex(r"[A-Z][A-Z0-9_]{0,8}", fullmatch=True)
PACKAGES = LINE.filter(lambda text: not text.startswith("-"))


@st.composite
def specs(draw: st.DrawFn) -> ImageSpec:
    return ImageSpec(
        base=draw(st.sampled_from(("python:3.12", "mcr.microsoft.com/a/b:latest", "a@sha256:0"))),
        apt=tuple(draw(st.lists(PACKAGES, max_size=3))),
        pip=tuple(draw(st.lists(PACKAGES, max_size=3))),
        requirements=draw(st.none() | PATHS),
        conda=draw(st.none() | PATHS),
        code=draw(st.none() | PATHS),
        entry_script=draw(st.none() | LINE),
        model=draw(st.none() | PATHS),
        env=draw(st.dictionaries(NAMES, LINE | st.just(""), max_size=3)),
        user=draw(st.sampled_from(("dockeruser", "root", "1000:1000", "two words", ""))),
        apt_recommends=False,
    )


def test_a_full_form_is_written_in_canonical_order() -> None:
    assert FULL.to_dockerfile() == CANONICAL
    assert parse(CANONICAL).faults == ()


def test_canonical_text_is_read_back_into_the_same_form() -> None:
    assert ImageSpec.from_dockerfile(CANONICAL) == FULL


def test_a_form_without_packages_needs_no_root() -> None:
    spec = ImageSpec(base="b", code="code", entry_script="score.py")
    assert spec.to_dockerfile() == (
        "FROM b\n\nUSER dockeruser\n\nCOPY code /var/azureml-app/\n"
        "ENV AZUREML_ENTRY_SCRIPT=score.py\n"
    )


@settings(max_examples=300)
@given(spec=specs())
def test_any_form_survives_the_way_through_its_dockerfile(spec: ImageSpec) -> None:
    text = spec.to_dockerfile()
    assert parse(text).faults == (), text
    assert ImageSpec.from_dockerfile(text) == spec, text


@given(spec=specs())
def test_any_form_survives_the_way_through_json(spec: ImageSpec) -> None:
    assert ImageSpec.from_json(spec.to_json()) == spec


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "An ImageSpec is a JSON object, and this is a list."),
        ("x", "An ImageSpec is a JSON object, and this is a str."),
        (None, "An ImageSpec is a JSON object, and this is a NoneType."),
        ({"foo": 1}, "An ImageSpec has no field 'foo'."),
        ({"pip": "numpy"}, "ImageSpec: pip is no list of texts."),
        ({"pip": None}, "ImageSpec: pip is no list of texts."),
        ({"apt": [1]}, "ImageSpec: apt is no list of texts."),
        ({"base": 5}, "ImageSpec: base is no text."),
        ({"base": None}, "ImageSpec: base is no text."),
        ({"code": 5}, "ImageSpec: code is no text."),
        ({"env": ["x"]}, "ImageSpec: env is no mapping of names to texts."),
        ({"env": {"A": 1}}, "ImageSpec: env is no mapping of names to texts."),
        ({"build_args": "A=1"}, "ImageSpec: build_args is no list of pairs of texts."),
        ({"build_args": [["A"]]}, "ImageSpec: build_args is no list of pairs of texts."),
        ({"build_args": ["AB"]}, "ImageSpec: build_args is no list of pairs of texts."),
        ({"apt_recommends": "no"}, "ImageSpec: apt_recommends is neither true nor false."),
        ({"kept": ["x"]}, "ImageSpec: kept is no list of Kept."),
        ({"kept": [{"text": 1}]}, "ImageSpec: kept is no list of Kept."),
        ({"kept": [{"text": "x", "foo": 1}]}, "ImageSpec: kept is no list of Kept."),
        ({"kept": None}, "ImageSpec: kept is no list of Kept."),
        ({"layout": ["nope"]}, "ImageSpec: layout names 'nope', and there is no such part."),
        ({"layout": ["kept"]}, "ImageSpec: layout has more places for kept text than kept has."),
    ],
)
def test_json_of_another_shape_is_no_spec(data: Any, message: str) -> None:
    with pytest.raises(BadUsage) as caught:
        ImageSpec.from_json(data)
    assert caught.value.message == message


def test_a_field_that_is_nearly_there_is_suggested() -> None:
    with pytest.raises(BadUsage) as caught:
        ImageSpec.from_json({"entryscript": "score.py"})
    assert caught.value.hint == "Did you mean entry_script?"


def test_json_that_says_little_leaves_the_rest_as_it_is() -> None:
    spec = ImageSpec.from_json({"base": "b", "code": None, "build_args": [["A", "1"]]})
    assert spec == ImageSpec(base="b", build_args=(("A", "1"),))


@pytest.mark.parametrize("name", ["apt", "pip", "build_args", "kept", "layout"])
def test_a_plain_text_is_no_list(name: str) -> None:
    fields: dict[str, Any] = {name: "numpy"}
    with pytest.raises(BadUsage, match=f"^ImageSpec: {name} is no list of ") as caught:
        ImageSpec(base="b", **fields)
    assert caught.value.hint == "Put it in a list, also where it is one alone."


def test_kept_text_that_a_layout_wants_must_be_there() -> None:
    with pytest.raises(BadUsage, match="more places for kept text"):
        ImageSpec(base="b", layout=("from", "kept"))


def test_a_list_in_python_does_as_well_as_a_tuple() -> None:
    packages: Any = ["numpy"]
    assert "numpy" in ImageSpec(base="b", pip=packages).to_dockerfile()


def test_the_sample_of_the_page_fills_the_form_and_keeps_its_comments() -> None:
    spec = ImageSpec.from_dockerfile(PAGE_SAMPLE)
    assert spec.apt == ("libpng-tools", "python3-opencv")
    assert spec.apt_recommends
    assert (spec.code, spec.entry_script, spec.model) == ("code", "score.py", "model")
    assert spec.user == "dockeruser"
    assert [kept.text for kept in spec.kept] == [
        "# Install libpng-tools and opencv",
        "# Switch back to non-root user",
        "# Code",
        "# Model",
    ]
    written = spec.to_dockerfile()
    assert written == (
        PAGE_SAMPLE.replace("    libpng", "        libpng")
        .replace("    python3", "        python3")
        .replace("clean -y", "clean")
        .replace("COPY code /var/azureml-app\n", "COPY code /var/azureml-app/\n")
        .replace("azureml-models\nENV", "azureml-models/\nENV")
    )
    assert ImageSpec.from_dockerfile(written) == spec


def test_a_part_added_in_the_form_finds_its_place_in_a_pasted_text() -> None:
    spec = dataclasses.replace(ImageSpec.from_dockerfile(PAGE_SAMPLE), pip=("torch",))
    lines = spec.to_dockerfile().splitlines()
    assert lines.index("RUN pip install --no-cache-dir \\") < lines.index("USER dockeruser")


def test_a_part_taken_out_of_the_form_leaves_the_text() -> None:
    spec = dataclasses.replace(ImageSpec.from_dockerfile(PAGE_SAMPLE), apt=())
    assert "apt-get" not in spec.to_dockerfile()


def test_packages_added_to_a_text_without_root_bring_the_switch_with_them() -> None:
    spec = ImageSpec.from_dockerfile("FROM b\nCOPY code /var/azureml-app/\nUSER dockeruser\n")
    lines = dataclasses.replace(spec, apt=("curl",)).to_dockerfile().splitlines()
    assert lines.index("USER root:root") < lines.index("RUN apt-get update && \\")
    assert lines[-1] == "USER dockeruser"


@pytest.mark.parametrize(
    "instruction",
    [
        "RUN apt-get update && apt-get install -y curl",
        "RUN apt-get update && apt-get install -y $PKG && rm -rf /var/lib/apt/lists/*",
        "RUN pip install -U numpy",
        "RUN pip install numpy && rm -rf x",
        "RUN pip install numpy>=1",
        "RUN --mount=type=cache,target=/x pip install numpy",
        "RUN pip install numpy \\\n    # pinned later\n    torch",
        "COPY --chown=dockeruser code /var/azureml-app",
        "COPY a b /var/azureml-app/",
        "COPY model.pkl /var/azureml-app",
        "COPY requirements.txt .\nRUN pip install -r requirements.txt",
        "ENV A=1 B=$A",
        "ENV AZUREML_ENTRY_SCRIPT=score.py A=1",
        "USER $U",
        "HEALTHCHECK NONE",
        "RUN <<E\npip install numpy\nE",
    ],
)
def test_what_the_form_cannot_say_is_kept_as_it_is(instruction: str) -> None:
    text = f"FROM b\n\n{instruction}\n\nUSER me\n"
    spec = ImageSpec.from_dockerfile(text)
    assert [kept.text for kept in spec.kept] == [instruction]
    assert spec.to_dockerfile() == text


def test_a_carriage_return_inside_an_instruction_is_kept_as_it_is() -> None:
    text = "FROM base\n\nENV name one\r\\\ntwo\n"
    assert ImageSpec.from_dockerfile(text).to_dockerfile() == text


def test_a_text_with_faults_is_kept_whole() -> None:
    text = "FROM <image> x\n\nUSER me\n"
    spec = ImageSpec.from_dockerfile(text)
    assert (spec.base, spec.kept) == ("", (Kept(text.strip()),))
    assert spec.to_dockerfile() == text


def test_the_stages_above_the_last_are_kept_in_front() -> None:
    text = (
        "# syntax=docker/dockerfile:1\nARG X=1\nFROM a AS build\nRUN make\n\n"
        "FROM --platform=linux/amd64 b AS last\n\nCOPY --from=build /x /x\n"
    )
    spec = ImageSpec.from_dockerfile(text)
    assert (spec.base, spec.base_name, spec.base_platform) == ("b", "last", "linux/amd64")
    assert spec.to_dockerfile() == text


@settings(max_examples=300)
@given(
    text=st.one_of(
        st.sampled_from((*REAL, PAGE_SAMPLE, CANONICAL)),
        slips(),
        SMALL_FILES,
        st.sampled_from(EDGES),
    )
)
def test_a_pasted_text_does_the_same_after_the_form(text: str) -> None:
    spec = ImageSpec.from_dockerfile(text)
    written = spec.to_dockerfile()
    before, after = parse(text), parse(written)
    assert bool(before.faults) == bool(after.faults), written
    if before.faults:
        return
    one, two = evaluate(before), evaluate(after)
    assert (one.final.user, one.final.workdir) == (two.final.user, two.final.workdir)
    assert dict(one.final.env) == dict(two.final.env)
    assert (one.final.cmd, one.final.entrypoint) == (two.final.cmd, two.final.entrypoint)
    assert one.bases == two.bases
    assert image_files(one, FILES) == image_files(two, FILES)
    assert ImageSpec.from_dockerfile(written) == spec


@pytest.mark.parametrize(
    "spec",
    [
        ImageSpec(base="a\nRUN evil"),
        ImageSpec(base="a", apt=("curl\nRUN evil",)),
        ImageSpec(base="a", env={"A": "b\nRUN evil"}),
        ImageSpec(base="a", env={"A B": "c"}),
        ImageSpec(base="a", code="x\ry"),
        ImageSpec(base="a", user="me\nRUN evil"),
    ],
)
def test_a_field_that_cannot_stand_on_a_line_is_refused(spec: ImageSpec) -> None:
    with pytest.raises(BadUsage):
        spec.to_dockerfile()


def test_shell_syntax_in_a_package_name_is_only_a_name() -> None:
    spec = ImageSpec(base="a", pip=("numpy; rm -rf /",), apt=("$(evil)",))
    assert "'numpy; rm -rf /'" in spec.to_dockerfile()
    assert "'$(evil)'" in spec.to_dockerfile()


ARM = ImageSpec(base="b", platform="linux/arm64", build_args=(("A", "1"), ("B", "2")))


def test_a_spec_says_platform_and_build_arguments_to_the_python_functions() -> None:
    recipe = api.request("x", ARM).recipe
    assert (recipe.platform, recipe.build_args) == ("linux/arm64", (("A", "1"), ("B", "2")))


def test_an_option_goes_before_what_a_spec_says_and_leaves_its_other_arguments() -> None:
    recipe = api.request("x", ARM, platform="linux/amd64", build_arg=["B=3", "C=4"]).recipe
    assert recipe.platform == "linux/amd64"
    assert recipe.build_args == (("A", "1"), ("B", "3"), ("C", "4"))


def test_a_setting_goes_behind_the_platform_that_a_spec_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AZUREML_IMAGE_PLATFORM", "linux/riscv64")
    assert api.request("x", ARM).recipe.platform == "linux/arm64"
    assert api.request("x", ImageSpec(base="b")).recipe.platform == "linux/riscv64"
