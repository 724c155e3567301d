"""Colours, once: every pair of text and ground meets WCAG AA (a test computes it)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shade:
    """The colours of one theme; `ground` is the darkest or lightest ground they stand on."""

    ground: str
    block: str
    text: str
    quiet: str
    good: str
    bad: str
    warn: str
    accent: str
    on_accent: str


LIGHT = Shade(
    ground="#ffffff",
    block="#f3f4f6",
    text="#1b1b1f",
    quiet="#565a63",
    good="#14682c",
    bad="#b3131b",
    warn="#7f4a00",
    accent="#0f5ea8",
    on_accent="#ffffff",
)

DARK = Shade(
    ground="#111318",
    block="#22262e",
    text="#eceef2",
    quiet="#aeb4be",
    good="#6cd98a",
    bad="#ff9a94",
    warn="#f2c35c",
    accent="#86c0ff",
    on_accent="#0b1a2b",
)

ROLES = ("ground", "block", "text", "quiet", "good", "bad", "warn", "accent", "on_accent")


def contrast(one: str, other: str) -> float:
    """The WCAG 2 contrast ratio of two `#rrggbb` colours."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[i : i + 2], 16) / 255) for i in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
