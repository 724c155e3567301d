"""The last words of something that failed, matched to the catalogue of known causes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from .catalogue import Signs, all_signs
from .model import Explanation, Where

_SLOT = re.compile(r"\{(\w+)(?:\|([^}]*))?\}")
_LONGEST = 1000  # characters of a line that are looked at
_NOTHING: Mapping[str, str | None] = {}
_QUOTED = 200  # characters of what a line told that a sentence repeats


def explain(
    lines: Iterable[str],
    *,
    where: Where,
    exit_code: int | None = None,
    instruction: str | None = None,
) -> Explanation | None:
    """The known cause that the last of `lines` tells of; None where none is known.

    What was said last counts; a general cause and one known by its exit code alone only where
    nothing else is recognised.
    """
    said = [part[:_LONGEST] for line in lines for part in line.splitlines()]
    known = [signs for signs in all_signs() if fits(signs, said, where, instruction)]
    for general in (False, True):
        ranked = [signs for signs in known if signs.cause.general is general]
        for line in reversed(said):
            for signs in ranked:
                if any(pattern.search(line) for pattern in signs.patterns):
                    return _best(signs, said, instruction)
    for signs in known:
        if exit_code is not None and exit_code in signs.cause.exit_codes:
            return _explanation(signs, None, instruction)
    return None


def fits(signs: Signs, said: Sequence[str], where: Where, instruction: str | None) -> bool:
    """Whether a cause may be looked for here at all."""
    if where not in signs.cause.where:
        return False
    if signs.instruction and (instruction is None or not signs.instruction.search(instruction)):
        return False
    looked_at = said if instruction is None else [*said, instruction]
    return not any(pattern.search(line) for pattern in signs.unless for line in looked_at)


def _best(signs: Signs, said: Sequence[str], instruction: str | None) -> Explanation:
    """By the line that tells most: a cause's expressions stand in that order."""
    tried = ((pattern.search(line), line) for pattern in signs.patterns for line in reversed(said))
    found, line = next((found, line) for found, line in tried if found)
    return _explanation(signs, line, instruction, found.groupdict())


def _explanation(
    signs: Signs,
    line: str | None,
    instruction: str | None,
    told: Mapping[str, str | None] = _NOTHING,
) -> Explanation:
    cause = signs.cause
    values = dict(told)
    if signs.instruction and instruction and (found := signs.instruction.search(instruction)):
        values = {**found.groupdict(), **values}
    named = {name: cause.names.get(value or "", value) for name, value in values.items()}
    return Explanation(
        cause.code,
        _filled(cause.sentence, values),
        _filled(cause.action, named),
        cause.why,
        line,
        cause.general,
    )


def _filled(text: str, values: Mapping[str, str | None]) -> str:
    def value(slot: re.Match[str]) -> str:
        found = values.get(slot[1])
        told = (slot[2] or "") if found is None else " ".join(found.split())
        return told if len(told) <= _QUOTED else told[: _QUOTED - 1] + "…"

    return _SLOT.sub(value, text)
