"""Every error this package raises.

ImageError
├── BadUsage               a word on the magic line, an option or an argument is wrong
├── BadSettings            a setting has a value that cannot be used
├── CheckFailed            findings at or above --fail-on (carries them)
├── ContextError           the build context cannot be read, or must not be sent
│   └── ContextChanged     a file changed while it was read (context/reading.py)
├── BuilderUnavailable     no builder here can do what is asked (says what was tried)
├── BuildFailed            the build ran and failed (instruction, exit code, log)
├── RehearsalFailed        the image does not serve as Azure ML would start it
├── RegistryError          pushing to or reading from a container registry
├── AzureError             Azure answered no
│   ├── SignedOut          nobody is signed in, or the sign-in expired
│   ├── Forbidden          a right is missing
│   ├── QuotaExceeded      the subscription has no room for it
│   ├── TasksNotPermitted  this registry may not run ACR Tasks
│   ├── VersionTaken       that environment version holds something else
│   ├── NotConnected       no workspace is connected
│   └── ServiceFault       Azure failed, or its answer could not be understood
├── DeploymentFailed       the deployment or its container did not come up
├── SandboxError           the offline workspace could not be started or reached
└── Cancelled              the user stopped the run (also a KeyboardInterrupt)

An `ImageError` is shown in two or three lines: what, where, what to do next. The full
traceback stays on `__cause__` and is shown with `--traceback`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .records import dataclass

if TYPE_CHECKING:
    from .lint.diagnostic import Diagnostic


class ImageError(Exception):
    """A failure as a sentence: `message` says what and where, `hint` what to do next."""

    code: str = "image-error"

    def __init__(self, message: str, *, hint: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint or None  # where no known word is near, there is nothing to say
        self.code = code or type(self).code

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message}\n  {self.hint}"

    def _render_traceback_(self) -> list[str]:
        """What IPython shows instead of a traceback, and stores in the saved notebook."""
        lines = [f"{type(self).__name__}: {self.message}"]
        if self.hint:
            lines += [f"  {line}" for line in self.hint.splitlines()]
        return lines


class BadUsage(ImageError):
    """A word on the magic line, an option or an argument cannot be used."""

    code = "bad-usage"


class BadSettings(ImageError):
    """A setting has a value that cannot be used; names the setting and where it was read."""

    code = "bad-settings"


class CheckFailed(ImageError):
    """Findings at or above `--fail-on` stopped the run."""

    code = "check-failed"

    def __init__(
        self, message: str, diagnostics: Sequence[Diagnostic] = (), *, hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.diagnostics = tuple(diagnostics)


class ContextError(ImageError):
    """The build context cannot be read, changed while it was read, or must not be sent."""

    code = "context"


class BuilderUnavailable(ImageError):
    """No builder here can do what is asked; the message says what was tried."""

    code = "builder-unavailable"


@dataclass(frozen=True, slots=True)
class BuildFailure:
    """Where a build failed; fields that the builder did not tell are None.

    `instruction` is the failing instruction's text, `line` its line in the Dockerfile,
    `exit_code` its command's, `last_lines` the end of its output.
    """

    instruction: str | None = None
    line: int | None = None
    exit_code: int | None = None
    last_lines: tuple[str, ...] = ()


class BuildFailed(ImageError):
    """The build ran and failed; `failure` says where."""

    code = "build-failed"

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        code: str | None = None,
        failure: BuildFailure | None = None,
    ) -> None:
        super().__init__(message, hint=hint, code=code)
        self.failure = failure or BuildFailure()


class RehearsalFailed(ImageError):
    """The image does not serve as Azure ML would start it."""

    code = "rehearsal-failed"


class RegistryError(ImageError):
    """Pushing to, or reading from, a container registry failed."""

    code = "registry"


class AzureError(ImageError):
    """Azure answered no."""

    code = "azure"


class SignedOut(AzureError):
    """Nobody is signed in, or the sign-in expired."""

    code = "signed-out"


class Forbidden(AzureError):
    """A right is missing; the hint names the action and the least role that has it."""

    code = "forbidden"


class QuotaExceeded(AzureError):
    """The subscription has no room for what was asked."""

    code = "quota"


class TasksNotPermitted(AzureError):
    """This registry may not run ACR Tasks (trial, student or flagged subscriptions)."""

    code = "tasks-not-permitted"


class VersionTaken(AzureError):
    """That environment version is registered with other content."""

    code = "version-taken"


class NotConnected(AzureError):
    """No workspace is connected."""

    code = "not-connected"


class ServiceFault(AzureError):
    """Azure failed, or its answer could not be understood."""

    code = "service-fault"


class DeploymentFailed(ImageError):
    """The deployment, or the container behind it, did not come up."""

    code = "deployment-failed"


class SandboxError(ImageError):
    """The offline workspace could not be started or reached."""

    code = "sandbox"


class Cancelled(ImageError, KeyboardInterrupt):
    """The user stopped the run; the hint says how to attach to what still runs, if anything."""

    code = "cancelled"
