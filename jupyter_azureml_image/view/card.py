"""What the result card says about an ImageBuild, as rows of label and value."""

from __future__ import annotations

from dataclasses import dataclass

from ..lint.render import summary
from ..plan.deployment import Deployment
from ..result import ImageBuild
from . import words


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a card; `code` marks what is worth copying."""

    label: str
    value: str
    code: bool = False


def rows(build: ImageBuild) -> list[Row]:
    """The rows of a result; what did not happen is left out, what comes next is the last."""
    name = f"{build.name}:{build.version}" if build.version else build.name
    made = [Row("Image", f"{name} · SANDBOX" if build.sandbox else name)]
    if build.registered is not None:
        made.append(
            Row("Environment", f"azureml:{build.registered.name}:{build.registered.version}", True)
        )
    for label, value in (
        ("Reference", build.reference),
        ("In the engine", build.local_reference),
        ("Image id", build.image_id),
    ):
        if value:
            made.append(Row(label, value, code=True))
    if build.size:
        made.append(Row("Size", words.size(build.size)))
    if build.verdict is not None:
        made.append(Row("Rehearsal", f"{build.verdict.outcome}: {build.verdict.sentence}"))
    if build.diagnostics:
        made.append(Row("Findings", summary(build.diagnostics)))
    if build.plan is not None:
        made.append(Row("Plan", build.plan.sentence))
    made.append(Row("Run", build.run_id))
    following = next_step(build)
    return [*made, Row("Next", following, code=True)] if following else made


def deployment_rows(made: Deployment) -> list[Row]:
    """The rows of a deployment; what it costs, and the line that ends that, are the last."""
    name = f"{made.endpoint}/{made.name}"
    told = [Row("Deployment", f"{name} · SANDBOX" if made.sandbox else name)]
    told += [
        Row("Environment", made.environment, code=True),
        Row("Scoring", made.scoring_uri, code=True),
        Row("Traffic", f"{made.traffic} %"),
    ]
    if made.status is not None:
        told.append(Row("Sample", f"answered {made.status}: {made.answer or ''}"))
    return [*told, Row("Bills", made.bills), Row("To delete it", made.delete_line, code=True)]


def text_of(shown: list[Row]) -> list[str]:
    """Rows as lines of text."""
    width = max(len(row.label) for row in shown)
    return [f"{row.label:<{width}}  {words.clean(row.value)}" for row in shown]


def next_step(build: ImageBuild) -> str | None:
    """The line that takes this result on, where there is one."""
    if build.registered is not None:
        return (
            f"%azureml_image deploy {build.registered.name}:{build.registered.version} "
            "--endpoint NAME --instance-type TYPE"
        )
    serves = build.verdict is not None and build.verdict.outcome in ("served", "started")
    if serves and build.local_reference is not None and build.reference is None:
        return f"docker run --rm -p 5001:5001 {build.local_reference}"
    return None
