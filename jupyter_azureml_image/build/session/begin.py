"""Begin the session of one build."""

from __future__ import annotations

import hashlib
import platform
import uuid
from functools import partial

from ..engine import Engine
from ..ports import BuildJob
from . import door, signing
from .serving import METHODS, Offer, Session
from .trees import ContextTree, Texts, Tree, carries

DOCKERFILE = "Dockerfile"
# It is asked for before the context's own ignore file, which was applied already.
_RULES = {f"{DOCKERFILE}.dockerignore": b"# The context holds only what is to be sent.\n"}


def begin(engine: Engine, job: BuildJob) -> Session | None:
    """A session that serves the job's context and Dockerfile; None where the engine refuses
    it, or a file's name does not fit (it is no UTF-8)."""
    if not carries(job.manifest):
        return None
    identity = uuid.uuid4().hex
    stream = door.ask(engine, identity, _key(job.manifest.root), METHODS)
    if stream is None:
        return None
    text = job.recipe.text.encode("utf-8", "surrogateescape")
    trees: dict[str, Tree] = {
        "context": ContextTree(job.manifest),
        "dockerfile": Texts({DOCKERFILE: text, **_RULES}),
    }
    return Session(identity, stream, Offer(trees, partial(signing.answer, engine)))


def _key(root: str) -> str:
    """Stands for one folder of one machine."""
    words = f"azureml-image\0{platform.node()}\0{root}"
    return hashlib.sha256(words.encode("utf-8", "surrogateescape")).hexdigest()
