"""What a deployment mounts beside its image: that it is there is seen before anything is built."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from ..errors import BadUsage
from ..paths import from_home, is_file, is_folder, is_there
from .request import Mounts

_LEFT_OUT = frozenset((".git", "__pycache__", ".ipynb_checkpoints"))


def check_mounts(mounts: Mounts) -> None:
    """Raise BadUsage for a folder, script or model that does not exist."""
    if mounts.code is not None:
        _script(existing("--code", mounts.code, folder=True), mounts.scoring_script)
    if mounts.model is not None:
        existing("--model", mounts.model)


def existing(option: str, given: str, *, folder: bool = False) -> Path:
    """The whole path of what `option` names; raises BadUsage where nothing is."""
    path = from_home(given).resolve()
    if not (is_folder(path) if folder else is_there(path)):
        raise BadUsage(
            f"{option} {given} is not {'a folder' if folder else 'a file or folder'} here.",
            hint=f"It is looked for in {Path.cwd()}.",
        )
    return path


def files_below(source: Path, place: str) -> Iterator[tuple[Path, str]]:
    """All that is mounted of `source`, itself first, each with its path below `place`."""
    yield source, place
    if not source.is_dir():
        return
    for folder, folders, files in os.walk(source):
        folders[:] = sorted(name for name in folders if name not in _LEFT_OUT)
        for name in [*folders, *sorted(files)]:
            path = Path(folder, name)
            yield path, f"{place}/{path.relative_to(source).as_posix()}"


def _script(folder: Path, name: str | None) -> None:
    if name is None:
        raise BadUsage(
            "--code names a folder, but not which script in it is the entry.",
            hint="Add --scoring-script FILE, relative to the --code folder.",
        )
    if not is_file(folder / name):
        raise BadUsage(
            f"--scoring-script {name} is not in the folder {folder}.",
            hint="Give its path relative to the --code folder.",
        )
