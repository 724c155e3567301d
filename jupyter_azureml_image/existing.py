"""What exists already of a plan: each later stage is reused on its own terms."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from . import state, wire
from .build.ports import BuiltImage
from .context.manifest import resolve_context
from .journal import Journal, RunRow
from .outside import LocalImage, Outside
from .plan.fingerprint import Fingerprint
from .plan.registration import RegisteredEnvironment, Workspace
from .plan.request import Rehearsal
from .rehearse.verdict import Verdict

FINGERPRINT = "azureml-image.fingerprint"
"""The image label, and the environment tag `fingerprint`, that say what an image was made of."""


@dataclass(frozen=True, slots=True)
class Existing:
    """`image` is in the local engine, `pushed` in the registry, `registered` in the workspace;
    `verdict` was given to this very content under the same rehearsal."""

    image: BuiltImage | None = None
    verdict: Verdict | None = None
    pushed: str | None = None
    registered: RegisteredEnvironment | None = None


def local_image(outside: Outside, reference: str, fingerprint: Fingerprint) -> BuiltImage | None:
    """The engine's image of that name, if it was made of the same things."""
    found: LocalImage | None = outside.image(reference)
    if found is None or found.labels.get(FINGERPRINT) != fingerprint.value:
        return None
    return BuiltImage(found.image_id, reference, size=found.size)


def earlier_fingerprint(journal: Journal, name: str) -> Fingerprint | None:
    """That of the latest run of this environment that came as far as a plan."""
    for row in journal.runs(name=name):
        plan = row.facts.get("plan")
        if plan and "image" in row.facts:
            return wire.load(Fingerprint, plan["fingerprint"])
    return None


def verdict_for(journal: Journal, name: str, key: str) -> Verdict | None:
    """The verdict of an earlier rehearsal under the same key, unless it failed."""
    for row in journal.runs(name=name):
        if row.facts.get("rehearsal") == key and "verdict" in row.facts:
            verdict = wire.load(Verdict, row.facts["verdict"])
            if verdict.outcome in ("served", "started", "not applicable"):
                return verdict
    return None


def pushed_digest(
    journal: Journal, workspace: Workspace, place: tuple[str, str], fingerprint: Fingerprint
) -> str | None:
    """The digest an earlier run pushed to `place` (login server, repository) for the same
    content, if the registry still holds it."""
    for row in journal.runs():
        digest = _pushed(row, place, fingerprint)
        if digest and workspace.has_image(*place, digest):
            return digest
    return None


def _pushed(row: RunRow, place: tuple[str, str], fingerprint: Fingerprint) -> str | None:
    pushed = row.facts.get("pushed") or {}
    same = pushed.get("fingerprint") == fingerprint.value
    return pushed["digest"] if same and tuple(pushed["place"]) == place else None


def rehearsal_key(fingerprint: Fingerprint, rehearsal: Rehearsal) -> str:
    """What a verdict is true for: the image's content, the sample, the mounts, the routes."""
    mounts = rehearsal.mounts
    folders = [
        resolve_context(Path(place), snapshots=state.folder() / "snapshots").digest
        if place and Path(place).is_dir()
        else place and hashlib.sha256(Path(place).read_bytes()).hexdigest()
        for place in (mounts.code, mounts.model)
    ]
    parts = [
        fingerprint.value,
        rehearsal.sample,
        mounts.scoring_script,
        folders,
        wire.dump(rehearsal.routes),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
