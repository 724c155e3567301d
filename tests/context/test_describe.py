"""The listing of `--until context`."""

from __future__ import annotations

import pytest

from jupyter_azureml_image.context.describe import describe, notebook_warning, size_text
from jupyter_azureml_image.context.manifest import resolve_context


def test_the_listing_says_what_is_sent_and_which_line_left_out_what(tree):
    root = tree(
        {
            ".dockerignore": "data\n*.pyc\n",
            "score.py": "x" * 1500,
            "a.py": "",
            "l": "-> a.py",
            "data/1": "",
            **{f"{n}.pyc": "" for n in range(5)},
        }
    )
    assert describe(resolve_context(root)) == (
        f"Sent: 3 files, 1.5 kB, from {root}",
        "  score.py  1.5 kB",
        "  .dockerignore  11 bytes",
        "  a.py  0 bytes",
        "  l  -> a.py",
        "Left out by .dockerignore:",
        "  line 1  data  data/",
        "  line 2  *.pyc  0.pyc, 1.pyc, 2.pyc and 2 more",
    )


def test_long_parts_are_cut_and_the_rest_is_counted(tree):
    root = tree({f"f{n:02}": "x" * n for n in range(1, 31)})
    lines = describe(resolve_context(root), most=5)
    assert lines[1] == "  f30  30 bytes"
    assert lines[6] == "  ... and 25 smaller ones, 325 bytes together"
    assert lines[7] == "Left out: nothing (there is no .dockerignore)"


def test_sources_that_are_not_there_are_said(tree):
    lines = describe(resolve_context(tree({"a": "x"}), reach=("a", "b")))
    assert lines[1] == "The Dockerfile takes from it: a, b"
    assert lines[-1] == "Not found in the context: b"


def test_the_running_notebook_gets_the_line_that_leaves_it_out(tree):
    root = tree({"nb[1].ipynb": "{}", "score.py": ""})
    warning = notebook_warning(resolve_context(root), root / "nb[1].ipynb")
    assert warning is not None
    assert r"add the line nb\[1].ipynb to .dockerignore" in warning
    (root / ".dockerignore").write_text("nb\\[1].ipynb\n")
    assert notebook_warning(resolve_context(root), root / "nb[1].ipynb") is None
    assert notebook_warning(resolve_context(root), None) is None
    assert notebook_warning(resolve_context(root), root.parent / "x.ipynb") is None


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1_234, "1.2 kB"), (999_700, "1.0 MB"),
     (23_400_000, "23 MB"), (1_240_000_000, "1.2 GB"), (5_000_000_000_000, "5000 GB")],
)  # fmt: skip
def test_sizes_are_short(size, text):
    assert size_text(size) == text
