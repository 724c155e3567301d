"""What the manifest says is what a real builder receives."""

from __future__ import annotations

import io
import os
import random
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import docker
import pytest

from jupyter_azureml_image.context.archive import pack
from jupyter_azureml_image.context.manifest import ContextManifest, resolve_context
from jupyter_azureml_image.errors import ContextError

NAMES = ["a", "b", "ab", "a.py", "b.txt", ".env", "x[1]", "ü n", "+", "n\\o", "l" * 120]
PARTS = [
    "a",
    "b",
    "ab",
    "*",
    "**",
    "?",
    "*.py",
    "[ab]",
    "[^a]*",
    "x[[]1]",
    ".env",
    "a*",
    "**b",
    "ü n",
    "n\\\\o",
]
Row = tuple[str, bytes, int, bytes | str]
Build = Callable[[str | Path, Path], list[Row]]
ALL = "FROM scratch\nCOPY . /\n"


@pytest.fixture(scope="module", params=["modern_engine_host", "engine_host"])
def build(request, buildx_plugin, tmp_path_factory) -> Build:
    """Builds a folder with the real buildx; gives what the image holds."""
    place = tmp_path_factory.mktemp("buildx")
    environment = {
        "PATH": os.environ["PATH"],
        "DOCKER_HOST": request.getfixturevalue(request.param),
        "DOCKER_CONFIG": str(place / "config"),
        "BUILDX_CONFIG": str(place / "config"),
    }

    def run(dockerfile: str | Path, root: Path) -> list[Row]:
        if isinstance(dockerfile, str):
            (place / "Dockerfile").write_text(dockerfile)
            dockerfile = place / "Dockerfile"
        command = [buildx_plugin, "build", "--progress=plain", "--provenance=false"]
        command += ["-f", dockerfile, "--output=type=tar,dest=-", root]
        done = subprocess.run(command, env=environment, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return rows(done.stdout)

    return run


def rows(data: bytes) -> list[Row]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return sorted(
            # Engine 20.10 writes the kind of file into the mode too.
            (
                m.name,
                m.type,
                m.mode & 0o7777,
                archive.extractfile(m).read() if m.isreg() else m.linkname,
            )
            for m in archive
        )


def expected(manifest: ContextManifest) -> list[Row]:
    return rows(b"".join(pack(manifest)))


def generated(dice: random.Random, root: Path) -> None:
    """A tree and an ignore file from few names, so that rules meet paths often."""
    for _ in range(dice.randint(3, 14)):
        path = root / "/".join(dice.choices(NAMES, k=dice.randint(1, 4)))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            kind = dice.randrange(8)
            if kind == 0:
                path.mkdir()
            elif kind == 1:
                path.symlink_to(dice.choice(["/a", "../b", "gone", "."]))
            else:
                path.write_bytes(dice.randbytes(dice.randrange(50)))
                path.chmod(dice.choice([0o644, 0o600, 0o755, 0o4755]))
        except OSError:
            continue  # a name that is a file cannot be a folder too
    lines = [
        dice.choice(["", "", "!", "/"]) + "/".join(dice.choices(PARTS, k=dice.randint(1, 3)))
        for _ in range(dice.randrange(6))
    ]
    (root / ".dockerignore").write_text("\n".join([*lines, "!.dockerignore"]))


def test_generated_trees_arrive_as_the_manifest_lists_them(build, tmp_path):
    dice = random.Random(42)
    for number in range(10):
        root = tmp_path / str(number)
        root.mkdir()
        generated(dice, root)
        manifest = resolve_context(root)
        ignore = (root / ".dockerignore").read_text()
        assert build(ALL, root) == expected(manifest), ignore


def test_only_what_is_reached_gives_the_same_image_as_the_whole_folder(build, tree, tmp_path):
    root = tree(
        {
            "src/app.py": "1", "src/deep/x.py": "2", "src/data.csv": "3", "big.bin": "4",
            "models/v1/m.onnx": "5", "models/v2/m.onnx": "6", "current": "-> models/v2",
            "conf/link": "-> /src", "x[1].txt": "7", "x1.txt": "8",
            ".dockerignore": "**/*.csv\nmodels/v1\n",
        }
    )  # fmt: skip
    sources = ("src", "current/m.onnx", "conf/link/app.py", "x[[]1].txt", "model*/*/m.onnx")
    dockerfile = "FROM scratch\n" + "".join(
        f"COPY {source} /{number}/\n" for number, source in enumerate(sources)
    )
    manifest = resolve_context(root, reach=sources)
    assert not {"big.bin", "x1.txt", "src/data.csv"} & {entry.path for entry in manifest.entries}
    bare = tmp_path / "bare"
    bare.mkdir()
    with tarfile.open(fileobj=io.BytesIO(b"".join(pack(manifest)))) as archive:
        archive.extractall(bare, filter="tar")
    assert build(dockerfile, bare) == build(dockerfile, root)


def test_an_ignore_file_beside_the_dockerfile_is_the_one_that_counts(build, tree):
    root = tree(
        {"d/File": ALL, "d/File.dockerignore": "a\nd", ".dockerignore": "b", "a": "", "b": ""}
    )
    manifest = resolve_context(root, dockerfile=root / "d/File")
    assert [entry.path for entry in manifest.entries] == [".dockerignore", "b"]
    assert build(root / "d/File", root) == expected(manifest)


@pytest.mark.parametrize("ignore", ["[", "a\n!\n", "x\\", "[\\M]x", "[z-a]"])
def test_what_we_refuse_the_builder_refuses_too(build, tree, ignore):
    root = tree({"a": "", "x": "", ".dockerignore": ignore})
    with pytest.raises(ContextError):
        resolve_context(root)
    with pytest.raises(AssertionError, match=r"pattern|dockerignore"):
        build(ALL, root)


@pytest.mark.parametrize("host", ["modern_engine_host", "engine_host"])
@pytest.mark.parametrize("version", ["1", "2"], ids=["classic", "buildkit"])
@pytest.mark.parametrize("compress", [False, True], ids=["tar", "gzip"])
def test_an_engine_unpacks_the_archive_that_it_is_sent(request, tree, host, version, compress):
    dice = random.Random(8)
    root = tree(
        {
            "a.py": "x" * 3000, "d/ünï": "y", "l": "-> a.py", "far": "-> " + "t" * 150,
            "/".join(["d" * 60] * 5 + ["f" * 200]): "z", "empty": None, "two\nlines": "",
            "stored.bin": dice.randbytes(400_000), "sparse": "",
            "table.csv": ",".join(f"{dice.gauss(0, 9):f}" for _ in range(50_000)),
        }
    )  # fmt: skip
    os.truncate(root / "sparse", 300_000)
    manifest = resolve_context(root)
    client = docker.APIClient(request.getfixturevalue(host), version="auto", timeout=120)
    tag = f"azureml-image-test-context:{version}{compress:d}"
    try:
        answer = client._post(
            client._url("/build"),
            params={"version": version, "t": tag, "labels": '{"azureml-image.test": "context"}'},
            data=pack(manifest, {"Dockerfile": ALL.encode()}, compress=compress),
            headers={"Content-Type": "application/x-tar"},
            stream=True,
        )
        items = list(client._stream_helper(answer, decode=True))
        assert not [item for item in items if "error" in item]
        saved = b"".join(client.get_image(tag))
        assert [row for row in layers(saved) if row[0] != "Dockerfile"] == expected(manifest)
    finally:
        try:
            client.remove_image(tag, force=True)
        finally:
            client.close()


def layers(saved: bytes) -> list[Row]:
    """What the one layer of a saved image holds."""
    found: list[Row] = []
    with tarfile.open(fileobj=io.BytesIO(saved)) as image:
        for member in image:
            data = image.extractfile(member)
            if data is None or member.name.endswith((".json", "index.json", "oci-layout")):
                continue
            try:
                found += rows(data.read())
            except tarfile.ReadError:
                continue  # a manifest or configuration
    return found
