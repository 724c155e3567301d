"""The one stream: everything that happens in a run is one of these records.

Builders, rehearsal, push and deployment emit them; the journal stores them; every view
is folded from them. They carry facts, never presentation, and never a secret's value.
Times are Unix seconds and are added by the journal, durations are seconds, sizes bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Union

from . import wire
from .lint.diagnostic import Diagnostic
from .records import dataclass
from .stages import Stage

Outcome = Literal["done", "reused", "skipped", "failed", "cancelled"]
StepOutcome = Literal["done", "cached", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run began; `name` is the environment's."""

    run_id: str
    name: str
    until: Stage = "register"


@dataclass(frozen=True, slots=True)
class Connected:
    """The workspace this run uses, and as whom, in a sentence; `sandbox`: the offline one."""

    text: str
    sandbox: bool = False


@dataclass(frozen=True, slots=True)
class StageStarted:
    """A stage began."""

    stage: Stage


@dataclass(frozen=True, slots=True)
class StageEnded:
    """A stage ended; `sentence` says how, in words every view shows."""

    stage: Stage
    outcome: Outcome
    seconds: float
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """One printed sentence: a choice that was made, a thing to know."""

    text: str
    level: Literal["info", "warning"] = "info"


@dataclass(frozen=True, slots=True)
class Findings:
    """What the check found, and the text it was found in (for showing the lines).

    Diagnostics count the lines of the text; `above` more stand over it where the user reads it
    (the magic line of a cell), and what is shown counts those too.
    """

    diagnostics: tuple[Diagnostic, ...]
    text: str = ""
    above: int = 0


@dataclass(frozen=True, slots=True)
class Listing:
    """A block of preformatted lines that belongs to a stage (context listing, plan)."""

    stage: Stage
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A build instruction (or another numbered step) began.

    `step` is unique in the run; `title` is its text as the builder prints it, without
    decoration (`RUN pip install numpy`); `line` is its line in the Dockerfile, if known.
    """

    step: str
    title: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class StepEnded:
    """A step ended; a cached one took no work."""

    step: str
    outcome: StepOutcome
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class LayerSize:
    """The instruction on `line` added so many bytes to the image; said when it is made."""

    line: int
    size: int


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of output (no line end, no control characters); `step` None: of the run."""

    text: str
    step: str | None = None


@dataclass(frozen=True, slots=True)
class LinesSkipped:
    """So many log lines came before the next one, and are only in the log file."""

    count: int


@dataclass(frozen=True, slots=True)
class Transfer:
    """Bytes moved so far, as absolute numbers; `total` None: unknown."""

    what: Literal["context", "pull", "push", "upload"]
    done: int
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Queued:
    """A cloud build waits for a machine, for so long so far."""

    seconds: float


@dataclass(frozen=True, slots=True)
class RunEnded:
    """The run ended. On failure `sentence` is the error's message, `hint` its remedy, `error`
    the name of its class (of those in errors.py) and `code` its code.
    """

    outcome: Outcome
    seconds: float
    sentence: str = ""
    hint: str = ""
    error: str = ""
    code: str = ""


Event = Union[  # noqa: UP007  # evaluated at run time, and listed by _TYPES
    RunStarted,
    Connected,
    StageStarted,
    StageEnded,
    Note,
    Findings,
    Listing,
    StepStarted,
    StepEnded,
    LayerSize,
    LogLine,
    LinesSkipped,
    Transfer,
    Queued,
    RunEnded,
]

Emit = Callable[[Event], None]
"""What an adapter is handed to say what happens; safe to call from any thread."""

_TYPES: dict[str, type[Any]] = {cls.__name__: cls for cls in Event.__args__}  # type: ignore[attr-defined]  # a Union's members


def to_json(event: Event) -> dict[str, Any]:
    """The event as JSON values, its type under `event`."""
    return {"event": type(event).__name__, **wire.dump(event)}


def from_json(data: dict[str, Any]) -> Event:
    """The event that `to_json` gave; raises KeyError for a type this version lacks."""
    event: Event = wire.load(_TYPES[data["event"]], data)
    return event
