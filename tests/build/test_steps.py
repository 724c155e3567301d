"""A builder's numbers lead to the Dockerfile's own instructions."""

from jupyter_azureml_image.build.dialects.steps import Step, Steps
from jupyter_azureml_image.dockerfile.parse import parse

TEXT = """\
ARG TAG=1
FROM python:${TAG} AS Build
ENV A=1
RUN --mount=type=cache,target=/c \\
    # a comment
    pip install \\
      numpy
FROM build
WORKDIR /w
COPY --from=0 a b
FROM scratch
COPY x y
"""


def steps(text=TEXT):
    return Steps(parse(text))


def test_buildkit_counts_work_inside_a_stage():
    assert steps().buildkit("build", 1, 2, "FROM docker.io/library/python:1@sha256:ab") == Step(
        "FROM python:${TAG} AS Build", 2
    )
    title = "RUN --mount=type=cache,target=/c pip install numpy"
    assert steps().buildkit("build", 2, 2, "RUN --mount pip install") == Step(title, 4)


def test_a_stage_on_a_stage_has_no_from_of_its_own():
    assert steps().buildkit("stage-1", 1, 2, "WORKDIR /w") == Step("WORKDIR /w", 9)
    assert steps().buildkit("stage-1", 2, 2, "COPY --from=0 a b").line == 10
    assert steps().buildkit("stage-2", 1, 1, "COPY x y").line == 12


def test_stages_on_one_image_share_the_step_of_the_first():
    text = "FROM tiny AS made\nRUN one\nFROM tiny\nRUN two\nFROM --platform=linux/arm64 tiny\n"
    for stage, line in (("made", 1), ("stage-1", 1), ("stage-2", 5)):
        assert steps(text).buildkit(stage, 1, 2, "FROM docker.io/tiny@sha256:ab").line == line


def test_lines_are_those_that_the_user_reads():
    below_a_magic = Steps(parse("FROM base\nRUN one\n"), above=1)
    assert below_a_magic.buildkit("", 2, 2, "RUN one").line == 3
    assert below_a_magic.classic(2, "RUN one").line == 3
    assert below_a_magic.at_line(2).title == "RUN one"


def test_triggers_of_the_base_have_no_line_and_shift_nobody():
    text = "FROM base\nRUN one\nRUN two\n"
    assert steps(text).buildkit("", 2, 4, "COPY trigger /") == Step("COPY trigger /")
    assert steps(text).buildkit("", 3, 4, "RUN one").line == 2
    assert steps(text).buildkit("", 4, 4, "RUN two").line == 3


def test_the_classic_builder_counts_every_instruction():
    numbered = steps()
    assert numbered.classic(1, "ARG TAG=1") is None
    assert numbered.classic(2, "FROM python:1 AS Build").line == 2
    assert numbered.classic(3, "ENV A=1") is None
    assert numbered.classic(4, "RUN pip install numpy").line == 4
    assert numbered.classic(5, "FROM build") is None
    assert numbered.classic(8, "FROM scratch") is None
    assert numbered.classic(10, "LABEL added=1") is None


def test_a_base_is_found_by_the_name_a_builder_gives_it():
    text = "FROM a/b:1\nFROM --platform=linux/amd64 python\n"
    assert steps(text).origin("docker.io/library/python:latest").line == 2
    assert steps(text).origin("docker.io/a/b:1").line == 1
    assert steps(text).origin("docker.io/a/b:2") is None
