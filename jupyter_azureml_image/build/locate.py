"""Where the Docker Engine is: the answer the docker command line would give.

`DOCKER_HOST` first, then the context (`DOCKER_CONTEXT`, else the current one of
`config.json`), then the platform's default socket. Contexts are read by hand because
docker-py follows them only from 7.2 on. The docker configuration is only ever read.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import BuilderUnavailable

_DEFAULT_UNIX = "unix:///var/run/docker.sock"
_DEFAULT_WINDOWS = "npipe:////./pipe/docker_engine"


@dataclass(frozen=True, slots=True)
class Place:
    """An engine's address. `certificates` is a folder with ca.pem, cert.pem and key.pem for
    TLS, `verify` whether the engine's own certificate is checked; `said_by` names the source.
    """

    host: str
    said_by: str
    certificates: str | None = None
    verify: bool = True

    def environment(self) -> dict[str, str]:
        """What makes a docker command line talk to this very engine."""
        found = {"DOCKER_HOST": self.host}
        if self.certificates is not None:
            found["DOCKER_CERT_PATH"] = self.certificates
            if self.verify:
                found["DOCKER_TLS_VERIFY"] = "1"
            else:
                found["DOCKER_TLS"] = "1"
        return found


def config_folder(environ: Mapping[str, str]) -> Path:
    """The docker configuration folder."""
    return Path(environ.get("DOCKER_CONFIG") or Path.home() / ".docker")


def read_config(environ: Mapping[str, str]) -> dict[str, Any]:
    """The docker configuration; empty where there is none or it is not JSON."""
    try:
        found = json.loads((config_folder(environ) / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def without_missing_helpers(config: Mapping[str, Any]) -> dict[str, Any]:
    """A docker configuration that names only credential helpers that are installed; with one
    that is not, docker-py and buildx fail even for public images."""
    kept = dict(config)
    if kept.get("credsStore") and not _installed(kept["credsStore"]):
        del kept["credsStore"]
    helpers = kept.get("credHelpers") or {}
    if not all(_installed(helper) for helper in helpers.values()):
        kept["credHelpers"] = {at: name for at, name in helpers.items() if _installed(name)}
    return kept


def _installed(helper: object) -> bool:
    return shutil.which(f"docker-credential-{helper}") is not None


def proxy_arguments(config: Mapping[str, Any], host: str) -> dict[str, str]:
    """The build arguments by which the docker command line hands its configured proxies to a
    build on the engine at `host`; builders outside the command line must do the same."""
    proxies = config.get("proxies") or {}
    chosen = proxies.get(host) or proxies.get("default") or {}
    names = {"httpProxy": "http_proxy", "httpsProxy": "https_proxy", "noProxy": "no_proxy"}
    names.update(ftpProxy="ftp_proxy", allProxy="all_proxy")
    found = {name: str(chosen[key]) for key, name in names.items() if chosen.get(key)}
    return {**found, **{name.upper(): value for name, value in found.items()}}


def locate(environ: Mapping[str, str] = os.environ) -> Place:
    """The engine that the docker command line would use; raises BuilderUnavailable where the
    context it would use does not exist."""
    if host := environ.get("DOCKER_HOST"):
        return _by_variable(host, environ)
    name = environ.get("DOCKER_CONTEXT") or read_config(environ).get("currentContext")
    if name and name != "default":
        return _by_context(str(name), environ)
    default = _DEFAULT_WINDOWS if sys.platform == "win32" else _DEFAULT_UNIX
    return Place(default, "the default")


def _by_variable(host: str, environ: Mapping[str, str]) -> Place:
    verify = bool(environ.get("DOCKER_TLS_VERIFY"))
    if verify or environ.get("DOCKER_TLS"):
        folder = environ.get("DOCKER_CERT_PATH") or str(config_folder(environ))
        return Place(host, "DOCKER_HOST", folder, verify)
    return Place(host, "DOCKER_HOST")


def _by_context(name: str, environ: Mapping[str, str]) -> Place:
    contexts = config_folder(environ) / "contexts"
    digest = hashlib.sha256(name.encode()).hexdigest()
    try:
        meta = json.loads((contexts / "meta" / digest / "meta.json").read_text(encoding="utf-8"))
        endpoint = meta["Endpoints"]["docker"]
        host = str(endpoint["Host"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BuilderUnavailable(
            f"The docker context '{name}' cannot be read.",
            hint="'docker context ls' lists them; 'docker context use default' leaves this one.",
            code="engine-context",
        ) from error
    certificates = contexts / "tls" / digest / "docker"
    return Place(
        host,
        f"the docker context '{name}'",
        str(certificates) if certificates.is_dir() else None,
        not endpoint.get("SkipTLSVerify", False),
    )
