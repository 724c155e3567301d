"""Secrets on their way into an image. A finding names the place, never the value."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator

from ...dockerfile.model import Span
from ...dockerfile.words import Assignment, unquote, variables
from ...patterns import pattern
from ..links import ENVIRONMENTS
from ..places import clean_source
from ..rule import About, Example, Finding, rule
from ..subject import Subject
from .copying import place_of

_NAME = pattern(
    r"(?:^|_)(?:PASSWORD|PASSWD|PWD|SECRETS?|TOKENS?|API_?KEYS?|APIKEY|ACCESS_?KEYS?|ACCOUNT_?KEYS?"
    r"|PRIVATE_?KEYS?|STORAGE_?KEYS?|CLIENT_?SECRET|CREDENTIALS?|AUTH_?KEY|SAS|CONNECTION_?STRING"
    r"|CONN_?STR|SUBSCRIPTION_?KEY|SIGNING_?KEY|ENCRYPTION_?KEY|INSTRUMENTATION_?KEY|KEY)$",
    re.IGNORECASE,
    needs=("pass", "pwd", "secret", "token", "key", "cred", "sas", "conn"),
)
# The next two are compiled with the first name or value that they can matter for.
_HARMLESS_NAME = (
    r"(?i:PUBLIC|TOKENIZER|_FILE$|_PATH$|_DIR$|_URL$|_NAME$|KEYRING|GPG|MAX_TOKENS|OLDPWD|^PWD$"
    r"|(?:SORT|PRIMARY|FOREIGN|PARTITION|CACHE|HOT|MAP|DICT)_?KEY)"
)
_HARMLESS_VALUE = (
    r"(?i:|true|false|yes|no|none|null|\d{1,6}|/[\w./-]*|changeme|change[-_]me|dummy|test|example"
    r"|placeholder|your[-_ ].*|xx+|\*+|<.*>|\{\{.*\}\}|\.\.\."
    # A file that holds the secret, an address without one, and a key's public fingerprint.
    r"|[\w./~-]*\.(?:json|pem|key|crt|asc|gpg|pub|txt)|https?://[^\s@?]+)"
    r"|(?:0x)?(?:[0-9A-F]{16}|[0-9A-F]{40})"
)
_STAND_IN = r"(?i)dummy|fake|placeholder|change[-_]?me|insecure|(?:^|[-_])not[-_]|build[-_]?only"
"""What people write where a command wants a secret that it will not use."""
_VALUE = pattern(
    r"AccountKey=[A-Za-z0-9+/=]{20,}|SharedAccessKey=[A-Za-z0-9+/=]{20,}"
    r"|[?&]sig=[A-Za-z0-9%+/=]{16,}|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{30,}"
    r"|\bgithub_pat_\w{30,}|\bhf_[A-Za-z0-9]{20,}|\bsk-[A-Za-z0-9_-]{20,}|\bxox[abp]-[\w-]{10,}"
    r"|\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{5,}|-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|\b[a-z][a-z0-9+.-]*://[^\s/:@$'\"]+:(?!\$)[^\s/@$'\"]+@"
    r"|Authorization: (?:Bearer|Basic) (?!\$)[\w.=+/-]{8,}",
    needs=(
        "AccountKey=", "SharedAccessKey=", "sig=", "AKIA", "ghp_", "gho_", "ghu_", "ghs_", "ghr_",
        "github_pat_", "hf_", "sk-", "xox", "eyJ", "-----BEGIN ", "://", "Authorization: ",
    ),
)  # fmt: skip
_FILES = (
    ".env", ".env.*", ".npmrc", ".netrc", ".pypirc", "pip.conf", "id_rsa", "id_dsa", "id_ecdsa",
    "id_ed25519", ".git-credentials", "kubeconfig", "credentials.json", "service-account*.json",
)  # fmt: skip
# Told apart by plain words first, because a context may hold many thousand files.
_EXACT = frozenset(name for name in _FILES if "*" not in name)
_WILD = tuple(name for name in _FILES if "*" in name)
_WILD_STARTS = tuple(name.partition("*")[0] for name in _WILD)
_NO_SECRET = tuple(f".env.{kind}" for kind in ("example", "sample", "template", "dist", "defaults"))
_BASE = "FROM mcr.microsoft.com/azureml/minimal-py312-inference:latest\n"


@rule(
    About(
        "AML090",
        "error",
        "A secret in the image",
        why="ENV and ARG stay in the image's history, files in its layers: everyone who may pull "
        "the image can read them, and Azure ML refuses environments with credentials.",
        remedy="Hand it over at run time (the deployment's variables, workspace connections, "
        "Key Vault), or at build time with RUN --mount=type=secret and --secret.",
        example=Example(
            _BASE + "ENV STORAGE_KEY=c2VjcmV0LXZhbHVlLW5vdC1yZWFs\n",
            _BASE + "RUN --mount=type=secret,id=storage cat /run/secrets/storage > /dev/null\n",
        ),
        sources=(ENVIRONMENTS,),
    )
)
def secrets(subject: Subject) -> Iterator[Finding]:
    """Names and values of ENV and ARG, values in commands, credential files."""
    for instruction in subject.dockerfile.instructions:
        if instruction.keyword in ("ENV", "ARG", "LABEL"):
            for assignment in subject.assigned(instruction):
                yield from _in_assignment(subject, assignment, instruction.keyword)
        elif instruction.keyword == "RUN":
            for match in _VALUE.finditer(
                subject.text, instruction.span.start, instruction.span.end
            ):
                yield Finding(Span(*match.span()), "A credential stands in this command")
    for _, command in subject.runs:
        words = command.words if command.name == "export" else command.assignments
        for word in words:
            name, equals, value = word.value.partition("=")
            if not (equals and word.fixed and len(value) >= 8 and _named(name)):
                continue
            if _literal(value) and not re.search(_STAND_IN, value):
                at = word.span.start + len(name) + 1
                yield Finding(Span(at, word.span.end), f"{name} is given a secret value here")
    yield from _files(subject)


def _named(name: str) -> bool:
    return bool(_NAME.search(name)) and not re.search(_HARMLESS_NAME, name)


def _literal(value: str) -> bool:
    return not variables(value) and "$" not in value and not re.fullmatch(_HARMLESS_VALUE, value)


def _in_assignment(subject: Subject, assignment: Assignment, keyword: str) -> Iterator[Finding]:
    if assignment.value is None:
        return
    value = unquote(assignment.value, subject.dockerfile.escape).strip()
    if match := _VALUE.search(value):
        span = _value_span(subject, assignment)
        inner = subject.text.find(match[0], span.start, span.end)
        where = Span(inner, inner + len(match[0])) if inner >= 0 else span
        yield Finding(where, f"The value of {assignment.name} is a credential")
        return
    if keyword == "LABEL" or not _named(assignment.name) or not _literal(value):
        return
    yield Finding(
        _value_span(subject, assignment),
        f"{assignment.name} looks like a secret, and {keyword} keeps it in the image's history",
        severity=None if len(value) >= 8 else "warning",
    )


def _value_span(subject: Subject, assignment: Assignment) -> Span:
    text = subject.text[assignment.span.start : assignment.span.end]
    separator = re.search(r"=|\s+", text)
    start = assignment.span.start + (separator.end() if separator else 0)
    return Span(start, assignment.span.end)


def _files(subject: Subject) -> Iterator[Finding]:
    """Credential files that a COPY names, or that lie in a folder it takes."""
    allowed = subject.request.check.allow_files if subject.request else ()
    said: set[int] = set()
    for copy in subject.copies:
        if copy.origin != "context" or copy.instruction in said:
            continue
        landed = [one.context_path for one in subject.places.of(copy)]
        paths = [clean_source(s) for s in copy.sources] + landed
        named = [path for path in paths if _looks_secret(path.rpartition("/")[2])]
        bad = next((path for path in named if _credential_file(subject, path, allowed)), None)
        if bad is not None:
            said.add(copy.instruction)
            instruction = subject.dockerfile.instructions[copy.instruction]
            yield Finding(
                place_of(subject, instruction, bad),
                f"{bad} holds credentials, and COPY puts it into a layer",
                remedy=f"Leave it out (.dockerignore), or say that it is none: --allow-file {bad}",
            )


def _looks_secret(name: str) -> bool:
    return name in _EXACT or (
        name.startswith(_WILD_STARTS) and any(fnmatch.fnmatchcase(name, each) for each in _WILD)
    )


def _credential_file(subject: Subject, path: str, allowed: tuple[str, ...]) -> bool:
    """Whether a file whose name looks secret holds a credential."""
    name = path.rpartition("/")[2]
    if name in _NO_SECRET or any(
        fnmatch.fnmatch(path, a) or fnmatch.fnmatch(name, a) for a in allowed
    ):
        return False
    if name in ("pip.conf", ".npmrc", ".pypirc"):
        text = subject.read_text(path)
        # Settings without a credential are none; a file that cannot be read is not accused.
        return text is not None and bool(
            re.search(r"_authToken|_password|password\s*=|://[^\s/:@$]+:[^\s/@$]+@", text)
        )
    return True


@rule(
    About(
        "AML091",
        "error",
        "Registry credentials in the environment",
        why="Azure ML no longer accepts credentials inside an environment definition.",
        remedy="Make a workspace connection to the registry, or use the endpoint's identity.",
        example=Example("image with username and password\n", "image and a workspace connection\n"),
        sources=(ENVIRONMENTS,),
    )
)
def registry_credentials(subject: Subject) -> Iterator[Finding]:
    """Where the definition has them."""
    if subject.plans.definition is not None and subject.plans.definition.credentials:
        yield Finding(subject.start_span, "The environment definition holds registry credentials")
