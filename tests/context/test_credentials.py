"""What looks like a credential stops the run before it is sent."""

from __future__ import annotations

import pytest

from jupyter_azureml_image.context import credentials
from jupyter_azureml_image.context.credentials import credential_files
from jupyter_azureml_image.context.manifest import resolve_context
from jupyter_azureml_image.errors import BadUsage

KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n"
CERT = "-----BEGIN CERTIFICATE-----\nMIID\n"

SUSPECT = {
    ".env": "A=1",
    "deep/.env.production": "A=1",
    "conf/prod.env": "DB_PASSWORD=hunter2",
    ".ssh/id_ed25519": "x",
    "server.pem": KEY,
    "tls/server.key": CERT + KEY,
    "store.pfx": "x",
    ".aws/credentials": "[default]",
    ".netrc": "machine a login b password c",
    "pip.conf": "[global]\nindex-url = https://user:tok3n@pkgs.example/simple",
    ".config/pip/pip.conf": "index-url = https://:tok3n@pkgs.example/simple",
    "requirements.txt": "--extra-index-url https://me:tok3n@pkgs.example/simple\nnumpy",
    ".pypirc": "[pypi]\npassword = pypi-abc",
    ".npmrc": "//registry.example/:_authToken=abc",
    ".docker/config.json": '{"auths": {"r": {"auth": "dTpw"}}}',
    "kubeconfig": "apiVersion: v1",
    "sa.json": '{"private_key": "-----BEGIN PRIVATE KEY-----\\n"}',
    ".git/config": "url = https://me:ghp_abc@github.example/x.git",
    ".git-credentials": "https://me:x@y",
}

HARMLESS = {
    ".env.example": "A=1",
    ".env.defaults": "A=1",
    ".env.sample": "A=1",
    "x/.env.template": "A=1",
    "empty/.env": "",
    "conf/dev.env": "DEBUG=1",
    "ca.pem": CERT,
    "pub.key": "-----BEGIN PUBLIC KEY-----",
    "id_rsa.pub": "ssh-rsa AAAA",
    "pip.ini": "index-url = https://pypi.example/simple",
    "requirements-dev.txt": "--index-url https://user:${TOKEN}@pkgs.example/simple\nnumpy",
    "sub/.npmrc": "//registry.example/:_authToken=${NPM_TOKEN}",
    "empty/.docker/config.json": '{"auths": {}, "credsStore": "desktop"}',
    "score.py": "password = 'x'",
    "config.json": '{"workspace_name": "w"}',
}


def found(root, *allow: str) -> list[str]:
    return sorted(item.path for item in credential_files(resolve_context(root), allow))


def test_each_kind_is_found_and_its_harmless_neighbour_is_not(tree):
    root = tree({**SUSPECT, **HARMLESS})
    assert found(root) == sorted(SUSPECT)


def test_a_sign_in_folder_is_one_finding(tree):
    root = tree({".azure/msal_token_cache.json": "{}", ".azure/azureProfile.json": "{}"})
    assert found(root) == [".azure/"]


def test_named_files_are_let_through_and_ignored_ones_are_not_sent(tree):
    root = tree({".env": "A=1", "conf/.env": "A=1", "id_rsa": "x", ".dockerignore": "id_rsa"})
    assert found(root) == [".env", "conf/.env"]
    assert found(root, ".env") == ["conf/.env"]
    assert found(root, "**/.env") == []
    with pytest.raises(BadUsage, match="--allow-file"):
        found(root, "[")


def test_a_finding_says_why_and_never_the_value(tree):
    items = credential_files(resolve_context(tree(SUSPECT)))
    assert {item.why for item in items if item.path == "server.pem"} == {"private key"}
    assert all(secret not in repr(items) for secret in ("hunter2", "tok3n", "ghp_abc", "MIIE"))


WRITTEN = """
.env .env.local prod.env id_rsa id_dsa id_ecdsa id_ecdsa_sk id_ed25519 id_ed25519_sk a.pem a.key
a.pfx a.p12 a.jks a.ppk .azure/x .aws/credentials application_default_credentials.json a.json .json
.netrc _netrc .git-credentials .git/config pip.conf pip.ini .condarc uv.toml requirements.txt
requirements-dev.in .pypirc .npmrc .docker/config.json .dockercfg .kube/config kubeconfig
a.kubeconfig .databrickscfg .pgpass score.py key pem a.pem.txt
"""
NAMES = WRITTEN.split()


@pytest.mark.parametrize("name", NAMES)
def test_the_short_look_at_a_path_says_what_the_long_one_says(name):
    for path in (name, f"a/{name}", f"a.b/\u00e9/{name}", f"a{name}", f"{name}\n", f"{name}/b"):
        for written in (path, path.upper(), path.replace("s", "\u017f").replace("k", "\u212a")):
            long = any(sign.name.search(written) for sign in credentials._SIGNS)
            assert credentials.suspect(written) == long, written


def test_every_sign_is_among_those_names():
    for sign in credentials._SIGNS:
        assert any(sign.name.search(name) for name in NAMES), sign.why
