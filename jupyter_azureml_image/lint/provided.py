"""Which modules an image can certainly import: the standard library, its packages, its code.

The answer is only used to say that something is *missing*, so every doubt counts as present.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from .installs import PipInstall, Requirement, conda_file, normalised, requirement_lines

if TYPE_CHECKING:
    from .subject import Subject

SERVER_PACKAGES = frozenset(
    (
        "azureml_inference_server_http", "inference_schema", "flask", "flask_cors", "werkzeug",
        "jinja2", "markupsafe", "itsdangerous", "click", "blinker", "gunicorn", "waitress",
        "pydantic", "pydantic_core", "pydantic_settings", "annotated_types", "typing_extensions",
        "dotenv", "packaging", "psutil", "requests", "urllib3", "certifi", "idna",
        "charset_normalizer", "opencensus", "opentelemetry", "google", "wrapt", "pytz", "dateutil",
        "six", "azure", "msal", "msal_extensions", "cryptography", "cffi", "pycparser", "jwt",
        "isodate", "numpy", "joblib", "pip", "setuptools", "wheel", "pkg_resources", "yaml",
        "msrest", "fixedint", "rsa", "cachetools", "importlib_metadata", "zipp", "deprecated",
        "portalocker", "oauthlib", "requests_oauthlib", "azureml",
    )
)  # fmt: skip
"""What the minimal images bring: azureml-inference-server-http with all it depends on, and
azure-storage-blob, azure-identity, numpy and joblib."""

IMPORT_NAMES = {
    "scikit-learn": ("sklearn",),
    "scikit-image": ("skimage",),
    "opencv-python": ("cv2",),
    "opencv-python-headless": ("cv2",),
    "opencv-contrib-python": ("cv2",),
    "opencv-contrib-python-headless": ("cv2",),
    "pillow": ("PIL",),
    "pyyaml": ("yaml",),
    "beautifulsoup4": ("bs4",),
    "python-dateutil": ("dateutil",),
    "python-dotenv": ("dotenv",),
    "pytorch": ("torch",),
    "pytorch-lightning": ("pytorch_lightning", "lightning_fabric"),
    "tensorflow-cpu": ("tensorflow", "keras"),
    "tensorflow-gpu": ("tensorflow", "keras"),
    "onnxruntime-gpu": ("onnxruntime",),
    "faiss-cpu": ("faiss",),
    "faiss-gpu": ("faiss",),
    "protobuf": ("google",),
    "pyjwt": ("jwt",),
    "mlflow-skinny": ("mlflow",),
    "azureml-mlflow": ("azureml", "mlflow"),
}
"""Where the name to import differs from the package's."""

_DATA = ("numpy", "pandas", "dateutil", "pytz", "tzdata", "six")
_SCIENCE = ("numpy", "scipy", "joblib", "threadpoolctl")
_TORCH = ("numpy", "sympy", "networkx", "jinja2", "fsspec", "filelock", "typing_extensions")
_PLOTS = ("numpy", "PIL", "dateutil", "pyparsing", "cycler", "kiwisolver")
_HUB = ("huggingface_hub", "tqdm", "yaml", "requests", "filelock", "fsspec", "regex", "numpy")

