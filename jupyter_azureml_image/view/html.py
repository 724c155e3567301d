"""Semantic HTML of a run: readable with its style taken away, as a code host shows it."""

from __future__ import annotations

from collections.abc import Iterable

from ..lint.diagnostic import Diagnostic
from ..lint.render import render_one, shown
from ..result import ImageBuild
from . import words
from .card import Row, rows
from .fold import StageState, State, StepState
from .markup import Markup, element, style
from .style import sheet
from .text import last_lines

_TONES = {
    "done": "azi-good",
    "cached": "azi-good",
    "reused": "azi-good",
    "failed": "azi-bad",
    "cancelled": "azi-warn",
    "error": "azi-bad",
    "warning": "azi-warn",
    "info": "azi-info",
}


# Front ends make formulas of what stands between two dollar signs, unless told not to.
_NO_MATHS = "mathjax_ignore tex2jax_ignore"


def page(state: State, *, log_file: str = "", stop: str = "") -> str:
    """The whole state; the same words as `text.lines`, and the end of the log. `stop` is the
    sentence that says how to stop it, shown while it runs."""
    return frame(
        element("p", *_headline(state), cls="azi-head"),
        *_stages(state),
        *_notes(state),
        *_moving(state),
        *([element("p", stop, cls="azi-quiet")] if stop and state.ended is None else []),
        *_log(state, log_file),
        element("div", *_ending(state), role="status", aria_live="polite"),
    )


def frame(*children: str) -> str:
    """`children` inside the element that every rule of the style sheet needs."""
    return element("div", style(sheet()), *children, cls=f"azi {_NO_MATHS}")


def findings(found: tuple[Diagnostic, ...], text: str, above: int = 0) -> Markup:
    """Each finding with its line, the mark in it, why it matters and what to do; `above` lines
    stand over the text where it is read."""
    return element("ul", *(_finding(d, text, above) for d in found), cls="azi-findings")


def result_card(build: ImageBuild) -> str:
    """An ImageBuild as a card."""
    return card("Result", rows(build))


def card(title: str, shown_rows: Iterable[Row]) -> str:
    """Labels and values; what is worth copying is selected whole by one click."""
    parts: list[Markup] = []
    for row in shown_rows:
        parts.append(element("dt", row.label))
        inner = element("code", row.value, cls="azi-copy") if row.code else row.value
        parts.append(element("dd", inner))
    return frame(element("section", element("dl", *parts), cls="azi-card", aria_label=title))


def _headline(state: State) -> list[str]:
    plain = words.headline(state)
    if not state.sandbox:
        return [plain]
    return [plain.removesuffix("SANDBOX"), element("span", "SANDBOX", cls="azi-badge")]


def _stages(state: State) -> list[Markup]:
    if not state.stages:  # a deployment has steps and no stages
        return [_steps(state.steps)] if state.steps else []
    return [element("ol", *(_stage(state, stage) for stage in state.stages), cls="azi-stages")]


def _stage(state: State, view: StageState) -> Markup:
    inner: list[str] = [element("div", *_stated(words.stage(view), view.state))]
    if view.listing:
        summary = element("summary", f"{view.stage}: {words.lines(len(view.listing))}")
        listing = element("pre", "\n".join(view.listing))
        inner.append(element("details", summary, listing, open=view.stage == "plan"))
    if view.stage == "check" and state.findings:
        inner.append(findings(state.findings, state.text, state.above))
    if steps := state.steps_of(view.stage):
        inner.append(_steps(steps))
    return element("li", *inner, cls=_TONES.get(view.state, ""))


def _stated(line: str, state: str) -> list[str]:
    """A line of words whose state stands out."""
    head, found, rest = line.partition(f" {state}")
    return [_state(head + found, state), rest] if found else [line]


def _state(said: str, state: str) -> Markup:
    return element("span", said, cls=f"azi-state {_TONES.get(state, '')}".strip())


def _steps(steps: tuple[StepState, ...]) -> Markup:
    head = element("tr", *(element("th", t, scope="col") for t in ("State", "Step")))
    body = [
        element(
            "tr",
            element(
                "td",
                _state(words.step(step).partition(": ")[0], step.state),
                cls="azi-nowrap",
            ),
            element("td", element("code", words.clean(step.title))),
            cls=_TONES.get(step.state, ""),
        )
        for step in steps
    ]
    caption = element("caption", "Steps", cls="azi-hidden")
    return element("table", caption, element("thead", head, cls="azi-hidden"), _body(body))


def _body(rows_: list[Markup]) -> Markup:
    return element("tbody", *rows_)


def _finding(view: Diagnostic, text: str, above: int) -> Markup:
    """The lines of `render_one`, the place marked in its line instead of under it."""
    said = render_one(text, view, above)
    inner = [element("div", *_stated(said[0], view.severity))]
    if (place := shown(text, view)).text.strip():
        start, end = place.mark.find("^"), len(place.mark)
        source = element(
            "code", place.text[:start], element("mark", place.text[start:end]), place.text[end:]
        )
        inner.append(
            element("pre", element("span", f"{view.line + above} | ", cls="azi-quiet"), source)
        )
        said = said[2:]
    inner += [element("div", line) for line in said[1:]]
    return element("li", *inner, cls=_TONES[view.severity])


def _notes(state: State) -> list[Markup]:
    tone = {"warning": "azi-warn", "info": "azi-quiet"}
    return [element("p", words.note(note), cls=tone[note.level]) for note in state.notes]


def _moving(state: State) -> list[Markup]:
    """What is only true while it runs."""
    told = [words.queued(state.queued)] if state.queued is not None else []
    if state.ended is None:
        told += [words.transfer(t) for t in state.transfers]
    return [element("p", line, cls="azi-quiet") for line in told]


def _log(state: State, log_file: str) -> list[Markup]:
    if not state.log:
        return []
    failed = state.ended is not None and state.ended.outcome == "failed"
    shown = last_lines(state) if failed else [words.log_line(line.text) for line in state.log]
    hidden = state.log_lines - len(shown)
    mark = [element("p", words.skipped(hidden), cls="azi-quiet")] if hidden else []
    where = (
        [element("p", "Log file: ", element("code", log_file, cls="azi-copy"))] if log_file else []
    )
    box = element(
        "div",
        element("pre", "\n".join(shown)),
        cls="azi-log",
        tabindex="0",
        role="region",
        aria_label="Log",
    )
    title = element("summary", f"Log: {words.lines(state.log_lines)}")
    return [element("details", title, *mark, box, *where, open=failed or state.ended is None)]


def _ending(state: State) -> list[Markup]:
    if state.ended is None:
        running = next((s for s in reversed(state.stages) if s.state == "running"), None)
        return [element("span", words.stage(running), cls="azi-hidden")] if running else []
    line = element("p", *_stated(words.ending(state.ended, state), state.ended.outcome))
    hint = [element("div", said) for said in state.ended.hint.splitlines()]
    return [element("div", line, *hint, cls=_TONES.get(state.ended.outcome, ""))]
