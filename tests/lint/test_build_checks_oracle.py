"""BuildKit's 22 checks, compared with BuildKit itself: `--call=check` of the real builder."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from jupyter_azureml_image.lint.rule import all_rules
from tests.lint.asking import codes

NAMES = {rule.about.code for rule in all_rules() if rule.topic.startswith("buildkit")}
# Several checks in each text: a call of the builder takes half a second.
TEXTS = (
    "from scratch as a\nRUN true\nCOPY a /b\nRUN true\n",
    "FROM scratch as A\ncopy a /a\nCOPY b /b\ncopy a /c\nMAINTAINER x\n",
    "FROM scratch\nENV A b\nENV C=d E=$F\nLABEL x y\nWORKDIR a\nWORKDIR b\nEXPOSE 80/TCP 1:2\n",
    'FROM scratch\nWORKDIR /a\nWORKDIR b\nSHELL ["sh"]\nCMD a b\n',
    "FROM scratch AS a\nCMD a\nFROM a\nCMD b\nENTRYPOINT\n",
    "FROM scratch AS a\nFROM scratch AS A\nHEALTHCHECK CMD x\nHEALTHCHECK NONE\n",
    "FROM scratch\nARG PASSWORD\nARG public_key\nENV TOKENIZER=1 KEYRING=3\n",
    "FROM scratch\nENV AUTH=x\nARG A\nENV B=$A C=${D:-x} E=$PATH F=$HTTP_PROXY\n",
    "ARG A\nFROM scratch AS context\nENV B=$A\nCOPY a \\\n\n /b\n",
    "FROM --platform=linux/amd64 scratch AS x_linux\nFROM --platform=$TARGETPLATFORM scratch\n",
    "FROM --platform=linux/amd64 scratch AS other\nFROM --platform=linux/x86_64 scratch AS amd64\n",
    "FROM debian:$NOBODY AS unused\nFROM scratch\nRUN <<EOF\na\n\nb\nEOF\n",
    "ARG TAG\nFROM debian:$TAG AS unused\nFROM scratch\nRUN echo $UNSET\n",
    "# check=skip=MaintainerDeprecated\nFROM scratch\nMAINTAINER x\nCMD x\n",
    "# check=experimental=all\n# some words\nFROM scratch AS base\nFROM base\n",
    "FROM scratch\nCOPY $NOPE /b\nUSER $WHO\nEXPOSE $PORT\nADD $Q /x\nENV X=1 \\\n  # c\n  Y=2\n",
)


@pytest.mark.parametrize("text", TEXTS)
def test_our_findings_are_the_builders(
    text: str, modern_engine_host: str, buildx_plugin: Path, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    done = subprocess.run(
        [str(buildx_plugin), "build", "--call=check,format=json", "-f", "-", str(tmp_path)],
        input=text.encode(),
        capture_output=True,
        env={**os.environ, "DOCKER_HOST": modern_engine_host},
        check=False,
    )
    assert done.stdout, done.stderr.decode()
    warnings = json.loads(done.stdout).get("warnings") or []
    assert codes(text) & NAMES == {warning["ruleName"] for warning in warnings}
