"""Dockerfile text, with positions: parsing, dry evaluation, edits."""
