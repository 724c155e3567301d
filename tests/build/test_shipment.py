"""Where the Dockerfile goes in the archive, and what that does to the sources."""

import io
import tarfile

import pytest

from jupyter_azureml_image.build import shipment
from jupyter_azureml_image.context.manifest import resolve_context
from jupyter_azureml_image.dockerfile.evaluate import evaluate
from jupyter_azureml_image.dockerfile.facts import BaseFacts
from jupyter_azureml_image.dockerfile.parse import parse
from jupyter_azureml_image.errors import BuilderUnavailable
from tests.build.engines import write

FILES = {"a.txt": "a", "sub/b.txt": "b"}


def prepared(tmp_path, text, path=None, files=FILES, **how):
    manifest = resolve_context(write(tmp_path, files))
    return shipment.prepare(parse(text), manifest, path, **how)


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


HERE = "FROM scratch\nCOPY . /all/\n"


@pytest.mark.parametrize(
    "lines",
    [
        "ARG URL=https://x.org/f\nADD ${URL} /f\n",
        "ARG HOST=x.org\nADD --checksum=sha256:00 https://${HOST}/f /f\n",
        'ARG REPOSITORY=git@x.org:a/b.git\nADD ["${REPOSITORY}", "/f"]\n',
    ],
)
def test_a_variable_that_holds_an_address_stays_one(tmp_path, lines):
    assert prepared(tmp_path, HERE + lines).text == f"FROM scratch\nCOPY context/. /all/\n{lines}"


def test_an_address_that_is_handed_over_needs_no_folder(tmp_path):
    text = "FROM scratch\nARG URL=.\nADD $URL /f\n"
    given = evaluate(parse(text), build_args=(("URL", "https://x.org/f"),))
    assert prepared(tmp_path, text, facts=given).text == text
    assert "ADD context/$URL /f" in prepared(tmp_path, text).text


@pytest.mark.parametrize(
    ("line", "becomes"),
    [
        ("COPY ../a.txt /b", "COPY context/a.txt /b"),
        ("COPY sub/../../a.txt sub/../a.txt /b/", "COPY context/a.txt context/sub/../a.txt /b/"),
        ('COPY ["../a b", "/b"]', 'COPY ["context/a b", "/b"]'),
        ("COPY '../a$b' /b", "COPY context/a\\$b /b"),
        ('COPY ["../\'a$b\'", "/b"]', 'COPY ["context/a\\\\$b", "/b"]'),
        ("COPY ../*.txt /b/", "COPY context/*.txt /b/"),
        ("ARG S=..\nCOPY $S /b/", "ARG S=..\nCOPY context/. /b/"),
        ('ARG S=..\nCOPY "${S}/sub" /b/', "ARG S=..\nCOPY context/sub /b/"),
        ("COPY ../\\\na.txt /b", "COPY context/a.txt\\\n /b"),
        (
            "RUN --mount=type=bind,source=../sub,target=/m ls",
            "RUN --mount=type=bind,source=context/sub,target=/m ls",
        ),
        (
            "ARG S=../..\nRUN --mount=type=bind,source=$S/sub,target=/m ls",
            "ARG S=../..\nRUN --mount=type=bind,source=context/sub,target=/m ls",
        ),
        ('RUN --mount="source=sub,target=/m" ls', 'RUN --mount="source=context/sub,target=/m" ls'),
    ],
)
def test_what_climbs_above_the_root_begins_at_it(tmp_path, line, becomes):
    sent = prepared(tmp_path, f"{HERE}{line}\n")
    assert sent.text == f"FROM scratch\nCOPY context/. /all/\n{becomes}\n"


def test_a_word_is_written_with_the_escape_character_of_the_file(tmp_path):
    text = "# escape=`\nFROM scratch\nCOPY . /all/\nCOPY '../a$b' `\n /b\n"
    assert "COPY context/a`$b `\n /b" in prepared(tmp_path, text).text


def test_what_a_stage_does_in_those_built_on_it_moves_as_well(tmp_path):
    text = "FROM scratch AS b\nONBUILD COPY . /x/\nONBUILD ADD http://x/y /\nFROM b\nCOPY sub /y/\n"
    sent = prepared(tmp_path, text)
    assert sent.text == text.replace(" . ", " context/. ").replace(" sub ", " context/sub ")


def test_what_is_left_to_other_dockerfiles_goes_into_the_image_as_written(tmp_path):
    text = "FROM scratch\nCOPY . /y/\nONBUILD COPY . /x/\n"
    assert prepared(tmp_path, text).text == text.replace("\nCOPY . ", "\nCOPY context/. ")


def test_only_what_is_built_counts(tmp_path):
    text = "FROM scratch AS b\nCOPY sub /x/\nONBUILD COPY . /x/\nFROM b\nCOPY . /y\n"
    given = evaluate(parse(text), target="b")
    assert prepared(tmp_path, text, facts=given).text == text


ON_A_BASE = "FROM x.org/base\nCOPY a.txt /y/\n"
BASES = {"x.org/base": BaseFacts(onbuild=("COPY . /x/",), known_from="image")}


def test_a_bases_own_copy_cannot_be_moved_and_is_refused(tmp_path):
    given = evaluate(parse(ON_A_BASE), bases=BASES)
    with pytest.raises(BuilderUnavailable, match=r"x\.org/base copies from the context by itself"):
        prepared(tmp_path, ON_A_BASE, facts=given)


def test_a_builder_that_heeds_ignore_files_is_told_by_one_what_to_keep_out(tmp_path):
    given = evaluate(parse(ON_A_BASE), bases=BASES)
    sent = prepared(tmp_path, ON_A_BASE, facts=given, heeds_ignore=True)
    assert (sent.text, sent.folder) == (ON_A_BASE, "")
    assert names(sent) == [sent.dockerfile, ".dockerignore", "a.txt", "sub", "sub/b.txt"]
    assert sent.extra[".dockerignore"] == f"{sent.dockerfile}\n.dockerignore\n".encode()


def test_an_ignore_file_of_the_context_is_never_replaced(tmp_path):
    given = evaluate(parse(ON_A_BASE), bases=BASES)
    files = {**FILES, ".dockerignore": "x"}
    with pytest.raises(BuilderUnavailable) as refused:
        prepared(tmp_path, ON_A_BASE, files=files, facts=given, heeds_ignore=True)
    assert "Add the line .dockerignore" in refused.value.hint


def test_a_copy_of_the_base_that_cannot_meet_the_dockerfile_needs_nothing(tmp_path):
    onbuild = BaseFacts(onbuild=("COPY a.txt /x/",), known_from="image")
    given = evaluate(parse(ON_A_BASE), bases={"x.org/base": onbuild})
    assert prepared(tmp_path, ON_A_BASE, facts=given).text == ON_A_BASE


def test_a_source_that_cannot_be_written_anew_is_refused(tmp_path):
    text = HERE + 'ARG S="../a b"\nCOPY $S /x/\n'
    with pytest.raises(BuilderUnavailable, match=r"\$S cannot be written"):
        prepared(tmp_path, text)
    assert prepared(tmp_path, text, heeds_ignore=True).text == text
