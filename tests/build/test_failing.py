"""What builders say when they fail, as sentences; the texts are real ones."""

import pytest

from jupyter_azureml_image.build.dialects.reader import Failed
from jupyter_azureml_image.build.dialects.steps import Step, Steps
from jupyter_azureml_image.build.failing import build_failed
from jupyter_azureml_image.dockerfile.parse import parse

UNKNOWN = "The cause is not a known one; '%azureml_image logs' shows the full log."
STEPS = Steps(parse("FROM private.azurecr.io/base:1\nCOPY a b\nRUN make\n"))
RUN = Step("RUN make", 3)
COPY = Step("COPY a b", 2)
FROM = Step("FROM private.azurecr.io/base:1", 1)


def told(error, step=None, last=(), during=""):
    return build_failed(Failed(error, step, tuple(last), during), STEPS)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ('process "/bin/sh -c make" did not complete successfully: exit code: 2', 2),
        ("executor failed running [/bin/sh -c make]: exit code: 127", 127),
        ("The command '/bin/sh -c make' returned a non-zero code: 100", 100),
    ],
)
def test_an_exit_code_is_found_in_every_dialect(error, code):
    failed = told(error, RUN, ["cc x.c", "", "make: *** Error"])
    assert failed.message == f"RUN make (line 3) ended with exit code {code}."
    assert failed.hint == f"Its last line: make: *** Error\n{UNKNOWN}"
    assert (failed.failure.line, failed.failure.exit_code) == (3, code)


def test_a_command_that_was_killed_is_told_why_that_happens():
    assert "lack of memory" in told("exit code: 137", RUN).message
    assert told("exit code: 1", RUN).hint == f"It printed nothing.\n{UNKNOWN}"


@pytest.mark.parametrize(
    "error",
    [
        'failed to compute cache key: failed to calculate checksum of ref 1::2: "/a": not found',
        'failed to compute cache key: "/a" not found: not found',
        "COPY failed: file not found in build context or excluded by .dockerignore: "
        "stat a: file does not exist",
        "ADD failed: stat /var/lib/docker/tmp/docker-builder123/a: no such file or directory",
    ],
)
def test_a_missing_source_is_named_in_every_dialect(error):
    assert told(error, COPY).message == "COPY a b (line 2): 'a' is not in the build context."


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (
            "failed to resolve source metadata for private.azurecr.io/base:1: failed to "
            "authorize: failed to fetch anonymous token: 401 Unauthorized",
            "base-unauthorized",
        ),
        (
            "pull access denied for private.azurecr.io/base, repository does not exist or may "
            "require 'docker login': denied: requested access to the resource is denied",
            "base-unauthorized",
        ),
        ("failed to solve: no active sessions", "base-unauthorized"),
        (
            "manifest for private.azurecr.io/base:1 not found: manifest unknown: manifest "
            "tagged by 1 is not found",
            "base-not-found",
        ),
        (
            'failed to do request: Head "https://private.azurecr.io/v2/": dial tcp: lookup '
            "private.azurecr.io: no such host",
            "base-network",
        ),
        (
            "private.azurecr.io/base:1: no match for platform in manifest: not found",
            "base-platform",
        ),
    ],
)
def test_a_base_that_cannot_be_had_is_told_by_its_cause(error, code):
    during = "[internal] load metadata for private.azurecr.io/base:1"
    for failed in (told(error, FROM), told(error, during=during)):
        assert failed.code == code
        assert failed.message.startswith("Line 1: the ")
        assert "'private.azurecr.io/base:1'" in failed.message
        assert failed.hint


def test_signing_in_to_an_azure_registry_is_told_in_azures_words():
    assert "az acr login --name private" in told("401 Unauthorized", FROM).hint


def test_a_parse_error_is_told_with_its_line():
    error = "failed to solve: dockerfile parse error on line 2: unknown instruction: COPPY"
    failed = told(error)
    assert failed.message == "Line 2: unknown instruction: COPPY"
    assert failed.failure.instruction == "COPY a b"


def test_no_space_is_told_whatever_the_step_was():
    error = "failed to copy: write /var/lib/docker/x: no space left on device"
    failed = told(error, COPY)
    assert failed.code == "no-space"
    assert "(during COPY a b (line 2))" in failed.message
    assert "docker system df" in failed.hint


def test_a_lost_engine_is_told_as_one():
    failed = told("connection lost: ProtocolError (connection broken)", RUN)
    assert failed.code == "engine-lost"
    assert failed.message == "The connection to the Docker Engine broke during the build."


def test_anything_else_keeps_the_builders_words_without_its_frames():
    failed = told("ERROR: failed to build: failed to solve: something odd")
    assert failed.message == "The build failed: something odd"
    assert told("mount options is invalid", RUN).message == (
        "RUN make (line 3) failed: mount options is invalid"
    )


def test_a_known_cause_ends_the_sentence_and_says_what_to_do():
    failed = told(
        'process "/bin/sh -c make" did not complete successfully: exit code: 100',
        Step("RUN apt-get install -y curl", 3),
        ["E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)"],
    )
    assert failed.message == (
        "RUN apt-get install -y curl (line 3) ended with exit code 100: apt needs root, and the "
        "user here is not root."
    )
    assert failed.hint == (
        "Put 'USER root' before this instruction and 'USER dockeruser' after it.\n"
        "%azureml_image explain apt-not-root"
    )
    assert failed.code == "apt-not-root"
    assert (failed.failure.line, failed.failure.exit_code) == (3, 100)


def test_what_was_survived_long_before_the_end_is_no_cause():
    lines = ["/bin/sh: 1: git: not found", *["compiling"] * 30, "make: *** Error"]
    assert told("exit code: 2", RUN, lines).code == "run-failed"
