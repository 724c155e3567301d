"""Versions that are known to install on the current base (Python 3.12), for fixes to write.

A fix that adds a package pins it, so that it does not bring the next finding along. All are
releases of early 2025 with wheels for CPython 3.12 on Linux.
"""

from __future__ import annotations

FRAMEWORKS = {
    "pytorch": "torch==2.6.0",
    "tensorflow": "tensorflow==2.18.0",
    "sklearn": "scikit-learn==1.6.1",
    "onnxruntime": "onnxruntime==1.20.1",
    "xgboost": "xgboost==2.1.4",
    "lightgbm": "lightgbm==4.6.0",
}
"""What a retired image's framework is called on PyPI, with a version."""

FROM_APT = {
    "python3-opencv": "opencv-python-headless==4.11.0.86",
    "python3-numpy": "numpy==2.2.3",
    "python3-scipy": "scipy==1.15.2",
    "python3-pandas": "pandas==2.2.3",
    "python3-matplotlib": "matplotlib==3.10.1",
    "python3-sklearn": "scikit-learn==1.6.1",
    "python3-pil": "pillow==11.1.0",
    "python3-yaml": "pyyaml==6.0.2",
    "python3-requests": "requests==2.32.3",
    "python3-flask": "flask==3.1.0",
    "python3-lxml": "lxml==5.3.1",
    "python3-h5py": "h5py==3.13.0",
    "python3-nltk": "nltk==3.9.1",
    "python3-skimage": "scikit-image==0.25.2",
}
"""Debian's Python packages and what pip calls them."""

APT_TOOLS = frozenset(
    (
        "python3-pip",
        "python3-dev",
        "python3-venv",
        "python3-distutils",
        "python3-setuptools",
        "python3-wheel",
        "python3-apt",
        "python3-minimal",
        "python3-software-properties",
        "python3-launchpadlib",
    )
)
"""Debian packages that are tools of the system's Python, not libraries to score with."""
