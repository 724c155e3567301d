"""Where the Dockerfile goes in the archive, and what that does to the sources."""

import io
import tarfile

import pytest

from jupyter_azureml_image.build import shipment
from jupyter_azureml_image.context.manifest import resolve_context
from jupyter_azureml_image.dockerfile.parse import parse
from tests.build.engines import write

FILES = {"a.txt": "a", "sub/b.txt": "b"}


def prepared(tmp_path, text, path=None, files=FILES):
    manifest = resolve_context(write(tmp_path, files))
    return shipment.prepare(parse(text), manifest, path)


def names(sent):
    with tarfile.open(fileobj=io.BytesIO(b"".join(sent.pieces()))) as archive:
        return archive.getnames()


def test_sources_that_cannot_meet_it_leave_the_text_alone(tmp_path):
    text = "FROM scratch\nCOPY a.txt sub/ /\nCOPY --from=x . /\nADD http://x/* /y\n"
    sent = prepared(tmp_path, text)
    assert (sent.text, sent.folder) == (text, "")
    assert names(sent) == [sent.dockerfile, "a.txt", "sub", "sub/b.txt"]


@pytest.mark.parametrize(
    ("line", "becomes"),
    [
        ("COPY . /", "COPY context/. /"),
        ("copy ./ /", "copy context/./ /"),
        ("ADD --chown=1:1 * /", "ADD --chown=1:1 context/* /"),
        ('COPY ["./", "/"]', 'COPY ["context/./", "/"]'),
        ('COPY "." "/"', 'COPY "context/." "/"'),
        ("COPY a.txt \\\n  # note\n  / /", "COPY context/a.txt \\\n  # note\n  context// /"),
        ("COPY ${X}/ /", "COPY context/${X}/ /"),
        ("RUN --mount=target=/m ls", "RUN --mount=target=/m,source=context ls"),
        (
            "RUN --mount=type=bind,source=.,target=/m ls",
            "RUN --mount=type=bind,source=context/.,target=/m ls",
        ),
        (
            "RUN --mount=src=/,type=bind,dst=/m ls",
            "RUN --mount=src=context//,type=bind,dst=/m ls",
        ),
    ],
)
def test_sources_that_reach_the_root_move_one_folder_down(tmp_path, line, becomes):
    sent = prepared(tmp_path, f"FROM scratch\n{line}\nCOPY a.txt /b\nCOPY <<E /c\n.\nE\n")
    assert sent.text == (f"FROM scratch\n{becomes}\nCOPY context/a.txt /b\nCOPY <<E /c\n.\nE\n")
    assert "context/sub/b.txt" in names(sent)
    assert sent.text.count("\n") == len(parse(sent.text).line_starts) - 1
    assert sent.as_written('"/context/gone": not found') == '"/gone": not found'


@pytest.mark.parametrize("line", ["RUN --mount=type=cache,target=/c ls", "COPY --from=x . /"])
def test_what_does_not_come_from_the_context_does_not_move(tmp_path, line):
    text = f"FROM scratch\n{line}\n"
    assert prepared(tmp_path, text).text == text


def test_a_dockerfile_of_the_context_is_sent_as_it_lies_there(tmp_path):
    text = "FROM scratch\nCOPY . /\n"
    files = {**FILES, "docker/Dockerfile": text}
    sent = prepared(tmp_path, text, str(tmp_path / "docker" / "Dockerfile"), files)
    assert sent.dockerfile == "docker/Dockerfile"
    assert names(sent) == ["a.txt", "docker", "docker/Dockerfile", "sub", "sub/b.txt"]


def test_a_dockerfile_that_was_edited_or_ignored_is_sent_beside_the_context(tmp_path):
    text = "FROM scratch\nCOPY . /\n"
    files = {**FILES, "Dockerfile": "FROM older"}
    sent = prepared(tmp_path, text, str(tmp_path / "Dockerfile"), files)
    assert sent.dockerfile != "Dockerfile"
    assert "context/Dockerfile" in names(sent)
