"""The engine's words, however they are cut and whoever stands before it."""

from types import SimpleNamespace

import docker.errors
import pytest

from jupyter_azureml_image.build.engine import Engine
from jupyter_azureml_image.build.locate import Place
from jupyter_azureml_image.build.messages import decoded, refusal
from jupyter_azureml_image.errors import BuilderUnavailable

FORBIDDEN = (
    "<html><body><h1>403 Forbidden</h1>\nRequest forbidden by administrative rules.\n"
    "</body></html>\n"
)
WORDS = "403 Forbidden Request forbidden by administrative rules."


def answer(text, status=403):
    def not_json():
        raise ValueError

    return SimpleNamespace(status_code=status, text=text, json=not_json)


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_letters_that_are_cut_in_two_are_put_together(size):
    sent = '{"stream":"größe █▉ 日本"}\r\n{"aux":1}'.encode()
    pieces = [sent[at : at + size] for at in range(0, len(sent), size)]
    response = SimpleNamespace(iter_content=lambda **_: iter(pieces))
    assert list(decoded(response)) == [{"stream": "größe █▉ 日本"}, {"aux": 1}]


def test_a_page_of_a_proxy_before_the_engine_is_told_in_its_words():
    assert refusal(answer(FORBIDDEN)) == WORDS
    assert refusal(answer("no such <thing>")) == "no such <thing>"
    assert refusal(answer("", 500)) == "HTTP 500"


def test_a_refusal_of_docker_py_is_told_in_those_words_too():
    said = SimpleNamespace(Components=[], get=lambda name, default=None: default)
    client = SimpleNamespace(version=lambda: said, close=lambda: None)
    engine = Engine(client, Place("unix:///engine.sock", "the default"))
    with pytest.raises(BuilderUnavailable) as failed, engine.asked_to("list images"):
        raise docker.errors.APIError("403", explanation=FORBIDDEN)
    assert failed.value.message.endswith(f"refused to list images: {WORDS}")
