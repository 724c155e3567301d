"""The real parts themselves: what every other test stands on."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from contextlib import closing
from pathlib import Path

import docker


def _docker(host: str) -> docker.DockerClient:
    return docker.DockerClient(base_url=host)


def test_two_engines_live_beside_each_other(engine_host: str, modern_engine_host: str) -> None:
    with closing(_docker(engine_host)) as one, closing(_docker(modern_engine_host)) as other:
        assert one.info()["ID"] != other.info()["ID"]
        assert int(other.version()["Version"].split(".")[0]) >= 28


def test_both_engines_publish_a_port_on_loopback(
    engine_host: str, modern_engine_host: str, tiny_image: str
) -> None:
    for host in (engine_host, modern_engine_host):
        with closing(_docker(host)) as client:
            box = client.containers.run(
                tiny_image,
                ["httpd", "-f", "-p", "80", "-h", "/etc"],
                ports={"80/tcp": ("127.0.0.1", None)},
                labels={"azureml-image.test": "packaging"},
                detach=True,
            )
            try:
                box.reload()
                port = box.attrs["NetworkSettings"]["Ports"]["80/tcp"][0]["HostPort"]
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/passwd") as answer:
                    assert answer.read().startswith(b"root:")
            finally:
                box.remove(force=True)


def test_the_base_image_is_in_both_engines(
    engine_host: str, modern_engine_host: str, modern_base_image: str
) -> None:
    for host in (engine_host, modern_engine_host):
        with closing(_docker(host)) as client:
            config = client.images.get(modern_base_image).attrs["Config"]
            assert config["User"] == "dockeruser"
            assert config["Cmd"] == ["runsvdir", "/var/runit"]
            assert "5001/tcp" in config["ExposedPorts"]


def test_buildx_is_a_plugin_of_the_docker_command(buildx_plugin: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(
        json.dumps({"cliPluginsExtraDirs": [str(buildx_plugin.parent)]})
    )
    done = subprocess.run(
        ["docker", "--config", str(tmp_path), "buildx", "version"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "buildx" in done.stdout


def test_the_registry_takes_a_push(engine_host: str, registry: str, tiny_image: str) -> None:
    with closing(_docker(engine_host)) as client:
        name = f"{registry}/tiny"
        client.images.get(tiny_image).tag(name, "1")
        try:
            said = list(client.images.push(name, "1", stream=True, decode=True))
            assert not [item for item in said if "error" in item]
        finally:
            client.images.remove(f"{name}:1")
    with urllib.request.urlopen(f"http://{registry}/v2/tiny/tags/list") as answer:
        assert json.load(answer)["tags"] == ["1"]
