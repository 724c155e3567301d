"""Secrets: found, and never shown."""

from __future__ import annotations

import pytest

from jupyter_azureml_image.lint.check import Definition, Plans
from jupyter_azureml_image.lint.json_output import render_json
from jupyter_azureml_image.lint.render import render
from jupyter_azureml_image.lint.sarif import render_sarif
from jupyter_azureml_image.plan.request import CheckPolicy
from tests.lint.asking import BASE, Around, codes, found, one, question

VALUE = "hunter2-correct-horse"


@pytest.mark.parametrize(
    "line",
    [
        f"ENV STORAGE_KEY={VALUE}",
        f"ENV API_TOKEN {VALUE}",
        f'ENV A=1 DB_PASSWORD="{VALUE}"',
        f"ARG CLIENT_SECRET={VALUE}",
        f"RUN export HF_TOKEN={VALUE} && true",
        f"RUN AZURE_CLIENT_SECRET={VALUE} az login",
        "ENV CONN=DefaultEndpointsProtocol=https;AccountName=a;AccountKey=" + "A" * 86 + "==",
        "ENV URL=https://a.blob.core.windows.net/c?sv=1&sig=" + "b" * 40,
        "RUN pip install --extra-index-url https://me:secret@example.org/simple x==1",
        "RUN curl -H 'Authorization: Bearer abcdefgh12345678' https://example.org",
        "ENV X=ghp_" + "a" * 36,
        "ENV API_KEY=" + "9dc858229fc7dd38" * 2,
        "ENV API_TOKEN=dummy-until-somebody-leaves-it",
        "ARG API_TOKEN=https://example.org/a?token=abcdefgh",
    ],
)
def test_a_literal_secret_is_an_error(line: str) -> None:
    assert one("AML090", f"{BASE}{line}\n").severity == "error"


@pytest.mark.parametrize(
    "line",
    [
        "ENV TOKENIZERS_PARALLELISM=false",
        "ENV PUBLIC_KEY=abcdefghijkl",
        "ENV PASSWORD_FILE=/run/secrets/password",
        "ENV API_KEY=$FROM_OUTSIDE",
        "ENV API_KEY=",
        "ENV API_KEY=<key>",
        "ENV API_KEY=changeme",
        "ARG API_TOKEN",
        "ENV SORT_KEY=department-name",
        "ENV KEY_VAULT_URL=https://a.vault.azure.net",
        "RUN curl https://example.org/keys/microsoft.asc | apt-key add -",
        "RUN pip install --extra-index-url https://$USER:$TOKEN@example.org/simple x==1",
        "ENV NVIDIA_DRIVER_CAPABILITIES=compute,utility",
        "RUN --mount=type=secret,id=token cat /run/secrets/token",
        "ENV GOOGLE_APPLICATION_CREDENTIALS=secrets/service-account.json",
        "ENV TLS_KEY=./certs/server.pem",
        "ARG APT_KEY=https://example.org/linux/gpg",
        "ARG PGP_KEY=0x" + "9DC858229FC7DD38854A" * 2,
        "ENV RELEASE_KEY F42ED6FBAB17C654",
        "RUN SECRET_KEY=dummy-for-the-build python manage.py collectstatic",
        "RUN export DJANGO_SECRET_KEY='not-a-secret' && python manage.py collectstatic",
    ],
)
def test_what_only_sounds_like_a_secret_is_no_error(line: str) -> None:
    assert [d for d in found(f"{BASE}{line}\n") if d.severity == "error"] == []


def test_the_value_is_in_no_output() -> None:
    text = f"{BASE}ENV API_TOKEN={VALUE}\n"
    findings = found(text)
    shown = render(text, findings) + render_json(findings)
    shown += render_sarif(findings, question(text).dockerfile)
    assert VALUE not in shown
    assert "ENV API_TOKEN=•••" in shown


@pytest.mark.parametrize("name", [".env", "id_rsa", ".netrc", "keys/id_ed25519"])
def test_a_credential_file_that_is_copied_is_an_error(name: str) -> None:
    text, around = f"{BASE}COPY {name} /tmp/\n", Around(files={name: "x"})
    finding = one("AML090", text, around)
    assert finding.severity == "error"
    assert f"COPY {name} /tmp/" in render(text, [finding]), "a path is no secret"


def test_a_credential_file_inside_a_copied_folder_is_found() -> None:
    around = Around(files={"code/.env": "A=1", "code/score.py": ""})
    assert "code/.env" in one("AML090", BASE + "COPY code /var/azureml-app\n", around).message


@pytest.mark.parametrize(
    "name", [".env.example", ".env.defaults", ".env.dist", "public.pem", "environment.yml"]
)
def test_files_with_harmless_names_are_left_alone(name: str) -> None:
    assert "AML090" not in codes(f"{BASE}COPY {name} /tmp/\n", Around(files={name: "x"}))


def test_a_pip_conf_is_accused_only_of_a_credential_inside() -> None:
    text = BASE + "COPY pip.conf /etc/\n"
    plain = Around(files={"pip.conf": "[global]\nindex-url = https://example.org/simple\n"})
    assert "AML090" not in codes(text, plain)
    secret = Around(files={"pip.conf": "[global]\nindex-url = https://a:b@example.org/simple\n"})
    assert "AML090" in codes(text, secret)


def test_an_allowed_file_is_no_finding() -> None:
    policy = CheckPolicy(allow_files=(".env",))
    around = Around(files={".env": "A=1"}, options={"check": policy})
    assert "AML090" not in codes(BASE + "COPY .env /tmp/\n", around)


def test_registry_credentials_in_the_definition_are_an_error() -> None:
    plans = Plans(definition=Definition(image="x", credentials=True))
    assert one("AML091", BASE, Around(plans=plans)).severity == "error"
    assert "AML091" not in codes(BASE, Around(plans=Plans(definition=Definition(image="x"))))
