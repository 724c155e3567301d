"""Build, rehearse and register Azure ML images from a notebook cell."""

__version__ = "0.1.0"
