"""What `bases` takes, as a verb of the notebook and as a command."""

from __future__ import annotations

from .table import Option, Word

IMAGES = Word("words", "WORDS", "Only those that match, or one IMAGE:TAG.", needed=False, many=True)
REFRESH = Option(
    ("--refresh",),
    "Ask the registry for tags and digests; of one IMAGE:TAG, the line that pins it.",
    "switch",
)
