"""The five samples of Microsoft's page "Extend a prebuilt Docker image", as printed there, and
the page of the documentation that shows what the check says and what `--fix` makes of them."""

from __future__ import annotations

from jupyter_azureml_image.dockerfile.parse import parse
from jupyter_azureml_image.lint.check import CheckInput, check
from jupyter_azureml_image.lint.fix import fix, preview

REQUIREMENTS = """FROM mcr.microsoft.com/azureml/<image_name>:<tag>

COPY requirements.txt /tmp/requirements.txt

RUN pip install \u2013r /tmp/requirements.txt
"""
APT = """FROM <prebuilt docker image from MCR>

# Switch to root to install apt packages
USER root:root

RUN apt-get update && \\
    apt-get install -y \\
    <package-1> \\
    ...\u0020
    <package-n> && \\
    apt-get clean -y && \\
    rm -rf /var/lib/apt/lists/*

# Switch back to non-root user
USER dockeruser
"""
PIP = "RUN pip install <library>\n"
BUILT_IN = """FROM <prebuilt docker image from MCR>

# Code
COPY <local_code_directory> /var/azureml-app
ENV AZUREML_ENTRY_SCRIPT=<entryscript_file_name>

# Model
COPY <model_directory> /var/azureml-app/azureml-models
ENV AZUREML_MODEL_DIR=/var/azureml-app/azureml-models
"""
EXAMPLE = """FROM mcr.microsoft.com/azureml/pytorch-1.6-ubuntu18.04-py37-cpu-inference:latest\u0020

USER root:root

# Install libpng-tools and opencv
RUN apt-get update && \\
    apt-get install -y \\
    libpng-tools \\
    python3-opencv && \\
    apt-get clean -y && \\
    rm -rf /var/lib/apt/lists/*

# Switch back to non-root user
USER dockeruser

# Code
COPY code /var/azureml-app
ENV AZUREML_ENTRY_SCRIPT=score.py

# Model
COPY model /var/azureml-app/azureml-models
ENV AZUREML_MODEL_DIR=/var/azureml-app/azureml-models
"""
SAMPLES = {
    "Requirements by pip": REQUIREMENTS,
    "Packages by apt": APT,
    "A package by pip": PIP,
    "Code and model inside": BUILT_IN,
    "The full example": EXAMPLE,
}


def page() -> str:
    """The samples with their findings, the diff of `--fix`, and what is only offered."""
    parts = [
        "# The samples of Microsoft's page, checked and fixed",
        "Made by `python -m tools.rule_pages`. The five samples of *Extend a prebuilt Docker "
        "image* do not build as they are printed; this is what the check says of them, what "
        "`--fix` does, and what it leaves to you.",
    ]
    for title, text in SAMPLES.items():
        parts += [f"## {title}", *_sample(text)]
    return "\n\n".join(parts) + "\n"


def _sample(text: str) -> list[str]:
    question = CheckInput(parse(text))
    found = [d for d in check(question) if d.severity != "info"]
    rows = [
        f"| {d.line} | {d.severity} | [{d.code}]({d.code}.md) | {_cell(d.message)} |" for d in found
    ]
    done = fix(question)
    made = "\n".join(line.rstrip() for line in done.diff.splitlines())
    parts = ["\n".join(["| line | | code | what |", "|---|---|---|---|", *rows])]
    parts.append(f"`--fix`:\n\n```diff\n{made}\n```" if made else "`--fix` changes nothing here.")
    for one in done.offered:
        for remedy in one.fixes:
            if one.severity != "info" and not remedy.certain:
                shown = preview(parse(done.text), remedy)
                offered = "\n".join(line.rstrip() for line in shown.splitlines())
                parts.append(f"Offered, not done ({remedy.title}):\n\n```diff\n{offered}\n```")
    return parts


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
