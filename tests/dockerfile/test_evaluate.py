"""Dry evaluation: what the build takes from outside, what it is built for, what it needs."""

from __future__ import annotations

import pytest

from jupyter_azureml_image.dockerfile.evaluate import evaluate, final_user
from jupyter_azureml_image.dockerfile.facts import BaseFacts, Facts
from jupyter_azureml_image.dockerfile.parse import parse
from jupyter_azureml_image.errors import BadUsage


def facts(text: str, **options: object) -> Facts:
    return evaluate(parse(text), **options)  # type: ignore[arg-type]


def sources(text: str, **options: object) -> tuple[str, ...] | None:
    return facts(text, **options).context_sources


AZUREML = BaseFacts(
    user="dockeruser",
    workdir="/",
    env={"PATH": "/azureml-envs/minimal/bin", "CONDA": "/azureml-envs/minimal"},
    cmd=("runsvdir", "/var/runit"),
    exposed=("5001/tcp",),
    known_from="image",
)


def test_a_stage_begins_with_what_is_known_of_its_base() -> None:
    stage = facts("FROM b\nENV X=$CONDA/x\nUSER root\nWORKDIR code", bases={"b": AZUREML}).final
    assert (stage.user, stage.workdir) == ("root", "/code")
    assert stage.env["X"] == "/azureml-envs/minimal/x"
    assert stage.cmd == ("runsvdir", "/var/runit")
    assert stage.exposed == ("5001/tcp",)


def test_an_image_without_a_user_runs_as_root() -> None:
    assert final_user(facts("FROM scratch")) == "root"
    assert final_user(facts("FROM b", bases={"b": AZUREML})) == "dockeruser"


def test_the_base_may_be_chosen_by_an_argument() -> None:
    text = "ARG TAG=1\nARG BASE=image:$TAG\nFROM $BASE\n"
    assert facts(text).bases == ("image:1",)
    assert facts(text, build_args=[("TAG", "2")]).bases == ("image:2",)


def test_sources_are_relative_to_the_root_of_the_context() -> None:
    text = 'FROM a\nCOPY ./code/ b/../c /x/\nADD ["../d e", "*.txt", "/x/"]\nCOPY . /all\n'
    assert sources(text) == ("code", "c", "d e", "*.txt", ".")


def test_only_the_stages_that_are_built_take_from_the_context() -> None:
    text = (
        "FROM a AS one\nCOPY one /\nFROM b AS two\nCOPY two /\n"
        "FROM c AS three\nCOPY --from=one /one /\nCOPY three /\n"
    )
    assert facts(text).built == (0, 2)
    assert sources(text) == ("one", "three")
    assert sources(text, target="two") == ("two",)
    assert facts(text, target="TWO").bases == ("b",)


def test_images_that_are_only_copied_from_are_bases_too() -> None:
    text = (
        "FROM scratch\nCOPY --from=python:3.12 /a /b\nRUN --mount=type=bind,from=tools,target=/t x"
    )
    assert facts(text).bases == ("python:3.12", "tools")


def test_downloads_heredocs_and_mounts_of_stages_take_nothing_from_the_context() -> None:
    text = (
        "FROM a AS one\nFROM b\nADD https://example.com/x.tgz git@github.com:a/b.git /x/\n"
        "COPY <<E /y\nE\nRUN --mount=type=bind,from=one,source=/q,target=/q "
        "--mount=type=cache,target=/c --mount=type=bind,source=scripts,target=/s x\n"
    )
    assert sources(text) == ("scripts",)
    assert [copy.origin for copy in facts(text).final.copies] == ["remote", "heredoc"]


def test_a_bases_onbuild_takes_from_the_context() -> None:
    known = BaseFacts(onbuild=("COPY . /app", "RUN make"), known_from="image")
    assert sources("FROM b\nCOPY x /", bases={"b": known}) == (".", "x")
    assert sources("FROM scratch AS a\nONBUILD COPY y /\nFROM a\nFROM a") == ("y",)


@pytest.mark.parametrize(
    "text",
    [
        "FROM a\nCOPY $UNKNOWN /x",
        "FROM a\nCOPY ${A /x",
        "FROM node:4-onbuild",
        "# syntax=example.com/my/frontend\nFROM a\nCOPY a /b",
        "FROM a\nRUN --mount=type=bind,source=$UNKNOWN,target=/x y",
    ],
)
def test_where_nobody_can_tell_what_is_taken_everything_counts(text: str) -> None:
    assert sources(text) is None


def test_a_variable_that_cannot_come_from_the_base_is_empty() -> None:
    assert sources("FROM scratch\nCOPY a$UNKNOWN /x") == ("a",)
    assert sources("FROM b\nCOPY a$UNKNOWN /x", bases={"b": AZUREML}) == ("a",)
    assert sources("# syntax=docker/dockerfile:1\nFROM a\nARG A=x\nCOPY $A /y") == ("x",)


def test_destinations_are_absolute() -> None:
    text = (
        'FROM a\nWORKDIR /w\nCOPY a b\nCOPY a b/\nCOPY a .\nCOPY a c ../d\nCOPY ["a", "$HOME/x"]\n'
        "ENV H=/h\nCOPY a $H/./y\n"
    )
    assert [copy.destination for copy in facts(text).final.copies] == [
        "/w/b",
        "/w/b/",
        "/w/",
        "/d/",
        "/x",
        "/h/y",
    ]


