"""Where a run of the benchmarks works: its folder, its engine, its offline workspace."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmarks.kernel import LOAD, Kernel
from tools import base_image, modern

NAME = "bench-of-azureml-image"
"""What every image made here is named after."""
_LABEL = "azureml-image.test"
"""The label of the peers' images, by its value NAME: a second build takes the name of the first."""


_WARM = "import azure.ai.ml, docker, ipykernel.kernelapp, jupyter_azureml_image.api"


def keep_bytecode(folder: Path) -> None:
    """From here on every process finds its imports compiled, as in any installed environment:
    where bytecode is not written, each start compiles thousands of modules anew."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")


@dataclass
class Place:
    """`folder` keeps inputs and peers between runs; `quick` means smaller inputs, fewer turns."""

    folder: Path
    quick: bool = False
    _numbers: itertools.count[int] = field(
        default_factory=lambda: itertools.count(os.getpid() * 1000)
    )

    @property
    def turns(self) -> int:
        """How often everything is measured."""
        return 3 if self.quick else 5

    @property
    def few(self) -> int:
        """How often what takes several seconds a turn is measured."""
        return 1 if self.quick else self.turns

    @property
    def big(self) -> str:
        """The context that stands for the one of 500 MB."""
        return "50mb" if self.quick else "500mb"

    def fresh(self) -> int:
        """A number no earlier step of any run here has had."""
        return next(self._numbers)

    @cached_property
    def host(self) -> str:
        """The engine, with the base images in it."""
        host, sentence = base_image.provide()
        print(sentence, file=sys.stderr, flush=True)
        base_image.provide_tiny(host)
        return host

    @cached_property
    def environment(self) -> dict[str, str]:
        """A process that has the engine, buildx and a state folder of its own."""
        state, config = self.folder / "state", self.folder / "docker"
        shutil.rmtree(state, ignore_errors=True)
        for folder in (state, config):
            folder.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-W", "ignore", "-c", _WARM], check=True)
        plugins = str(modern.buildx().parent)
        (config / "config.json").write_text(json.dumps({"cliPluginsExtraDirs": [plugins]}))
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("AZUREML_IMAGE_", "JPY_"))}
        return {
            **kept,
            "DOCKER_HOST": self.host,
            "DOCKER_CONFIG": str(config),
            "AZUREML_IMAGE_STATE": str(state),
            "IPYTHONDIR": str(self.folder / "ipython"),
            "JUPYTER_PLATFORM_DIRS": "1",
            "JUPYTER_PREFER_ENV_PATH": "1",
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        }

    def kernel(
        self, folder: Path, *, load: bool = True, sandbox: bool = False, way: str = ""
    ) -> Kernel:
        """A kernel of a user in `folder`, the extension loaded."""
        more = {"AZUREML_IMAGE_WORKSPACE": "sandbox"} if sandbox else {}
        more |= {"AZUREML_IMAGE_LOCAL_WAY": way} if way else {}
        kernel = Kernel(folder, self.environment | more)
        if load:
            kernel.run(LOAD)
        return kernel

    def client(self) -> Any:
        """docker-py's low-level client of the engine; to be closed."""
        import docker

        return docker.APIClient(base_url=self.host, timeout=600)

    def buildx(self, context: Path, text: str, *options: str) -> None:
        """`docker buildx build` of this text, as a user would call it; the progress is not read."""
        command = ["docker", "buildx", "build", "-t", f"{NAME}-buildx", "--platform", "linux/amd64"]
        command += ["--label", f"{_LABEL}={NAME}", "--provenance=false"]
        command += [*options, "-f", "-", str(context)]
        self._run(command, text)

    def docker_py(self, context: Path, text: str, **options: Any) -> int:
        """docker-py's own build of this text, its stream read to the end: how many items."""
        file = self.folder / "docker-py.Dockerfile"
        file.write_text(text)
        with closing(self.client()) as client:
            tag = f"{NAME}-docker-py"
            items = list(
                client.build(
                    path=str(context),
                    dockerfile=str(file),
                    tag=tag,
                    decode=True,
                    rm=True,
                    labels={_LABEL: NAME},
                    **options,
                )
            )
        failed = [item["error"] for item in items if "error" in item]
        if failed:
            raise RuntimeError(f"docker-py: {failed[0]}")
        return len(items)

    def _run(self, command: list[str], text: str) -> None:
        done = subprocess.run(
            command, input=text, env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr[-600:]}")

    def close(self) -> None:
        """Stop the offline workspace and remove the images made here."""
        if "environment" not in self.__dict__:
            return
        state = self.folder / "state" / "sandbox"
        if state.exists():
            command = [sys.executable, "-m", "jupyter_azureml_image.sandbox", "--reset"]
            subprocess.run([*command, "--state", str(state)], check=False, env=self.environment)
        import docker

        with closing(self.client()) as client:
            named = [tag for image in client.images() for tag in image.get("RepoTags") or ()]
            nameless = client.images(filters={"dangling": True, "label": f"{_LABEL}={NAME}"})
            left = [tag for tag in named if NAME in tag] + [image["Id"] for image in nameless]
            for image in left:
                with suppress(docker.errors.APIError):
                    client.remove_image(image, force=True)
