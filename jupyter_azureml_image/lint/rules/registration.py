"""Names, versions and definitions that the service refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...patterns import pattern
from ..links import (
    DOCKERFILE_PATH_ISSUE,
    ENVIRONMENTS,
    ENVIRONMENTS_V2,
    LOCAL_ISSUE,
    QUOTAS,
    SDK,
    VERSION_ISSUE,
)
from ..rule import About, Example, Finding, rule
from ..subject import Subject

_ENDPOINT = pattern(r"[A-Za-z](?:[A-Za-z0-9]|-(?=[A-Za-z0-9])){1,30}[A-Za-z0-9]")


@rule(
    About(
        "AML110",
        "error",
        "An environment name that Azure ML keeps for itself",
        why="Names that begin with AzureML or Microsoft, and names over 255 characters, are "
        "refused at registration; the SDK does not notice before.",
        remedy="Choose another name.",
        example=Example("%%azureml_dockerfile AzureML-scorer\n", "%%azureml_dockerfile scorer\n"),
        sources=(ENVIRONMENTS, SDK),
    )
)
def reserved_name(subject: Subject) -> Iterator[Finding]:
    """The run's name."""
    name = subject.request.name if subject.request else ""
    prefix = next((p for p in ("azureml", "microsoft") if name.lower().startswith(p)), None)
    if prefix is not None:
        yield Finding(
            subject.start_span, f"The environment name {name} begins with the reserved {prefix}"
        )
    elif len(name) > 255:
        yield Finding(subject.start_span, f"The environment name has {len(name)} characters")


@rule(
    About(
        "AML111",
        "error",
        "Both image and build, or neither",
        why="An environment comes from an image or from a build context, not from both.",
        remedy="Give exactly one of the two.",
        example=Example(
            "Environment(image='...', build=BuildContext('.'))\n", "Environment(image='...')\n"
        ),
        sources=(ENVIRONMENTS, SDK),
    )
)
def image_or_build(subject: Subject) -> Iterator[Finding]:
    """The definition."""
    definition = subject.plans.definition
    if definition is None:
        return
    if definition.image and definition.build_path:
        yield Finding(subject.start_span, "The environment has image= and build=")
    elif not definition.image and not definition.build_path:
        yield Finding(subject.start_span, "The environment has neither image= nor build=")


@rule(
    About(
        "AML112",
        "error",
        "dockerfile_path repeats the context",
        why="dockerfile_path is relative to the context folder: with the folder in it the build "
        "stops with 'lstat ...: no such file or directory'.",
        remedy="Strip the folder from dockerfile_path.",
        example=Example(
            "BuildContext(path='env', dockerfile_path='env/Dockerfile')\n",
            "BuildContext(path='env', dockerfile_path='Dockerfile')\n",
        ),
        sources=(DOCKERFILE_PATH_ISSUE,),
    )
)
def repeated_path(subject: Subject) -> Iterator[Finding]:
    """The definition."""
    definition = subject.plans.definition
    if definition is None or not definition.build_path or not definition.dockerfile_path:
        return
    folder = definition.build_path.strip("./").rstrip("/")
    if folder and definition.dockerfile_path.removeprefix("./").startswith(folder + "/"):
        yield Finding(
            subject.start_span,
            f"dockerfile_path {definition.dockerfile_path} begins with the context {folder}",
        )


@rule(
    About(
        "AML113",
        "warning",
        "The version holds something else",
        why="Of a registered version only description and tags can change.",
        remedy="Register the next version, or leave the version out: it follows from the content.",
        example=Example("%%azureml_dockerfile scorer:1\n", "%%azureml_dockerfile scorer:2\n"),
        sources=(ENVIRONMENTS_V2, VERSION_ISSUE),
    )
)
def taken_version(subject: Subject) -> Iterator[Finding]:
    """Where the caller knows what the workspace holds."""
    definition = subject.plans.definition
    if definition is not None and definition.taken and subject.request:
        asked = f"{subject.request.name}:{subject.request.version}"
        yield Finding(subject.start_span, f"{asked} is registered with other content")


@rule(
    About(
        "AML114",
        "error",
        "An endpoint or deployment name that is refused",
        why="Names have 3 to 32 letters, digits and single dashes, begin with a letter and do not "
        "end with a dash.",
        remedy="Choose another name.",
        example=Example("--endpoint 1st_endpoint\n", "--endpoint first-endpoint\n"),
        sources=(QUOTAS, SDK),
    )
)
def endpoint_names(subject: Subject) -> Iterator[Finding]:
    """The planned deployment."""
    wish = subject.plans.deployment
    if wish is None:
        return
    for kind, name in (("endpoint", wish.endpoint), ("deployment", wish.deployment)):
        if name is not None and not _ENDPOINT.fullmatch(name):
            plain = re.sub(r"-+", "-", re.sub(r"[^A-Za-z0-9]+", "-", name)).strip("-")[:32]
            plain = plain if plain[:1].isalpha() else f"e-{plain}"
            yield Finding(
                subject.start_span,
                f"'{name}' cannot name the {kind}",
                remedy=f"For example {plain.rstrip('-')}.",
            )


@rule(
    About(
        "AML130",
        "warning",
        "local=True of azure-ai-ml stumbles over this",
        why="azure-ai-ml 1.35 raises AttributeError or TypeError for routes as a Python dict, for "
        "build= without dockerfile_path, and without code_configuration or model; its local "
        "build always pulls the base.",
        remedy="Run the built image with '%azureml_image deploy --local', which needs none of it.",
        example=Example(
            "begin_create_or_update(deployment, local=True)\n",
            "%azureml_image deploy scorer --local --endpoint test\n",
        ),
        sources=(SDK, LOCAL_ISSUE),
    )
)
def brittle_local(subject: Subject) -> Iterator[Finding]:
    """The combinations that are known to fail."""
    wish, definition = subject.plans.deployment, subject.plans.definition
    if wish is None or not wish.local:
        return
    reasons = []
    if definition is not None and definition.inference_config is not None:
        reasons.append("routes given as a Python dict")
    if definition is not None and definition.build_path and not definition.dockerfile_path:
        reasons.append("build= without dockerfile_path")
    if not subject.mounts.code:
        reasons.append("no code_configuration")
    if not subject.mounts.model:
        reasons.append("no model")
    if reasons:
        yield Finding(subject.start_span, f"local=True fails with {', '.join(reasons)}")
