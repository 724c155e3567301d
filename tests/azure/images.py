"""Tiny images for the tests of this room."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping

from jupyter_azureml_image.build.engine import Engine

# One request per connection: `/score` answers $ANSWER and the body, everything else is healthy.
SERVER = r"""#!/bin/sh
read -r method path _
length=0
while read -r name value; do
  name=$(printf %s "$name" | tr -d '\r')
  value=$(printf %s "$value" | tr -d '\r')
  case "$name" in
    "") break ;;
    [Cc]ontent-[Ll]ength:) length=$value ;;
  esac
done
status="200 OK"
answer=Healthy
if [ "$path" = /score ]; then
  body=$(head -c "$length")
  answer="$ANSWER $body $(ls "$AZUREML_MODEL_DIR" 2>/dev/null)"
  [ "$body" = wrong ] && status="500 Internal Server Error"
fi
printf 'HTTP/1.0 %s\r\nContent-Length: %s\r\n\r\n%s' "$status" "${#answer}" "$answer"
"""


def serving(base: str, answer: str) -> dict[str, str]:
    """The files of an image that answers on port 5001."""
    lines = (
        f"FROM {base}",
        "COPY --chown=0:0 server /server",
        f"ENV ANSWER={answer}",
        'CMD ["nc", "-ll", "-p", "5001", "-e", "/server"]',
    )
    return {"Dockerfile": "\n".join(lines), "server": SERVER}


def failing(base: str) -> dict[str, str]:
    """The files of an image whose container ends at once, with a traceback in its log."""
    script = "echo Traceback; echo \"ModuleNotFoundError: No module named 'torch'\"; exit 3"
    return {"Dockerfile": f"FROM {base}\nCMD {script}\n"}


def make(engine: Engine, reference: str, files: Mapping[str, str]) -> None:
    """Build the image in the engine."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content.encode()), 0o755
            archive.addfile(entry, io.BytesIO(content.encode()))
    packed.seek(0)
    stream = engine.client.build(
        fileobj=packed, custom_context=True, tag=reference, decode=True, rm=True, forcerm=True
    )
    assert not [message for message in stream if "error" in message]
