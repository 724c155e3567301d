"""Files that pip and conda read from the image."""

from __future__ import annotations

import pytest

from tests.lint.asking import BASE, Around, codes, one

PIP = "RUN pip install -r requirements.txt\n"
FILES = Around(files={"requirements.txt": "numpy==2.2.3\n", "app/a.py": "", "c.yaml": ""})


@pytest.mark.parametrize(
    "text",
    [
        BASE + PIP,
        BASE + "COPY app /app\nWORKDIR /app\n" + PIP,
        BASE + "COPY requirements.txt /tmp/\n" + PIP,
        BASE + "RUN apt-get update && pip install -r /opt/requirements.txt\n",
        BASE + "WORKDIR /app\nCOPY requirements.txt .\nRUN pip install -r src/requirements.txt\n",
        "FROM python:3.12-slim\nWORKDIR /app\n" + PIP + "COPY . .\n",
        BASE + "RUN conda env update -n base -f /tmp/c.yaml\nCOPY c.yaml /tmp/\n",
        "FROM python:3.12 AS one\nCOPY requirements.txt /\nFROM python:3.12\nWORKDIR /\n" + PIP,
    ],
)
def test_a_file_that_nothing_above_brings_is_a_warning(text: str) -> None:
    finding = one("AML055", text, FILES)
    assert finding.severity == "warning"
    assert "nothing above puts it into the image" in finding.message


def test_the_path_in_the_image_is_told() -> None:
    text = BASE + "WORKDIR /app\n" + PIP
    assert one("AML055", text).message.startswith("pip reads requirements.txt (/app/requirements")


@pytest.mark.parametrize(
    "text",
    [
        BASE + "COPY requirements.txt .\n" + PIP,
        BASE + "COPY . /app\nWORKDIR /app\n" + PIP,
        BASE + "COPY req*.txt /app/\nWORKDIR /app\n" + PIP,
        BASE + "COPY requirements.txt /tmp/r.txt\nRUN pip install -r /tmp/r.txt\n",
        BASE + "RUN git clone https://example.org/a.git /a\nWORKDIR /a\n" + PIP,
        BASE + "RUN echo numpy > requirements.txt && pip install -r requirements.txt\n",
        BASE + "RUN cd /a && pip install -r requirements.txt\n",
        BASE + "RUN --mount=type=bind,target=. pip install -r requirements.txt\n",
        BASE + "RUN pip install -r https://example.org/r.txt\n",
        BASE + "RUN pip install -r $FILE\n",
        BASE + "RUN pip install -r /dev/stdin <<EOF\nnumpy\nEOF\n",
        BASE + "RUN pip install -r /proc/self/fd/0 <<EOF\nnumpy\nEOF\n",
        BASE + "COPY --from=debian:12 /r /\n" + PIP,
        BASE + "COPY <<E /requirements.txt\nnumpy\nE\n" + PIP,
        BASE + "ADD $ARCHIVE /\n" + PIP,
        BASE + "WORKDIR $WHERE\n" + PIP,
        BASE + "RUN <<E\nimport os\nE\n" + PIP,
        BASE + 'RUN ["make", "it"]\n' + PIP,
        BASE + "COPY nothere /app\nWORKDIR /app\n" + PIP,
        "FROM mine.azurecr.io/app:1\nWORKDIR /app\n" + PIP,
        "FROM someone/app\nWORKDIR /app\n" + PIP,
        "FROM python:3.12\n" + PIP,
        "FROM python:3.12 AS one\nCOPY requirements.txt /\nFROM one\nWORKDIR /\n" + PIP,
    ],
)
def test_a_file_that_may_be_there_is_left_alone(text: str) -> None:
    assert "AML055" not in codes(text, FILES)


def test_without_the_context_a_folder_may_hold_the_file() -> None:
    assert "AML055" not in codes(BASE + "COPY app /app\nWORKDIR /app\n" + PIP)
