"""The context where the registry can read it: as it was uploaded before, else uploaded now.

An upload is counted on as long as its signed address lives. Within that time the same archive is
not sent to the same registry twice, whichever kernel sent it. Remembered is where it lies, never
the signature; where Azure has removed it all the same, the run says so and it is sent again.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from .. import state
from ..build.shipment import Shipment

_MARGIN = 600.0  # seconds: a run may wait before it reads its source
_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Uploads:
    """What was uploaded to one registry, remembered on local disk."""

    registry_id: str

    def find(self, sent: Shipment) -> str | None:
        """Where the same archive lies, for long enough from now on."""
        try:
            known = json.loads(self._file(sent).read_text(encoding="utf-8"))
            return str(known["location"]) if known["until"] - _MARGIN > time.time() else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, sent: Shipment, location: str, url: str) -> None:
        """Remember what was uploaded to a signed address, until its signature ends."""
        until = _until(url)
        if until is not None:
            with suppress(OSError):  # a full disk, or another kernel at the same: sent again then
                self._write(self._file(sent), json.dumps({"location": location, "until": until}))

    def _write(self, file: Path, text: str) -> None:
        file.parent.mkdir(mode=0o700, exist_ok=True)
        for old in file.parent.iterdir():
            if time.time() - old.stat().st_mtime > _DAY:
                old.unlink(missing_ok=True)
        half = file.with_suffix(f".{os.getpid()}")
        half.write_text(text, encoding="utf-8")
        half.replace(file)

    def forget(self, sent: Shipment) -> None:
        """It is not there any more."""
        with suppress(OSError):
            self._file(sent).unlink(missing_ok=True)

    def _file(self, sent: Shipment) -> Path:
        parts = (self.registry_id, sent.manifest.digest, *sent.extra, sent.folder, sent.text)
        content = "\0".join(parts).encode("utf-8", "surrogateescape")
        return state.folder() / "uploads" / f"{hashlib.sha256(content).hexdigest()}.json"


def _until(url: str) -> float | None:
    """When a signature ends, in Unix seconds."""
    ends = parse_qs(urlsplit(url).query).get("se", [""])[0]
    try:
        moment = datetime.strptime(ends[:19], "%Y-%m-%dT%H:%M:%S")
    except ValueError:
        return None
    return moment.replace(tzinfo=timezone.utc).timestamp()
