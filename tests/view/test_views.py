"""The views: folded from events, the same words in text and HTML, inert whatever they show."""

from __future__ import annotations

import html
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from jupyter_azureml_image import events as e
from jupyter_azureml_image.result import ImageBuild
from jupyter_azureml_image.view import words
from jupyter_azureml_image.view.fold import KEPT_LINES, State, fold, fold_all
from jupyter_azureml_image.view.html import page, result_card
from jupyter_azureml_image.view.palette import DARK, LIGHT, contrast
from jupyter_azureml_image.view.style import sheet
from jupyter_azureml_image.view.table import Table
from jupyter_azureml_image.view.text import LAST_LINES, added, lines, result_lines

sys.path.insert(0, str(Path(__file__).parent))

from story import FAILING, FINDING, HOSTILE, OPENING

INLINE = re.compile(r"</?(?:mark|code|span|b)\b[^>]*>")


def seen(markup: str) -> str:
    """What a reader sees of HTML, blanks evened out."""
    body = re.sub(r"<style>.*?</style>", "", markup, flags=re.DOTALL)
    return even(html.unescape(re.sub(r"<[^>]+>", " ", INLINE.sub("", body))))


def even(text: str) -> str:
    """Words only: no blanks, no punctuation of layout."""
    return " ".join(re.findall(r"[\w.,'–✓✗…↺■<>&/=\"-]+", text.replace(":", " ")))


