"""What a session tells of a context, and that a change under its hands is noticed."""

import os

import pytest

from jupyter_azureml_image.build.dialects.trace import Message
from jupyter_azureml_image.build.session.packets import data, read
from jupyter_azureml_image.build.session.trees import ContextTree, Texts, carries
from jupyter_azureml_image.context.manifest import resolve_context
from jupyter_azureml_image.context.reading import ContextChanged
from tests.build.engines import write

SECOND = 1_000_000_000


def told(tree):
    """(path, Go mode, size, time, link) of every entry."""
    stats = [Message(Message(packet).data(2)) for packet in tree.stats()]
    return [(s.text(1), s.number(2), s.number(5), s.number(6), s.text(7)) for s in stats]


def test_entries_come_in_the_engines_order_with_the_folders_above_them(tmp_path):
    files = {"a/b/c.txt": "1", "a b.txt": "2", "a.txt": "3", "a-b/x": "4", "ü": "5"}
    manifest = resolve_context(write(tmp_path, files), reach=("a/b/c.txt", "a b.txt", "a.txt"))
    assert [path for path, *_ in told(ContextTree(manifest))] == [
        "a",
        "a/b",
        "a/b/c.txt",
        "a b.txt",
        "a.txt",
    ]


def test_modes_sizes_and_links_are_told_as_go_has_them(tmp_path):
    write(tmp_path, {"run.sh": "echo", "d/x": ""})
    (tmp_path / "run.sh").chmod(0o4755)
    (tmp_path / "d").chmod(0o1777)
    (tmp_path / "link").symlink_to("run.sh")
    found = {path: (mode, size, to) for path, mode, size, _, to in told(tree_of(tmp_path))}
    assert found["run.sh"] == (1 << 23 | 0o755, 4, "")
    assert found["d"] == (1 << 31 | 1 << 20 | 0o777, 0, "")
    assert found["link"] == (1 << 27 | 0o777, 6, "run.sh")


def tree_of(folder):
    return ContextTree(resolve_context(folder))


def test_another_content_of_the_same_size_and_time_has_another_time_in_the_same_second(tmp_path):
    path = write(tmp_path, {"a.txt": "one"}) / "a.txt"
    moments = []
    for content in ("one", "two", "one"):
        path.write_text(content)
        os.utime(path, ns=(7 * SECOND, 7 * SECOND))
        moments += [moment for *_, moment, _ in told(tree_of(tmp_path))]
    assert moments[0] == moments[2] != moments[1]
    assert {moment // SECOND for moment in moments} == {7}


def test_a_time_before_1970_can_be_told(tmp_path):
    path = write(tmp_path, {"a.txt": "one"}) / "a.txt"
    os.utime(path, (-7, -7))
    (_, _, _, moment, _) = told(tree_of(tmp_path))[0]
    assert (moment - 2**64) // SECOND == -7


def test_a_text_is_known_by_its_content(tmp_path):
    one, two = (told(Texts({"Dockerfile": text})) for text in (b"FROM a", b"FROM b"))
    assert one[0][0] == "Dockerfile"
    assert one[0][3] != two[0][3]
    assert list(Texts({"b": b"2", "a": b"1"}).content(0)) == [b"1"]


@pytest.mark.parametrize(
    ("change", "how"),
    [
        (lambda path: path.write_text("other"), "changed"),
        (lambda path: path.write_text("o"), "became shorter"),
        (lambda path: path.unlink(), "vanished"),
    ],
)
def test_a_file_that_is_not_what_was_hashed_is_named_and_not_ended(tmp_path, change, how):
    manifest = resolve_context(write(tmp_path, {"a.txt": "first", "b.txt": "2"}))
    change(tmp_path / "a.txt")
    with pytest.raises(ContextChanged, match=f"a.txt {how}"):
        list(ContextTree(manifest).content(0))
    assert list(ContextTree(manifest).content(1)) == [b"2"]


def test_a_name_that_is_no_text_is_left_to_the_archive(tmp_path):
    assert carries(resolve_context(write(tmp_path, {"ü": ""})))
    (tmp_path / os.fsdecode(b"\xff")).write_bytes(b"")
    assert not carries(resolve_context(tmp_path))


@pytest.mark.parametrize("number", [0, 1, 127, 128, 300_000])
def test_data_is_read_as_it_was_written(number):
    assert read(data(number, b"block")) == (2, number, b"block")
    assert read(data(number)) == (2, number, b"")
