"""buildx's raw JSON, in the two forms that are about, and the words around it."""

import base64
import json

import pytest

from jupyter_azureml_image.build.dialects.rawjson import RawJson

FIRST = {
    "vertexes": [
        {
            "digest": "sha256:1",
            "name": "[1/2] FROM a",
            "started": "2026-11-21T22:56:48.5Z",
            "completed": "2026-11-21T23:56:49.250000000+01:00",
            "cached": True,
        }
    ],
    "statuses": [
        {"id": "sha256:ab", "vertex": "sha256:1", "current": 3, "total": 9, "completed": "x"}
    ],
}
SECOND = {
    "logs": [{"vertex": "sha256:1", "stream": 1, "data": base64.b64encode(b"hi\n").decode()}],
    "warnings": [
        {
            "vertex": "sha256:1",
            "short": base64.b64encode(b"Odd: this").decode(),
            "range": [{"start": {"line": 4}, "end": {"line": 4}}],
        }
    ],
}
TAIL = (
    "Dockerfile:2\n--------------------\n   1 |     {\n   2 | >>> RUN { echo; }\nERROR: no luck\n"
)


def one_per_line():
    return json.dumps(FIRST) + "\n" + json.dumps(SECOND) + "\n"


def pretty():
    return json.dumps(FIRST, indent=2) + json.dumps(SECOND, indent=2) + "\n"


@pytest.mark.parametrize("form", [one_per_line, pretty])
@pytest.mark.parametrize("portion", [1, 7, 100_000])
def test_both_forms_are_read_in_any_portions(form, portion):
    data = ("WARNING: a word first\n" + form() + TAIL).encode()
    stream = RawJson()
    found = []
    for at in range(0, len(data), portion):
        found += stream.feed(data[at : at + portion])
    found += stream.end()
    assert len(found) == 2
    vertex = found[0].vertexes[0]
    assert (vertex.name, vertex.cached) == ("[1/2] FROM a", True)
    assert vertex.completed - vertex.started == pytest.approx(0.75)
    assert found[0].statuses[0].total == 9
    assert found[1].outputs[0].data == b"hi\n"
    assert (found[1].warnings[0].short, found[1].warnings[0].line) == ("Odd: this", 4)
    assert stream.words[0] == "WARNING: a word first"
    assert stream.words[-1] == "ERROR: no luck"
    assert "   2 | >>> RUN { echo; }" in stream.words


def test_an_object_that_was_cut_off_by_a_kill_is_kept_as_words():
    stream = RawJson()
    assert stream.feed(b'{"vertexes":[{"digest":"sha') == []
    assert stream.end() == []
    assert stream.words == ['{"vertexes":[{"digest":"sha']
