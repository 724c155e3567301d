from __future__ import annotations

import warnings

import pytest


@pytest.fixture(autouse=True, scope="session")
def _azure_ai_ml() -> None:
    """Imported once before the tests: its own dependencies warn while they are imported."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import azure.ai.ml  # noqa: F401
