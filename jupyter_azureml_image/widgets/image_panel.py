"""The panel: form and text side by side, findings as you type, and the work."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import ipywidgets as w

from .. import api
from ..errors import BadUsage, ImageError
from ..notebook import squiggles
from ..notebook.body import MAGIC
from ..notebook.calls import as_run
from ..notebook.screen import Slot
from ..paths import from_home
from ..spec import ImageSpec
from ..view.html import frame
from ..view.markup import element
from . import search
from .builder import Builder
from .desk import Desk
from .form import Form
from .looks import Looks
from .preview import Preview
from .work import Work

START = "mcr.microsoft.com/azureml/minimal-py312-inference:latest"
UNTIL = {"Check": "check", "Plan": "plan", "Build": "rehearse", "Register": "register"}
"""What each button runs to."""


class Panel:
    """Two editors of one text, and buttons that run it. `value` is the ImageSpec."""

    def __init__(
        self, start: ImageSpec | Panel | str | None = None, context: str | None = None
    ) -> None:
        text = start if isinstance(start, str) else ""
        if isinstance(start, Panel):
            text = start.text
            start = start.value
        self._desk = Desk(_spec(start), context or _folder(), text)
        self._slot: Any = None
        self._fronts: list[Any] = []  # where it is displayed, once or several times
        self._closed = False
        self._last: Any = None  # the latest result that can be deployed
        self._looks = looks = Looks()
        self._work = Work(self._tell, self._ended)
        self._form = Form(self._desk, looks, self._refresh)
        self._preview = Preview(self._desk, looks, self._typed)
        self._builder = Builder(looks)
        self._name = looks.text("Name", value="my-image")
        self._context = looks.text(
            "Context folder", value=self._desk.folder, continuous_update=False
        )
        self._endpoint = looks.text("Endpoint")
        self._machine = looks.text("Instance type", placeholder="Standard_DS2_v2")
        self._status = looks.html()
        self._buttons = self._made_buttons()
        self._search = search.Search(looks)
        self._context.observe(self._context_changed, "value")
        self._preview.fix.on_click(self._apply_fixes)
        self.widget = self._laid_out()
        self._refresh()

    @property
    def value(self) -> ImageSpec:
        """What the form holds, for `--spec`, Python and the command line."""
        return self._desk.spec

    @property
    def text(self) -> str:
        """The Dockerfile text."""
        return self._desk.text

    @property
    def cell(self) -> str:
        """The cell that does the same."""
        words = [self._name.value.strip() or "my-image"]
        words += [] if self._builder.value == "auto" else [f"--build {self._builder.value}"]
        if self._desk.folder != _folder():
            words.append(f"--context {shlex.quote(self._desk.folder)}")
        words += _options(self._desk.spec)
        return f"%%{MAGIC} {' '.join(words)}\n{self._desk.text}".rstrip("\n")

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the work of a button; whether it ended in time."""
        return self._work.wait(timeout)

    def close(self) -> None:
        """Put a static card in the panel's place."""
        self._closed = True
        for front in self._fronts:
            front.update(self._card(), raw=True)
        self.widget.close()

    def _ipython_display_(self) -> None:
        from IPython.display import display

        from .card import bundle

        if self._closed:
            display(self._card(), raw=True)  # type: ignore[no-untyped-call]  # IPython's
            return
        shown = bundle(self.widget, self._card())
        self._fronts.append(display(shown, raw=True, display_id=True))  # type: ignore[no-untyped-call]  # as above
        waiting = {"text/plain": "No run yet.", "text/html": frame(element("p", "No run yet."))}
        self._slot = display(waiting, raw=True, display_id=True)  # type: ignore[no-untyped-call]  # as above

    def _card(self) -> dict[str, str]:
        from .card import static

        return static(self._desk, self.cell)

    def _made_buttons(self) -> dict[str, Any]:
        names = [*UNTIL, "Deploy", "Cancel", "To cell", "Close"]
        made = {name: self._looks.button(name) for name in names}
        made["Register"].button_style = "primary"
        for name, until in UNTIL.items():
            made[name].on_click(lambda _, until=until: self._run(until))
        made["Deploy"].on_click(lambda _: self._deploy())
        made["Cancel"].on_click(lambda _: self._work.cancel())
        made["To cell"].on_click(lambda _: self._to_cell())
        made["Close"].on_click(lambda _: self.close())
        for name, button in made.items():
            button.add_class(f"azi-do-{name.lower().replace(' ', '-')}")
        return made

    def _laid_out(self) -> Any:
        half = w.Layout(flex="1 1 24em", min_width="min(20em, 100%)", padding="0 1em 0 0")
        wrapped = w.Layout(flex_flow="row wrap")
        where = [self._builder.widget, self._endpoint, self._machine]
        left = w.VBox([self._name, self._context, self._form.widget, *where], layout=half)
        right = w.VBox([self._preview.widget], layout=half)
        both = w.HBox([left, right], layout=wrapped)
        row = w.HBox(list(self._buttons.values()), layout=wrapped)
        whole = self._looks.column(both, row, self._status, self._search.widget)
        whole.add_class("azi-panel")
        return whole

    def _typed(self, text: str) -> None:
        self._desk.set_text(text)
        self._form.fill()
        self._refresh()

    def _context_changed(self, change: Any) -> None:
        self._desk.set_folder(str(from_home(change["new"])))
        self._refresh()

    def _apply_fixes(self, _: Any) -> None:
        count = self._desk.fix()
        self._form.fill()
        self._refresh()
        self._tell(f"{count} fix{'es' if count != 1 else ''} applied.")

    def _refresh(self) -> None:
        self._preview.show()
        self._enable()

    def _enable(self) -> None:
        busy = self._work.busy
        for name, button in self._buttons.items():
            button.disabled = not busy if name == "Cancel" else busy and name != "To cell"

    def _tell(self, sentence: str) -> None:
        self._status.value = frame(
            element("p", sentence, role="status", aria_live="polite") if sentence else ""
        )

    def _run(self, until: str) -> None:
        def begin() -> Any:
            asked = api.request(
                self._name.value.strip(),
                self.text + ("" if self.text.endswith("\n") else "\n"),
                context=self._desk.folder,
                build=self._builder.value,
                until=until,
                platform=self._desk.spec.platform,
                build_arg=dict(self._desk.spec.build_args),
            )
            return api.start(asked)

        self._begin(f"Running to {until}.", begin)

    def _deploy(self) -> None:
        def begin() -> Any:
            endpoint = self._endpoint.value.strip()
            chosen = {"instance_type": self._machine.value.strip() or None}
            given = {key: value for key, value in chosen.items() if value}
            environment, name = self._deployed()
            return as_run(
                f"deploy {name} to {endpoint}",
                lambda emit, stopped: api.deploy(
                    environment, endpoint=endpoint, on_event=emit, stopped=stopped, **given
                ),
            )

        self._begin("Deploying.", begin)

    def _deployed(self) -> tuple[Any, str]:
        """What Deploy takes: the latest registered result where it has the name that stands in
        the panel, else the environment of that name; and how it is called."""
        name = self._name.value.strip()
        last = self._last
        if last is None or name not in (last.name, f"{last.name}:{last.version}"):
            return name, name
        return last, f"{last.name}:{last.version}"

    def _begin(self, sentence: str, begin: Any) -> None:
        """Start work; a button has no cell, so what is refused is said in the panel."""
        if self._work.busy:
            return
        try:
            live = begin()
        except ImageError as error:
            self._tell(f"{type(error).__name__}: {error.message} {error.hint or ''}")
            return
        log = str(api.log_path(live.run_id)) if live.run_id else ""
        self._search.log_file = log
        self._tell(sentence)
        self._work.run(live, Slot(log, handle=self._slot))
        self._enable()

    def _ended(self, result: Any) -> None:
        if getattr(result, "registered", None) is not None:
            self._last = result
        if (plan := getattr(result, "plan", None)) is not None:
            self._builder.say(plan.reason)
        self._enable()

    def _to_cell(self) -> None:
        sent = squiggles.insert_cell(self.cell)
        said = "It is in a new cell; or copy it:" if sent else "Copy this into a cell:"
        self._status.value = frame(
            element("p", said, role="status", aria_live="polite"),
            element("pre", element("code", self.cell, cls="azi-copy")),
        )


def _spec(start: ImageSpec | str | None) -> ImageSpec:
    if start is None:
        return ImageSpec(base=START)
    if isinstance(start, ImageSpec):
        return start
    if isinstance(start, str):
        return ImageSpec.from_dockerfile(start)
    raise BadUsage(
        f"The panel cannot begin with a value of type {type(start).__name__}.",
        hint="It takes an ImageSpec, Dockerfile text or another panel.",
    )


def _options(spec: ImageSpec) -> list[str]:
    """What the spec says of a build, as words of a magic line."""
    said = spec.fill({})
    words = [f"--platform {said['platform']}"] if "platform" in said else []
    return words + [f"--build-arg {shlex.quote(f'{k}={v}')}" for k, v in said.get("build_arg", ())]


def _folder() -> str:
    from IPython.core.getipython import get_ipython

    from ..notebook import frontend

    shell: Any = get_ipython()
    notebook = frontend.notebook(shell.user_ns) if shell else None
    return str(Path(notebook).parent if notebook else Path.cwd())
