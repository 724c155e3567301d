"""What the check's rows are measured on: a Dockerfile of 60 lines with its context, and 200
Dockerfiles of the sizes that Microsoft's repositories have (12 to 150 lines)."""

from __future__ import annotations

from pathlib import Path

SIXTY_LINES = """# syntax=docker/dockerfile:1
ARG PYTHON=3.12
FROM python:${PYTHON}-slim AS wheels

WORKDIR /wheels
COPY requirements.txt .
RUN apt-get update && \\
    apt-get install -y --no-install-recommends \\
    build-essential \\
    libffi-dev \\
    libssl-dev \\
    git && \\
    apt-get clean -y && \\
    rm -rf /var/lib/apt/lists/*
RUN pip wheel --no-cache-dir -r requirements.txt -w /wheels

FROM mcr.microsoft.com/azureml/minimal-py312-inference:latest

LABEL org.opencontainers.image.title="scorer" \\
      org.opencontainers.image.authors="team@example.org"

# Switch to root for packages
USER root:root

RUN apt-get update && \\
    apt-get install -y --no-install-recommends \\
    libpng-tools \\
    libglib2.0-0 \\
    # fonts for the plots
    fonts-dejavu \\
    curl && \\
    apt-get clean -y && \\
    rm -rf /var/lib/apt/lists/*

COPY --from=wheels /wheels /tmp/wheels
COPY requirements.txt /tmp/requirements.txt
RUN pip install --no-cache-dir --find-links /tmp/wheels -r /tmp/requirements.txt && \\
    rm -rf /tmp/wheels

RUN mkdir -p /var/azureml-app/cache && \\
    chown -R dockeruser /var/azureml-app

USER dockeruser

ENV WORKER_COUNT=2 \\
    WORKER_TIMEOUT=300 \\
    MODEL_NAME=churn \\
    LOG_LEVEL=info

# Code
COPY code /var/azureml-app
ENV AZUREML_ENTRY_SCRIPT=score.py

# Model
COPY model /var/azureml-app/azureml-models
ENV AZUREML_MODEL_DIR=/var/azureml-app/azureml-models

EXPOSE 5001
CMD ["runsvdir", "/var/runit"]
"""

SCORE = """import json
import os

import joblib
import numpy as np

model = None


def init():
    global model
    model = joblib.load(os.path.join(os.environ["AZUREML_MODEL_DIR"], "model.pkl"))


def run(data):
    rows = np.array(json.loads(data)["data"])
    return model.predict(rows).tolist()
"""


def make_context(folder: Path) -> Path:
    """The context of the 60-line Dockerfile below `folder`."""
    root = folder / "check"
    (root / "code").mkdir(parents=True, exist_ok=True)
    (root / "model").mkdir(exist_ok=True)
    (root / "requirements.txt").write_text("numpy==2.2.3\nscikit-learn==1.6.1\njoblib==1.4.2\n")
    (root / "code" / "score.py").write_text(SCORE)
    for number in range(30):
        (root / "code" / f"part_{number}.py").write_text(f"value = {number}\n" * 50)
    (root / "model" / "model.pkl").write_bytes(b"model" * 1000)
    return root


def many() -> list[str]:
    """200 texts: the parts of the one above, in lengths from 12 to 150 lines."""
    final = SIXTY_LINES[SIXTY_LINES.index("FROM mcr") :]
    block = final[final.index("RUN apt-get") : final.index("COPY --from")]
    texts = []
    for number in range(200):
        head = f"FROM mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:2025{number:04}.v1\n"
        body = block.replace("curl", f"package-{number}") * (number % 7)
        tail = "".join(f"ENV NAME_{i}=value-{number}\n" for i in range(number % 40))
        install = "".join(f"RUN pip install --no-cache-dir package-{i}==1.0\n" for i in range(8))
        texts.append(head + body + tail + install)
    return texts
