"""The base images of Azure ML: what is known of them offline, and a refresh from the registry."""

from __future__ import annotations

from .catalog import (
    BaseImage,
    Catalog,
    age_sentence,
    base_facts,
    find,
    is_exact,
    load,
    named,
    search,
    split_reference,
)

__all__ = [
    "BaseImage",
    "Catalog",
    "age_sentence",
    "base_facts",
    "find",
    "is_exact",
    "load",
    "named",
    "search",
    "split_reference",
]
