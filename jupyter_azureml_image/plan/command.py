"""The `docker build` line that does the same."""

from __future__ import annotations

import re
import shlex

from .request import Recipe

_SIGNED_ADDRESS = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*://)[^/\s@]+@")


def docker_build(recipe: Recipe, context: str, reference: str) -> str:
    """The equivalent command, as it would be typed in a POSIX shell; build arguments as given,
    only that the name and password in an address (as of a proxy) are left out."""
    words = ["docker", "build", "--platform", recipe.platform]
    for name, value in recipe.build_args:
        words += ["--build-arg", f"{name}={_without_password(value)}"]
    for secret in recipe.secrets:
        words += ["--secret", f"id={secret.id},{secret.kind}={secret.place}"]
    if recipe.target:
        words += ["--target", recipe.target]
    if recipe.network:
        words += ["--network", recipe.network]
    words += [flag for flag, on in _switches(recipe) if on]
    words += ["-t", reference, "-f", recipe.path or "Dockerfile", context]
    return shlex.join(words)


def _without_password(value: str) -> str:
    return _SIGNED_ADDRESS.sub(r"\1***@", value)


def _switches(recipe: Recipe) -> tuple[tuple[str, bool], ...]:
    return (("--no-cache", recipe.no_cache), ("--pull", recipe.pull))
