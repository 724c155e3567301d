"""The `docker build` line that does the same."""

from __future__ import annotations

import shlex

from .request import Recipe, without_password


def docker_build(recipe: Recipe, context: str, reference: str) -> str:
    """The equivalent command, as it would be typed in a POSIX shell; build arguments as given,
    only that the name and password in an address (as of a proxy) are left out."""
    words = ["docker", "build", "--platform", recipe.platform]
    for name, value in recipe.build_args:
        words += ["--build-arg", f"{name}={without_password(value)}"]
    for secret in recipe.secrets:
        words += ["--secret", f"id={secret.id},{secret.kind}={secret.place}"]
    if recipe.target:
        words += ["--target", recipe.target]
    if recipe.network:
        words += ["--network", recipe.network]
    words += [flag for flag, on in _switches(recipe) if on]
    words += ["-t", reference, "-f", recipe.path or "Dockerfile", context]
    return shlex.join(words)


def _switches(recipe: Recipe) -> tuple[tuple[str, bool], ...]:
    return (("--no-cache", recipe.no_cache), ("--pull", recipe.pull))