BRINGS: dict[str, tuple[str, ...]] = {
    "scikit-learn": _SCIENCE,
    "pandas": _DATA,
    "scipy": ("numpy",),
    "torch": _TORCH,
    "torchvision": ("torch", "PIL", *_TORCH),
    "xgboost": ("numpy", "scipy"),
    "lightgbm": ("numpy", "scipy"),
    "catboost": ("matplotlib", "scipy", "plotly", "graphviz", *_DATA, *_PLOTS),
    "onnxruntime": ("numpy", "flatbuffers", "coloredlogs", "sympy", "packaging", "google"),
    "onnx": ("numpy", "google", "ml_dtypes"),
    "skl2onnx": ("sklearn", "onnx", "google", *_SCIENCE),
    "matplotlib": _PLOTS,
    "seaborn": ("matplotlib", *_PLOTS, *_DATA),
    "statsmodels": ("scipy", "patsy", *_DATA),
    "imbalanced-learn": ("sklearn", *_SCIENCE),
    "opencv-python": ("numpy",),
    "opencv-python-headless": ("numpy",),
    "scikit-image": ("scipy", "networkx", "PIL", "imageio", "tifffile", "numpy"),
    "tensorflow": ("keras", "h5py", "numpy", "google", "absl", "ml_dtypes", "tensorboard", "rich"),
    "keras": ("numpy", "rich", "h5py", "absl", "ml_dtypes", "namex", "optree"),
    "transformers": ("tokenizers", "safetensors", *_HUB),
    "tokenizers": _HUB,
    "sentence-transformers": (
        "torch", "transformers", "sklearn", "PIL", "tokenizers", *_HUB, *_TORCH, *_SCIENCE
    ),
    "nltk": ("regex", "tqdm", "click", "joblib"),
    "fastapi": ("starlette", "pydantic", "anyio", "typing_extensions"),
    "uvicorn": ("click", "h11"),
    "openai": ("httpx", "anyio", "pydantic", "tqdm", "distro", "jiter", "sniffio"),
    "pillow": (),
    "requests": (),
    "httpx": ("anyio", "httpcore", "h11", "sniffio"),
    "tqdm": (),
    "pyyaml": (),
    "python-dotenv": (),
    "cloudpickle": (),
    "beautifulsoup4": ("soupsieve",),
    "azureml-inference-server-http": (),
    "inference-schema": (),
    "azure-identity": (),
    "azure-storage-blob": (),
    "applicationinsights": (),
}  # fmt: skip
"""Packages whose dependencies are known to this list; any other may bring anything."""

CERTAIN_ONLY = frozenset(
    ("torch", "tensorflow", "sklearn", "pandas", "scipy", "xgboost", "lightgbm", "onnxruntime",
     "cv2", "PIL", "transformers", "mlflow", "matplotlib", "catboost", "spacy", "nltk", "keras",
     "torchvision", "skimage", "fastapi", "uvicorn", "openai", "langchain", "statsmodels")
)  # fmt: skip
"""Modules that only a package of that name (or one that is known to bring it) provides."""


def provided(subject: Subject) -> frozenset[str] | None:
    """The top-level modules that are there; None where something unknown may bring more."""
    base = subject.base
    if base is None or not subject.serving or base.framework is not None:
        return None
    if subject.environment.keys() & {"PYTHONPATH", "AZUREML_CONDA_ENVIRONMENT_PATH", "PATH"}:
        return None
    requirements = _requirements(subject)
    if requirements is None:
        return None
    found = set(sys.stdlib_module_names) | set(SERVER_PACKAGES) | {"__future__"}
    for read in requirements:
        found |= {read.name.replace("-", "_"), *IMPORT_NAMES.get(read.name, ())}
        found |= set(BRINGS.get(read.name, ()))
    return frozenset(found)


def may_bring(subject: Subject, module: str) -> bool:
    """Whether a package that is installed, but not known to this list, might bring a module."""
    requirements = _requirements(subject) or ()
    known = set(BRINGS)
    strange = [r for r in requirements if r.name not in known and r.name not in _LEAVES]
    return bool(strange) or module not in CERTAIN_ONLY


_LEAVES = frozenset(normalised(name) for name in SERVER_PACKAGES) | {"numpy", "joblib"}


def _requirements(subject: Subject) -> tuple[Requirement, ...] | None:
    """Everything that pip and conda are seen to install; None where a file is not at hand."""
    found: list[Requirement] = []
    for step, pip in subject.pips:
        if subject.in_result(step):
            read = _by_pip(subject, pip)
            if read is None:
                return None
            found += read
    for _, call in subject.condas:
        names = call.packages
        if call.file is not None:
            text = subject.requirements_text(call.file)
            if text is None:
                return None
            names = conda_file(text).packages
            found += conda_file(text).pip
        found += [Requirement(normalised(re.split(r"[=<>]", n)[0]), "") for n in names]
    return tuple(found)


def _by_pip(subject: Subject, pip: PipInstall) -> list[Requirement] | None:
    """One pip install's requirements; None where a path, an address or a variable is among
    them, or a file that cannot be read to its end."""
    if pip.others:
        return None
    found = list(pip.requirements)
    for file in pip.files:
        text = subject.requirements_text(file)
        if text is None or "-r " in text or "+" in text or "://" in text:
            return None
        found += requirement_lines(text)
    return found
