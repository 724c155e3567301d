"""Which kind of value a name in a body holds: Azure reads a body into its types before it looks
at what it says."""

from __future__ import annotations

from collections.abc import Mapping

KINDS: dict[type, tuple[str, tuple[str, ...]]] = {
    dict: (
        "an object",
        (
            *("properties", "tags", "identity", "sku", "build", "inferenceConfig", "flavors"),
            *("traffic", "mirrorTraffic", "codeConfiguration", "environmentVariables"),
            *("scaleSettings", "requestSettings", "livenessProbe", "readinessProbe"),
            *("platform", "agentConfiguration", "credentials"),
        ),
    ),
    list: ("a list", ("imageNames", "arguments", "values")),
    str: ("text", ("condaFile", "image", "authMode", "keyType", "keyValue")),
    int: ("a whole number", ("timeout", "tail", "expireAfterHours")),
}
ENTRIES = {"imageNames": str, "arguments": dict, "values": dict}


def misread(document: Mapping[str, object]) -> str:
    """Return the sentence about a value of the wrong kind, or ''. Looks at the document and its
    `properties`: what lies deeper may be the user's own."""
    found = _wrong(document)
    inner = document.get("properties")
    return found or (_wrong(inner) if isinstance(inner, dict) else "")


def _wrong(document: Mapping[str, object]) -> str:
    for kind, (word, names) in KINDS.items():
        for name in names:
            value = document.get(name)
            if value is not None and not _fits(value, kind):
                return f"The value of '{name}' must be {word}."
    for name, kind in ENTRIES.items():
        entries = document.get(name)
        if isinstance(entries, list) and not all(isinstance(entry, kind) for entry in entries):
            return f"An entry of '{name}' must be {KINDS[kind][0]}."
    return ""


def _fits(value: object, kind: type) -> bool:
    if kind is int and isinstance(value, str):  # a number in quotes is read as one
        return value.isdecimal()
    return isinstance(value, kind)
