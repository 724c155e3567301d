"""Writing down what was asked and answered, for those who compare it with Azure's own documents."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from .doors import Application
from .web import Body, Request, Response


class Recorder:
    """Appends each exchange to a file, one JSON object a line.

    The file holds keys and tokens of this sandbox: only its user can read it.
    """

    def __init__(self, target: Path) -> None:
        self._lock = threading.Lock()
        self._target = target

    def around(self, application: Application, wanted: Callable[[Request], bool]) -> Application:
        """Return an application that answers the same and writes down what is wanted."""

        def answer(request: Request) -> Response:
            if not wanted(request):
                return application(request)
            sent = request.body.all()
            response = application(replace(request, body=Body.of(sent)))
            if isinstance(response.body, bytes):
                self._write(request, sent, response)
            return response

        return answer

    def _write(self, request: Request, sent: bytes, response: Response) -> None:
        entry = {
            "method": request.method,
            "host": request.host,
            "path": request.path,
            "query": dict(request.query),
            "request": _read(sent),
            "status": response.status,
            "headers": dict(response.headers),
            "response": _read(response.body if isinstance(response.body, bytes) else b""),
        }
        line = json.dumps(entry) + "\n"
        with self._lock:
            descriptor = os.open(self._target, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "a") as file:
                file.write(line)


def _read(content: bytes) -> object:
    """Return JSON as its value, form data and other short text as text, and nothing of the rest."""
    try:
        text = content.decode()
        return json.loads(text) if text else None
    except UnicodeDecodeError:
        return None
    except ValueError:
        return text if len(text) < 1 << 16 else None