class Reader(HTMLParser):
    """Collects tags and attributes, and complains of what does not nest."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def close(self) -> None:
        super().close()
        assert self._open == []


def read(markup: str) -> Reader:
    reader = Reader()
    reader.feed(markup)
    reader.close()
    return reader


def test_the_same_words_in_text_and_html() -> None:
    state = fold_all(State(), FAILING)
    shown = seen(page(state))
    for line in lines(state):
        if not set(line) <= set(" |^"):
            assert even(line.replace(" | ", " ")) in shown, line


def test_every_event_is_folded_and_has_words() -> None:
    from typing import get_args

    from jupyter_azureml_image.view.fold import _FOLDS
    from jupyter_azureml_image.view.text import _ADDED

    assert set(_FOLDS) == set(get_args(e.Event))
    assert set(get_args(e.Event)) - set(_ADDED) == {e.StageStarted}


def test_a_layer_is_told_with_its_size() -> None:
    state = State()
    printed: list[str] = []
    for event in (e.StepStarted("1", "COPY a b", 3), e.StepEnded("1", "cached"), e.LayerSize(3, 5)):
        state = fold(state, event)
        printed += added(event, state)
    assert "  ✓ cached (5 B): COPY a b" in list(lines(state))
    assert "cached 5 B COPY a b" in seen(page(state))
    assert printed[-1] == "  layer of 5 B: COPY a b"


def test_folding_one_by_one_and_all_at_once_is_the_same() -> None:
    state = State()
    for event in FAILING:
        state = fold(state, event)
    assert state == fold_all(State(), FAILING)


def test_plain_progress_says_all_that_the_whole_text_says() -> None:
    state = State()
    printed: list[str] = []
    for event in FAILING:
        state = fold(state, event)
        printed += added(event, state)
    said = set(map(even, printed))
    headline = even(words.headline(state))  # where the run is, is known a little later
    assert {even(line) for line in lines(state)} - {headline} <= said


def test_only_the_end_of_a_long_log_is_kept_and_the_gap_is_marked() -> None:
    state = fold_all(State(), FAILING)
    assert (state.log_lines, len(state.log)) == (1000, KEPT_LINES)
    assert words.skipped(1000 - LAST_LINES) in page(state)
    running = fold_all(State(), FAILING[:900])
    assert running.skipped == running.log_lines - KEPT_LINES
    assert len(page(running)) < 60_000


def test_what_ended_a_run_is_said_once() -> None:
    said = "RUN x ended with exit code 1."
    stages = (e.StageStarted("build"), e.StageEnded("build", "failed", 1.0, said))
    state = fold_all(State(), (*stages, e.RunEnded("failed", 1.0, said, "Look.")))
    assert sum(said in line for line in lines(state)) == 1
    assert seen(page(state)).count(even(said)) == 1
    assert "Look." in seen(page(state))
    other = fold_all(State(), (*stages, e.RunEnded("failed", 1.0, "No disk.")))
    assert any("No disk." in line for line in lines(other))


def test_how_to_stop_it_is_said_while_it_runs_only() -> None:
    state = fold_all(State(), OPENING)
    assert "press it" in page(state, stop="press it")
    ended = fold_all(state, (e.RunEnded("done", 1.0),))
    assert "press it" not in page(ended, stop="press it")


def test_no_front_end_makes_formulas_of_what_is_shown() -> None:
    assert 'class="azi mathjax_ignore tex2jax_ignore"' in page(State())


def test_a_failure_shows_the_last_forty_lines_of_the_step_that_failed() -> None:
    state = fold_all(State(), FAILING)
    text = "\n".join(lines(state))
    assert "line 999 " in text
    assert "line 960 " in text
    assert "line 959 " not in text


def test_of_a_very_long_line_the_beginning_is_shown_and_how_much_more_there_is() -> None:
    flood = [e.LogLine("z" * 200_000)] * KEPT_LINES
    running = fold_all(State(), (*OPENING, *flood))
    ended = fold(running, e.RunEnded("failed", 1.0, "It failed."))
    for shown in (page(running), page(ended), "\n".join(lines(ended))):
        assert "… (198,000 more characters are in the log file)" in shown
        assert len(shown) < 600_000
    (printed,) = added(flood[0], running)
    assert len(printed) < 3_000


def test_nothing_hostile_acts() -> None:
    markup = page(fold_all(State(), FAILING), log_file=f"/tmp/{HOSTILE}")
    reader = read(markup)
    assert not {"img", "script", "iframe", "a", "link"} & set(reader.tags)
    assert not [name for name, _ in reader.attributes if name.startswith("on")]
    assert "\x1b" not in markup
    assert html.escape("<img src=x") in markup


def test_marks_that_hide_or_reorder_text_are_taken_out() -> None:
    assert words.clean("a\u202eb\u200bc\rd\x07") == "abcd"
    assert words.clean("\x1b]0;title\x07x\x1b[2Ky") == "xy"


def test_a_finding_shows_its_line_with_the_mark_under_the_place() -> None:
    state = fold_all(State(), OPENING)
    text = list(lines(state))
    where = next(i for i, line in enumerate(text) if "pip install –r" in line)
    assert text[where].index("–") == text[where + 1].index("^")
    assert "<mark>–</mark>" in page(state)
    assert FINDING.why in page(state)
    assert FINDING.remedy in page(state)


def test_what_cannot_be_seen_is_shown() -> None:
    text = "RUN a\u00a0b\n"
    found = e.Findings((FINDING.__class__("X", "error", "m", 1, 6, 1, 7),), text)
    shown = "\n".join(lines(fold_all(State(), (e.StageStarted("check"), found))))
    assert "a␣b" in shown


def test_findings_count_the_lines_above_the_text() -> None:
    found = e.Findings((FINDING.__class__("X", "error", "m", 1, 1, 1, 4),), "RUN a\n", above=1)
    state = fold_all(State(), (e.StageStarted("check"), found))
    assert "line 2  error" in "\n".join(lines(state))
    assert "line 2 error" in seen(page(state))
    assert "2 RUN a" in seen(page(state))


def test_a_state_is_never_told_by_colour_alone() -> None:
    markup = seen(page(fold_all(State(), FAILING)))
    for word in ("✓ check done", "✗ build failed", "✓ cached", "line 2 error", "Warning"):
        assert word in markup


def test_the_sandbox_is_named_on_every_card() -> None:
    assert "SANDBOX" in seen(page(fold_all(State(), OPENING)))
    build = ImageBuild("e", "r", version="1", sandbox=True)
    assert "SANDBOX" in seen(result_card(build))
    assert any("SANDBOX" in line for line in result_lines(build))


def test_a_result_has_the_same_words_in_text_and_html() -> None:
    build = ImageBuild("e", "r", version="1", local_reference="e:1", size=1_500_000)
    shown = seen(result_card(build))
    for line in result_lines(build):
        assert even(line) in shown
    assert "1.5 MB" in shown


def test_nothing_is_shown_as_running_when_the_run_is_over() -> None:
    # The kernel died in the middle: nobody told how the stage and its step ended.
    state = fold_all(State(), (*OPENING, e.RunEnded("failed", 3.0, "The kernel ended.")))
    for shown in ("\n".join(lines(state)), seen(page(state))):
        assert "running" not in shown
        assert "– build unfinished" in shown
        assert "– unfinished" in shown.replace("– build unfinished", "")
        assert "0.0 s" not in shown


def test_a_stage_that_is_come_to_again_after_a_restart_is_shown_once() -> None:
    state = fold_all(State(), (*FAILING, e.StageStarted("build")))
    assert [stage.stage for stage in state.stages] == ["check", "context", "plan", "build"]
    assert state.ended is None


@pytest.mark.parametrize("shade", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("role", ["text", "quiet", "good", "bad", "warn", "accent"])
def test_every_colour_can_be_read_on_both_grounds(shade: object, role: str) -> None:
    colour = getattr(shade, role)
    for ground in ("ground", "block"):
        assert contrast(colour, getattr(shade, ground)) >= 4.5, (role, ground)


def test_the_badge_can_be_read() -> None:
    for shade in (LIGHT, DARK):
        assert contrast(shade.on_accent, shade.accent) >= 4.5


def test_every_rule_of_the_style_sheet_is_ours_alone() -> None:
    flat = re.sub(r"@media[^{]+\{((?:[^{}]*\{[^{}]*\})*)\}", r"\1", sheet())
    for selector in re.findall(r"([^{}]+)\{", flat):
        for part in selector.split(","):
            assert ".azi" in part, part


def test_a_table_has_the_same_words_in_text_and_html() -> None:
    table = Table("Doctor", ("State", "What"), (("bad", "<Docker>"), ("good", "disk")))
    shown = seen(table._repr_html_())
    for line in table.lines():
        assert even(line) in shown
    assert "✗ bad" in shown
    assert "<Docker>" not in table._repr_html_()


def test_an_empty_table_says_so() -> None:
    assert list(Table("Runs", ("Run",), ()).lines()) == ["Runs: none."]
