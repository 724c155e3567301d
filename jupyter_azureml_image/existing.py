"""What exists already of a plan: each later stage is reused on its own terms."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from pathlib import Path

from . import state, wire
from .build.ports import BuiltImage
from .errors import AzureError, Forbidden, RegistryError
from .journal import Journal
from .outside import LocalImage, Outside
from .plan.fingerprint import Fingerprint
from .plan.mounted import digest_of
from .plan.registration import RegisteredEnvironment, Workspace
from .plan.request import Rehearsal
from .records import dataclass
from .rehearse.verdict import Verdict

FINGERPRINT = "azureml-image.fingerprint"
"""The image label, and the environment tag `fingerprint`, that say what an image was made of."""

RUN = "azureml-image.run"
"""The image label that says which run built it."""


@dataclass(frozen=True, slots=True)
class Existing:
    """`image` is in the local engine, `pushed` in the registry, `registered` in the workspace;
    `verdict` was given to this very content under the same rehearsal."""

    image: BuiltImage | None = None
    verdict: Verdict | None = None
    pushed: str | None = None
    registered: RegisteredEnvironment | None = None


def local_image(
    outside: Outside, reference: str, fingerprint: Fingerprint, *, by: str | None = None
) -> BuiltImage | None:
    """The engine's image of that name, if it was made of the same things (and by the run `by`)."""
    found: LocalImage | None = outside.image(reference)
    if found is None or found.labels.get(FINGERPRINT) != fingerprint.value:
        return None
    if by is not None and found.labels.get(RUN) != by:
        return None
    return BuiltImage(found.image_id, reference, size=found.size)


def earlier_fingerprint(journal: Journal, name: str) -> Fingerprint | None:
    """That of the latest run of this environment that made an image."""
    for facts in journal.noted("plan", "image", of=name):
        return wire.load(Fingerprint, facts["plan"]["fingerprint"])
    return None


def latest_build(journal: Journal, name: str, fingerprint: Fingerprint) -> str:
    """The run that built this content last, empty where none is known: two builds of one
    content may differ (`--no-cache`), and what is true for one is not for the other."""
    for facts in journal.noted("built", of=name):
        if facts["built"]["fingerprint"] == fingerprint.value:
            return str(facts["built"]["run"])
    return ""


def verdict_for(journal: Journal, name: str, key: str) -> Verdict | None:
    """The verdict of an earlier rehearsal under the same key, unless it failed."""
    for facts in journal.noted("rehearsal", "verdict", of=name):
        if facts["rehearsal"] == key:
            verdict = wire.load(Verdict, facts["verdict"])
            if verdict.outcome in ("served", "started", "not applicable"):
                return verdict
    return None


def pushed_digest(
    journal: Journal,
    workspace: Workspace,
    place: tuple[str, str],
    fingerprint: Fingerprint,
    built: str,
) -> str | None:
    """The digest an earlier run pushed to `place` (login server, repository) for the same
    content as the run `built` made it, if the registry still holds it."""
    for facts in journal.noted("pushed"):
        pushed = facts["pushed"]
        if pushed["fingerprint"] != fingerprint.value or tuple(pushed["place"]) != place:
            continue
        if pushed.get("built", "") != built:
            continue
        with suppress(Forbidden):  # a right to build and push is no right to read
            if workspace.has_image(*place, pushed["digest"]):
                return str(pushed["digest"])
    return None


def is_gone(workspace: Workspace, registered: RegisteredEnvironment) -> bool:
    """Whether the registry says that it holds a registered image no longer; not where it cannot
    be asked from here."""
    name, _, digest = (registered.image or "").partition("@")
    server, _, repository = name.partition("/")
    if not digest:
        return False
    try:
        return not workspace.has_image(server, repository, digest)
    except (AzureError, RegistryError):
        return False


def rehearsal_key(fingerprint: Fingerprint, rehearsal: Rehearsal, built: str) -> str:
    """What a verdict is true for: the image's content and the run that `built` it, the sample,
    the mounts, the routes."""
    mounts = rehearsal.mounts
    folders = [
        place and digest_of(Path(place), state.folder() / "snapshots")
        for place in (mounts.code, mounts.model)
    ]
    parts = [
        fingerprint.value,
        rehearsal.sample,
        mounts.scoring_script,
        folders,
        wire.dump(rehearsal.routes),
        *([built] if built else []),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
