"""What each instruction takes: how its arguments are cut, which flags it knows."""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from ..records import dataclass

Shape = Literal["blank", "list", "command", "pairs", "names", "single", "health", "inner"]
"""How arguments are cut into words: at ASCII blanks; likewise unless they are a JSON array; one
command unless JSON; name and value pairs; names; not at all; HEALTHCHECK's way; an instruction."""

FlagKind = Literal["switch", "text", "texts"]
"""A switch may stand without a value; `texts` may be given several times."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One instruction. `flags` None: BuildKit does not look at them."""

    shape: Shape
    flags: dict[str, FlagKind] | None = field(default_factory=dict)
    least: int = 0
    exactly: int | None = None


_FILES: dict[str, FlagKind] = {
    "chown": "text",
    "chmod": "text",
    "link": "switch",
    "exclude": "texts",
}

RULES: dict[str, Rule] = {
    "ADD": Rule(
        "list",
        {**_FILES, "keep-git-dir": "switch", "checksum": "text", "unpack": "switch"},
        least=2,
    ),
    "ARG": Rule("names", None, least=1),
    "CMD": Rule("command"),
    "COPY": Rule("list", {**_FILES, "from": "text", "parents": "switch"}, least=2),
    "ENTRYPOINT": Rule("command"),
    "ENV": Rule("pairs", least=1),
    "EXPOSE": Rule("blank", least=1),
    "FROM": Rule("blank", {"platform": "text"}),
    "HEALTHCHECK": Rule(
        "health",
        {
            "interval": "text",
            "timeout": "text",
            "start-period": "text",
            "start-interval": "text",
            "retries": "text",
        },
        least=1,
    ),
    "LABEL": Rule("pairs", least=1),
    "MAINTAINER": Rule("single", exactly=1),
    "ONBUILD": Rule("inner", least=1),
    "RUN": Rule(
        "command",
        {"mount": "texts", "device": "texts", "network": "text", "security": "text"},
    ),
    "SHELL": Rule("command", least=1),
    "STOPSIGNAL": Rule("single", None, exactly=1),
    "USER": Rule("single", exactly=1),
    "VOLUME": Rule("list", least=1),
    "WORKDIR": Rule("single", exactly=1),
}
"""The flags are those of Dockerfile frontend 1.20 (`--parents` and `--security` were reserved for
the labs channel before, and an older builder refuses them: see `evaluate`'s needs)."""

KEYWORDS: tuple[str, ...] = tuple(RULES)
