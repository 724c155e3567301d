"""The context is looked at again as soon as buildx has read it, while the build goes on.

Later is too late: who edits a file while the image builds should not be told that it changed.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

from ..context.recheck import recheck
from .ports import BuildJob


class Untouched:
    """The looks at one job's context; a build of an earlier kernel (None) is past looking."""

    def __init__(self, job: BuildJob | None) -> None:
        self._job = job
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="azureml-image-recheck")
        self._looks: list[Future[None]] = []

    def __enter__(self) -> Untouched:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def look(self) -> None:
        """Start to compare the context with the manifest; returns at once."""
        if self._job is not None:
            place = self._job.recipe.path
            self._looks.append(self._pool.submit(recheck, self._job.manifest, place))

    def judge(self) -> None:
        """Raises ContextChanged, naming the file, where a look found a change."""
        for look in self._looks:
            look.result()