def test_owner_and_mode_are_expanded() -> None:
    (copy,) = facts("FROM a\nARG U=me\nCOPY --chown=$U:$U --chmod=755 a b").final.copies
    assert (copy.chown, copy.chmod) == ("me:me", "755")


def test_an_unknown_target_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(BadUsage) as refused:
        facts("FROM a AS one\nFROM b AS two\nFROM c", target="three")
    assert str(refused.value) == (
        "There is no stage 'three' in this Dockerfile.\n  The stages with a name are: one, two."
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("FROM a\nCOPY --from=3 b /c", "there is no stage 3"),
        ("FROM a\nCOPY --from=later b /c\nFROM x AS later\nFROM 0\nCOPY --from=0 a b", None),
        ("FROM a AS a\nCOPY --from=a b /c", "the stage a is not there yet"),
        ("FROM a\nCOPY --from=$A b /c", "a variable cannot stand in --from"),
        ('FROM ""', "the base image's name is empty"),
        ('ARG A="x\nFROM b', '"x: a double quote is opened and never closed'),
        ('FROM a\nCOPY "x y" /z', '"x: a double quote is opened and never closed'),
        ("FROM a\nEXPOSE http", "'http' is not a port"),
        ("FROM a\nEXPOSE 90-80", "'90-80' is not a range of ports"),
        ("FROM a\nSTOPSIGNAL SIGQUITT", "'SIGQUITT' is not a signal"),
        ("FROM a\nARG S=FOO\nSTOPSIGNAL $S", "'FOO' is not a signal"),
        ("FROM a\nSTOPSIGNAL 0", "0 is not a signal that stops anything"),
        ("FROM a AS Builder\nFROM Builder", "Builder is not the name of a stage"),
        ("FROM Busybox:1", "Busybox:1: an image's name is lower case"),
    ],
)
def test_what_only_the_build_refuses_is_a_problem(text: str, problem: str | None) -> None:
    found = [fault.message for fault in facts(text).problems]
    assert problem is None or problem in found
    assert parse(text).faults == ()


@pytest.mark.parametrize(
    "text",
    ["FROM a\nSTOPSIGNAL sigterm", "FROM a\nSTOPSIGNAL RTMIN+3", "FROM a\nSTOPSIGNAL 999",
     "FROM a AS Builder\nFROM b\nCOPY --from=Builder /x /", "FROM a AS Builder\nFROM builder",
     "FROM a:Latest", "FROM Registry:5000/a", "FROM x.io/a/b:V1@sha256:AB", "FROM <Name>:<tag>"],
)  # fmt: skip
def test_what_the_build_takes_is_no_problem(text: str) -> None:
    assert facts(text).problems == ()


def test_variables_without_a_value_are_told_with_their_instruction() -> None:
    found = facts("FROM $NO\nENV A=$B C=${D:-d}\n").unresolved
    assert [(each.name, each.instruction, each.stage) for each in found] == [
        ("NO", 0, -1),
        ("B", 1, 0),
    ]


def test_needs_are_told_with_their_lines() -> None:
    text = (
        "# syntax=docker/dockerfile:1\nFROM a AS unused\nRUN --mount=type=secret,id=x y\n"
        "FROM b\nRUN --mount=type=secret,id=x --network=none y\nCOPY --link --chmod=1 a b\n"
        "COPY --parents --exclude=*.pyc a b\nADD --checksum=c d e\nRUN <<E\nE\nRUN --device=gpu x\n"
        "ONBUILD RUN --mount=type=ssh y\n"
    )
    assert [(need.kind, need.line) for need in facts(text).needs] == [
        ("syntax", 1),
        ("mount", 3),
        ("mount", 5),
        ("network", 5),
        ("secret", 5),
        ("link", 6),
        ("chmod", 6),
        ("parents", 7),
        ("exclude", 7),
        ("checksum", 8),
        ("heredoc", 9),
        ("device", 11),
        ("mount", 12),
        ("ssh", 12),
    ]


def test_a_file_without_from_still_has_a_stage() -> None:
    assert facts("").final.base == ""
    assert facts("USER me\n").final.user == "me"


def test_a_port_may_have_any_number_of_digits() -> None:
    facts = evaluate(parse("FROM x\nEXPOSE " + "1" * 5_000 + "\n"))
    assert [problem.message[-20:] for problem in facts.problems] == [
        " is not a range of ports"[-20:]
    ]


def test_ports_that_overlap_are_exposed_once_and_in_order() -> None:
    facts = evaluate(parse("FROM x\nEXPOSE 3-5 1-4 4/udp 5/tcp\n"))
    assert facts.final.exposed == ("3/tcp", "4/tcp", "5/tcp", "1/tcp", "2/tcp", "4/udp")


@pytest.mark.parametrize("name", ["context", "remote", "heredoc"])
def test_a_stage_may_have_any_name(name):
    text = f"FROM one AS {name}\nFROM two\nCOPY --from={name} /made /there\n"
    facts = evaluate(parse(text))
    assert facts.bases == ("one", "two")
    assert facts.context_sources == ()
    assert facts.built == (0, 1)
    assert facts.final.copies[0].origin == "0"
