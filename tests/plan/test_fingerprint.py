"""What decides an image's content, and what changed since last time."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from jupyter_azureml_image import wire
from jupyter_azureml_image.context.manifest import ContextEntry, ContextManifest
from jupyter_azureml_image.plan.fingerprint import Fingerprint, differences, fingerprint_of
from jupyter_azureml_image.plan.request import Recipe, SecretSource

RECIPE = Recipe("FROM base\nCOPY . /\n", build_args=(("B", "2"), ("A", "1")))
SCORE = ContextEntry("src/score.py", "file", 0o644, 5, "ab" * 32)
MANIFEST = ContextManifest("/home/x", entries=(ContextEntry("src", "directory", 0o755), SCORE))
BASES = {"mcr.microsoft.com/azureml/base:latest": "sha256:" + "a1b2c3d4" * 8}


def made(recipe: Recipe = RECIPE, manifest: ContextManifest = MANIFEST, **bases) -> Fingerprint:
    return fingerprint_of(recipe, manifest, bases.get("bases", BASES))


def with_entries(*entries: ContextEntry) -> ContextManifest:
    return replace(MANIFEST, entries=entries)


def test_a_frozen_value_does_not_move():
    # When this fails, every user's next run builds everything anew: only on purpose.
    assert made().value == "0f0c490a67c17c816d6807adef71963f777a96c607ebce507145912b48689693"
    assert made().version == made().value[:12]


@pytest.mark.parametrize(
    "recipe",
    [
        replace(RECIPE, no_cache=True, pull=True, network="host"),
        replace(RECIPE, secrets=(SecretSource("token", "env", "TOKEN"),)),
        replace(RECIPE, path="/elsewhere/Dockerfile"),
        replace(RECIPE, build_args=(("A", "1"), ("B", "2"))),
        replace(RECIPE, build_args=(("A", "0"), ("B", "2"), ("A", "1"))),
    ],
)
def test_how_it_is_built_and_in_what_order_it_is_asked_changes_nothing(recipe):
    assert made(recipe).value == made().value


def test_where_the_folder_lies_changes_nothing():
    assert made(manifest=replace(MANIFEST, root="/other", missing=("x",))).value == made().value


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (made(replace(RECIPE, text="FROM base\n")), "the Dockerfile changed"),
        (made(replace(RECIPE, build_args=(("A", "9"), ("B", "2")))), "build argument A changed"),
        (made(replace(RECIPE, build_args=(("A", "1"),))), "build argument B is gone"),
        (made(replace(RECIPE, target="t")), "the target went from the last stage to t"),
        (
            made(replace(RECIPE, platform="linux/arm64")),
            "the platform went from linux/amd64 to linux/arm64",
        ),
        (
            made(bases={"mcr.microsoft.com/azureml/base:latest": "sha256:c3d4e5f60718aa"}),
            "base mcr.microsoft.com/azureml/base:latest moved from a1b2c3d4a1b2 to c3d4e5f60718",
        ),
        (
            made(bases={"mcr.microsoft.com/azureml/base:latest": None}),
            "base mcr.microsoft.com/azureml/base:latest moved from a1b2c3d4a1b2 to "
            "an unknown digest",
        ),
        (made(bases={**BASES, "busybox": "sha256:1"}), "base busybox is new"),
        (
            made(manifest=with_entries(MANIFEST.entries[0], replace(SCORE, digest="cd" * 32))),
            "src/score.py changed",
        ),
        (
            made(manifest=with_entries(MANIFEST.entries[0], replace(SCORE, mode=0o755))),
            "src/score.py has mode 755 instead of 644",
        ),
        (
            made(manifest=with_entries(replace(MANIFEST.entries[0], mode=0o700), SCORE)),
            "src has mode 700 instead of 755",
        ),
        (
            made(
                manifest=with_entries(
                    *MANIFEST.entries,
                    ContextEntry("x", "directory", 0o755),
                    ContextEntry("x/data.csv", "file", 0o644, 1, "ef" * 32),
                )
            ),
            "x/data.csv is new",
        ),
        (made(manifest=with_entries(MANIFEST.entries[0])), "src/score.py is gone"),
    ],
)
def test_each_change_moves_the_value_and_is_told_in_words(changed, words):
    assert changed.value != made().value
    assert words in differences(made(), changed)
    assert changed.sentence_since(made()) == f"{words}; everything else is the same"


def test_a_new_folder_is_told_of_by_what_it_holds():
    added = [ContextEntry(path, "directory", 0o755) for path in ("new", "new/deep", "new/deep/x")]
    assert differences(made(), made(manifest=with_entries(*MANIFEST.entries, *added))) == (
        "new/deep/x/ is new",
    )
    added.append(ContextEntry("new/deep/x/file", "file", 0o644))
    assert differences(made(), made(manifest=with_entries(*MANIFEST.entries, *added))) == (
        "new/deep/x/file is new",
    )
    gone = differences(made(manifest=with_entries(*MANIFEST.entries, *added)), made())
    assert gone == ("new/deep/x/file is gone",)


def test_no_change_is_said_so():
    assert differences(made(), made()) == ()
    assert made().sentence_since(made()) == "nothing changed"


def test_many_changes_are_counted():
    entries = [ContextEntry(f"f{n}", "file", 0o644, 1, "ef" * 32) for n in range(9)]
    sentence = made(manifest=with_entries(*MANIFEST.entries, *entries)).sentence_since(made())
    assert sentence == (
        "f0 is new, f1 is new, f2 is new and 6 more changes; everything else is the same"
    )


def test_a_build_arguments_value_is_nowhere_in_it():
    secretive = made(replace(RECIPE, build_args=(("A", "hunter2hunter2"),)))
    assert "hunter2" not in json.dumps(wire.dump(secretive))


def test_it_survives_json_with_its_value():
    again = wire.load(Fingerprint, json.loads(json.dumps(wire.dump(made()))))
    assert again == made()
    assert again.value == made().value
