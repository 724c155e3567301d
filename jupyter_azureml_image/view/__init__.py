"""Showing a run: the state folded from its events, as text and as HTML."""
