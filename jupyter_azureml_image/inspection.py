"""The stages that look and do nothing: findings, and what would be sent."""

from __future__ import annotations

from pathlib import Path

from .context.credentials import credential_files
from .context.describe import describe, notebook_warning, sentence
from .context.manifest import ContextManifest
from .errors import CheckFailed, ContextError
from .gather import Known
from .lint.check import CheckInput, check
from .lint.diagnostic import Diagnostic, Severity, at_least
from .outside import Outside
from .plan.request import BuildRequest


def inspect_text(request: BuildRequest, known: Known, outside: Outside) -> tuple[Diagnostic, ...]:
    """All findings on the Dockerfile text, ours and the outside linter's, in one list."""
    return check(question_of(request, known, outside))


def question_of(request: BuildRequest, known: Known, outside: Outside) -> CheckInput:
    """What the check is asked: the text and every fact that was gathered for it."""
    root = Path(request.context)
    return CheckInput(
        dockerfile=known.dockerfile,
        facts=known.facts,
        bases={reference: base.facts for reference, base in known.bases.items()},
        manifest=known.manifest,
        read=lambda path: _read(root / path),
        abilities=known.abilities,
        locally=known.locally,
        request=request,
        generic=outside.lint_text(request.recipe.text),
    )


def stop_on(findings: tuple[Diagnostic, ...], request: BuildRequest) -> str:
    """The check's sentence; raises CheckFailed where a finding is bad enough to stop."""
    fail_on, above = request.check.fail_on, request.recipe.above
    level: Severity = "warning" if fail_on == "warning" else "error"
    bad = at_least(findings, level) if fail_on != "never" else ()
    if bad:
        first = bad[0]
        more = f" (and {len(bad) - 1} more)" if len(bad) > 1 else ""
        raise CheckFailed(
            f"Line {first.line + above}: {first.message} [{first.code}]{more}",
            findings,
            hint=first.remedy or "Nothing was built. See the findings above.",
        )
    if not findings:
        return "Nothing found."
    return f"{len(findings)} finding{'s' if len(findings) > 1 else ''}, none of them stops the run."


def inspect_context(
    request: BuildRequest, manifest: ContextManifest
) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
    """The listing, its sentence and its warnings; raises ContextError where a file that looks
    like a credential would be sent."""
    suspects = credential_files(manifest, request.check.allow_files)
    if suspects:
        first = suspects[0]
        raise ContextError(
            f"'{first.path}' looks like a credential ({first.why}) and would be sent.",
            hint=f"Add it to {manifest.ignore_file or '.dockerignore'}, or name it with "
            f"--allow-file {first.path} if it is none.",
            code="credential",
        )
    notebook = Path(request.notebook) if request.notebook else None
    warning = notebook_warning(manifest, notebook)
    return describe(manifest), f"{sentence(manifest)}.", (warning,) if warning else ()


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
