"""The parser and the dry evaluation against the real BuildKit: same verdicts, same images."""

from __future__ import annotations

import posixpath
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_azureml_image.dockerfile.evaluate import evaluate
from jupyter_azureml_image.dockerfile.parse import parse
from tests.dockerfile.buildkit import BuildKit
from tests.dockerfile.edges import EDGES, LONG_LINES
from tests.dockerfile.generated import SMALL_FILES, slips
from tests.dockerfile.stages import BUILDABLE, CONFIGURING


@pytest.fixture(scope="session")
def buildkit(modern_engine_host: str) -> BuildKit:
    return BuildKit(modern_engine_host)


def test_every_edge_of_the_grammar_has_buildkits_verdict(buildkit: BuildKit) -> None:
    texts = (*EDGES, *LONG_LINES)
    with ThreadPoolExecutor(8) as pool:
        refusals = list(pool.map(buildkit.refuses, texts))
    different = [
        (text[:200], refusal, parse(text).faults)
        for text, refusal in zip(texts, refusals, strict=True)
        if bool(refusal) != bool(parse(text).faults)
    ]
    assert different == []


@settings(max_examples=80)
@given(text=st.one_of(slips(), SMALL_FILES))
def test_what_buildkit_accepts_is_accepted_and_nothing_else(buildkit: BuildKit, text: str) -> None:
    refusal = buildkit.refuses(text)
    dockerfile = parse(text)
    assert bool(refusal) == bool(dockerfile.faults), (refusal, dockerfile.faults)
    line = re.search(r"on line (\d+):", refusal or "")
    if line is not None:
        places = [fault.span.start for fault in dockerfile.faults]
        found = {dockerfile.position(place)[0] for place in places}
        # BuildKit names the line where the instruction begins; we the one with the cause.
        found |= {
            dockerfile.position(each.span.start)[0]
            for each in dockerfile.instructions
            if any(each.span.start <= place < each.span.end for place in places)
        }
        # The cause of an unknown instruction may be shown where it is: at the end of a line above.
        assert any(each <= int(line[1]) for each in found), (refusal, dockerfile.faults)


@pytest.mark.parametrize("text", BUILDABLE)
def test_an_evaluated_image_is_the_one_that_is_built(buildkit: BuildKit, text: str) -> None:
    _same_image(buildkit, text)


@settings(max_examples=10)
@given(lines=st.lists(st.sampled_from(CONFIGURING), min_size=1, max_size=8))
def test_instructions_add_up_as_they_do_in_a_build(buildkit: BuildKit, lines: list[str]) -> None:
    _same_image(buildkit, "\n".join(("ARG G=global", "FROM scratch AS one", *lines)))


@pytest.mark.parametrize(
    "line",
    ["STOPSIGNAL SIGQUITT", "STOPSIGNAL 0", "STOPSIGNAL $NOTHING", "STOPSIGNAL 999",
     "STOPSIGNAL -1", "STOPSIGNAL 1x", "STOPSIGNAL sigterm", "STOPSIGNAL RTMIN+15",
     "STOPSIGNAL RTMIN+16", "STOPSIGNAL RTMAX-14", "STOPSIGNAL SIGUNUSED", "STOPSIGNAL SIGPOLL",
     "FROM One", "FROM ONE", "FROM one", "FROM Busybox", "FROM scratch\nCOPY --from=One /a /"],
)  # fmt: skip
def test_what_the_build_refuses_late_is_a_problem(buildkit: BuildKit, line: str) -> None:
    text = f"FROM scratch AS One\nCOPY <<EOF /a\nEOF\n{line}\n"
    refusal = buildkit.build(text).error
    problems = evaluate(parse(text)).problems
    assert bool(refusal) == bool(problems), (refusal, problems)


def test_build_arguments_reach_the_same_places(buildkit: BuildKit) -> None:
    text = (
        "ARG A=1\nARG N=builder\nFROM scratch AS builder\nARG A\nENV E=$A\n"
        "FROM $N\nARG B=2\nARG TARGETPLATFORM\nLABEL a=$A b=$B e=$E p=$TARGETPLATFORM h=$HTTP_PROXY"
    )
    _same_image(buildkit, text)
    _same_image(buildkit, text, A="x", B="y", HTTP_PROXY="http://p")


def _same_image(buildkit: BuildKit, text: str, **build_args: str) -> None:
    answer = buildkit.build(text, **build_args)
    facts = evaluate(parse(text), build_args=build_args.items())
    if answer.error is not None:
        assert facts.problems, answer.error
        return
    assert facts.problems == ()
    config, stage = answer.config, facts.final
    assert dict(stage.env) == dict(pair.split("=", 1) for pair in config["Env"])
    assert stage.user == config["User"]
    assert stage.workdir == posixpath.normpath(config["WorkingDir"]).replace("//", "/")
    assert dict(stage.labels) == (config["Labels"] or {})
    assert list(stage.cmd or ()) == (config["Cmd"] or [])
    assert list(stage.entrypoint or ()) == (config["Entrypoint"] or [])
    assert set(stage.exposed) == set(config.get("ExposedPorts") or {})
