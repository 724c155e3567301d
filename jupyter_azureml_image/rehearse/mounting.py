"""What a deployment mounts into the image, and where: code, entry script, model.

Places and variables are the platform's: code at `/var/azureml-app/<folder>`, models at
`/var/azureml-app/azureml-models/<name>/<version>`, where the folder or file that was given
keeps its own name. Files are copied in, so that the engine may be on another machine.
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import BadUsage
from ..plan.mounts import check_mounts, existing, files_below
from ..plan.request import Mounts

APP = "/var/azureml-app"
_MODELS = f"{APP}/azureml-models"
_VERSION = "1"
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Mounting:
    """Variables the platform sets, and the folders and files that go to a place in the image.

    `script` is the entry script's text where it is not one of the user's.
    """

    environment: tuple[tuple[str, str], ...] = ()
    sources: tuple[tuple[Path, str], ...] = ()
    script: tuple[str, str] | None = None

    def archive(self) -> Iterator[bytes] | None:
        """A tar of everything, to be unpacked at `/`; None where nothing is mounted."""
        if not self.sources and self.script is None:
            return None
        return self._pieces()

    def _pieces(self) -> Iterator[bytes]:
        if self.script is not None:
            place, text = self.script
            content = text.encode()
            info = tarfile.TarInfo(place.lstrip("/"))
            info.size, info.mode = len(content), 0o644
            yield info.tobuf(tarfile.GNU_FORMAT) + content + _padding(len(content))
        for source, place in self.sources:
            for path, inside in files_below(source, place.lstrip("/")):
                yield from _entry(path, inside)
        yield b"\0" * 2 * tarfile.BLOCKSIZE


def mount(mounts: Mounts, built_in: str | None = None) -> Mounting:
    """How `mounts` are mounted; `built_in` is the entry script to use where no code is given.

    Raises BadUsage for a folder, script or model that does not exist.
    """
    check_mounts(mounts)
    environment: list[tuple[str, str]] = []
    sources: list[tuple[Path, str]] = []
    script: tuple[str, str] | None = None
    if mounts.code is not None:
        folder = existing("--code", mounts.code, folder=True)
        root = f"{APP}/{_safe(folder.name)}"
        sources.append((folder, root))
        entry = Path(mounts.scoring_script or "").as_posix()
        environment += [("AML_APP_ROOT", root), ("AZUREML_ENTRY_SCRIPT", entry)]
    elif built_in is not None:
        root = f"{APP}/rehearsal"
        script = (f"{root}/main.py", built_in)
        environment += [("AML_APP_ROOT", root), ("AZUREML_ENTRY_SCRIPT", "main.py")]
    if mounts.model is not None:
        model = existing("--model", mounts.model)
        place = f"{_MODELS}/{_safe(model.stem)}/{_VERSION}"
        sources.append((model, f"{place}/{model.name}"))
        environment.append(("AZUREML_MODEL_DIR", place))
    return Mounting(tuple(environment), tuple(sources), script)


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.") or "mounted"


def _entry(path: Path, inside: str) -> Iterator[bytes]:
    info = tarfile.TarInfo(inside)
    try:
        status = path.stat()
        # Uploaded to the platform, it has lost who may read it; its server is another user there.
        info.mode = status.st_mode & 0o777 | (0o555 if path.is_dir() else 0o444)
        if path.is_dir():
            info.type = tarfile.DIRTYPE
            yield info.tobuf(tarfile.GNU_FORMAT)
            return
        info.size = status.st_size
        with path.open("rb") as content:
            yield info.tobuf(tarfile.GNU_FORMAT)
            left = info.size
            while left and (block := content.read(min(_BLOCK, left))):
                left -= len(block)
                yield block
    except OSError as error:
        raise BadUsage(f"{path} cannot be read for the rehearsal: {error}") from error
    if left:
        raise BadUsage(f"{path} changed while it was copied into the container.")
    yield _padding(info.size)


def _padding(size: int) -> bytes:
    return b"\0" * (-size % tarfile.BLOCKSIZE)
