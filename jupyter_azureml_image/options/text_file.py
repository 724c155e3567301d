"""The file that a Dockerfile's text is read from, and the one it is written to."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from ..errors import BadUsage, ImageError
from ..paths import Name
from .parse import nearest

# A file of a folder that may not be changed, of another owner, or mounted by itself.
_UNREPLACEABLE = (errno.EACCES, errno.EPERM, errno.EBUSY)


def read_text(path: Name) -> str:
    """A Dockerfile's text, its line ends and byte order mark untouched. Raises BadUsage."""
    try:
        return Path(path).read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise _missing(Path(path)) from None
    except IsADirectoryError:
        raise BadUsage(
            f"{path} is a folder.", hint=f"Name the file in it: {Path(path, 'Dockerfile')}."
        ) from None
    except UnicodeDecodeError as error:
        raise BadUsage(
            f"{path} is not UTF-8 text (byte {error.start}).", hint="Save it as UTF-8."
        ) from None
    except (OSError, ValueError) as error:
        raise BadUsage(f"{shown(path)} cannot be read: {reason(error)}.") from error


def write_text(
    path: Name,
    text: str,
    *,
    flag: str = "--save",
    hint: str = "Name a file in a folder that exists and may be written.",
) -> None:
    """Put the text into the file, all of it or nothing; raises ImageError naming `flag`."""
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        raise ImageError(
            f"{flag}: line {line} of the text holds half a character "
            f"({text[error.start]!a}), which no file can hold.",
            hint="Write that character again.",
        ) from None
    try:
        _put(Path(path), data)
    except (OSError, ValueError) as error:
        raise ImageError(
            f"{flag}: {shown(path)} cannot be written: {reason(error)}.", hint=hint
        ) from error


def shown(path: Name) -> str:
    """A file's name, such that it can be printed."""
    name = os.fspath(path)
    return name if name.isprintable() else ascii(name)


def reason(error: OSError | ValueError) -> str:
    """Why a file could not be opened, read or written."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return "no file can have that name"


def _missing(path: Path) -> BadUsage:
    if path.is_symlink():
        goal = os.readlink(path)  # noqa: PTH115  # as it is written
        return BadUsage(
            f"{path} is a link to {goal}, which is not there.", hint="Name the file itself."
        )
    return BadUsage(f"There is no Dockerfile at {path}.", hint=_near(path))


def _near(path: Path) -> str:
    if not path.parent.exists():
        return f"There is no folder {path.parent}."
    try:
        near = nearest(path.name, [p.name for p in path.parent.iterdir()])
    except OSError:
        near = ""
    return near or f"Looked in {path.parent.absolute()}."


def _put(place: Path, data: bytes) -> None:
    there = place.is_file()
    if there:
        with place.open("r+b"):
            pass  # one that may not be written is not to be replaced either
    elif place.exists():
        place.write_bytes(data)  # a pipe, or /dev/stdout
        return
    try:
        _replace(place.resolve(), data, there)
    except OSError as error:
        if not there or error.errno not in _UNREPLACEABLE:
            raise
        place.write_bytes(data)


def _replace(place: Path, data: bytes, there: bool) -> None:
    """By a file written beside it, so that no reader ever finds half a text."""
    half = place.with_name(f".{os.urandom(8).hex()}.half")
    try:
        with half.open("xb") as file:
            file.write(data)
        if there:
            before = place.stat()
            if os.name == "posix":
                os.chown(half, before.st_uid, before.st_gid)
            half.chmod(before.st_mode & 0o7777)
        half.replace(place)
    except BaseException:
        half.unlink(missing_ok=True)
        raise
