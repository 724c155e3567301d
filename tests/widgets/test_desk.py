"""The panel without a browser: two editors of one text, fixes, work in the background."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jupyter_azureml_image import api
from jupyter_azureml_image import events as e
from jupyter_azureml_image.errors import BadUsage, BuildFailed
from jupyter_azureml_image.plan.registration import RegisteredEnvironment
from jupyter_azureml_image.result import ImageBuild
from jupyter_azureml_image.run import LiveRun
from jupyter_azureml_image.spec import ImageSpec
from jupyter_azureml_image.widgets import panel
from jupyter_azureml_image.widgets.desk import FIELDS, NAMES, Desk
from jupyter_azureml_image.widgets.picker import about
from jupyter_azureml_image.widgets.search import matching

BASE = "mcr.microsoft.com/azureml/minimal-py312-inference:latest"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(ImageSpec(base=BASE), str(tmp_path))


def test_every_field_has_a_name() -> None:
    assert set(FIELDS) == set(NAMES)


def test_the_form_writes_the_text(desk: Desk) -> None:
    desk.set_field("pip", "numpy==2.1.0\n\n  scikit-learn==1.5.2\n")
    assert "    numpy==2.1.0 \\\n    scikit-learn==1.5.2\n" in desk.text
    desk.set_field("env", "A=1\nB=x=y")
    assert dict(desk.spec.env) == {"A": "1", "B": "x=y"}
    desk.set_field("pip", "")
    assert "pip install" not in desk.text


def test_the_text_fills_the_form_and_nothing_is_dropped(desk: Desk) -> None:
    desk.set_text(f"FROM {BASE}\nRUN pip install --no-cache-dir \\\n    numpy\nRUN echo mine\n")
    assert desk.shown("pip") == "numpy"
    assert desk.kept == ("RUN echo mine",)
    desk.set_field("apt", "libgl1")
    assert "RUN echo mine" in desk.text


def test_a_field_that_cannot_stand_in_a_dockerfile_is_named_and_the_text_stays(desk: Desk) -> None:
    before = desk.text
    desk.set_field("env", "not a name=1")
    assert desk.problem.startswith("Variables: ")
    assert desk.text == before


def test_findings_come_with_the_text_and_a_certain_fix_mends_it(desk: Desk) -> None:
    desk.set_text(f"FROM {BASE}\nRUN pip install --no-cache-dir \u2013r x.txt\n")
    assert "AML001" in {found.code for found in desk.findings}
    assert desk.fixable
    assert desk.fix() >= 1
    assert "-r x.txt" in desk.text


def test_a_missing_source_is_found_while_typing(desk: Desk, tmp_path: Path) -> None:
    desk.set_text("FROM scratch\nCOPY a.txt /\n")
    assert "AML050" in {found.code for found in desk.findings}
    (tmp_path / "a.txt").touch()
    desk.set_folder(str(tmp_path))
    assert "AML050" not in {found.code for found in desk.findings}


def test_the_catalog_says_what_a_base_is() -> None:
    assert "inference server" in about(BASE)
    assert "Not in the catalog" in about("ghcr.io/x/y")


def test_lines_of_the_log_are_found_in_the_file(tmp_path: Path) -> None:
    log = tmp_path / "build.log"
    log.write_text("one\nTWO\nthree two\n")
    assert matching(str(log), "two") == ["2: TWO", "3: three two"]
    assert matching("", "two") == []


def test_what_would_be_sent_is_shown_while_typing(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / ".dockerignore").write_text("*.bin\n")
    for name in ("a.txt", "b.bin"):
        (tmp_path / name).write_text("12345")
    desk.set_text("FROM scratch\nCOPY . /\n")
    sentence, listed = desk.sent
    assert sentence == f"Will be sent: 2 files, 11 bytes, from {tmp_path}."
    assert "  a.txt  5 bytes" in listed
    assert any("line 1  *.bin  b.bin" in line for line in listed)


def test_the_builder_is_explained_and_the_last_plan_told() -> None:
    made = panel("FROM scratch\n")
    assert "Plan says which, and why" in made._builder._said.value
    made._builder.say("Building <here>.")
    assert "The last plan: Building &lt;here&gt;." in made._builder._said.value


def test_remarks_stand_behind_one_line_and_errors_do_not() -> None:
    made = panel(f"FROM {BASE}\nRUN pip install --no-cache-dir \u2013r x.txt\n")
    shown = made._preview._found.value
    before, _, behind = shown.partition("<details>")
    assert "AML001" in before
    assert "AML014" in behind
    assert "The button mends 1 of them." in shown


def test_only_controls_that_every_front_end_brings_along_are_used() -> None:
    """VS Code and Studio have the core controls without asking a server outside for more."""
    made = panel("FROM scratch\n")
    made._form._picker._offer("inference")
    seen, waiting = [], [made.widget]
    while waiting:
        control = waiting.pop()
        seen.append(control)
        waiting += getattr(control, "children", ())
    assert {control._view_module for control in seen} == {"@jupyter-widgets/controls"}
    assert {type(control).__name__ for control in seen} == {
        *("Button", "Combobox", "HBox", "HTML", "Text", "Textarea", "ToggleButtons", "VBox"),
    }
    html = "".join(control.value for control in seen if type(control).__name__ == "HTML")
    assert "http" not in html
    assert "<script" not in html


def test_controls_share_their_styles_so_that_the_panel_appears_at_once() -> None:
    made = panel("FROM scratch\n")
    assert made._name.style is made._context.style is made._preview._text.style
    assert made._buttons["Check"].style is made._buttons["Close"].style


def test_to_cell_is_text_to_copy_where_no_front_end_takes_cells() -> None:
    made = panel("FROM scratch\n")
    made._buttons["To cell"].click()
    assert "Copy this into a cell:" in made._status.value
    assert "%%azureml_dockerfile my-image\nFROM scratch" in made._status.value


def test_a_context_folder_is_read_when_it_is_written_out_and_not_at_every_key() -> None:
    # "/data" begins with "/", and listing all of that at the first key would hold the kernel.
    made = panel("FROM scratch\nCOPY . /x\n")
    assert not made._context.continuous_update


@pytest.mark.parametrize("folder", ["~nobody-of-this-name/x", "a\0b", "n" * 5000, "nowhere"])
def test_a_context_that_no_folder_can_be_leaves_the_panel_at_work(folder: str) -> None:
    made = panel("FROM scratch\nCOPY . /x\n")
    made._context.value = folder
    assert "There is no folder" in made._preview._found.value
    made._preview._text.value = "FROM scratch\nRUM x\n"
    assert "RUM is not an instruction" in made._preview._found.value


def test_a_panel_shown_twice_leaves_a_card_in_both_places_when_it_is_closed(
    displayed: list[Handle],
) -> None:
    made = panel("FROM scratch\n")
    made._ipython_display_()
    made._ipython_display_()
    panels = [place for place in displayed if any("widget-view" in kind for kind in place.shown[0])]
    assert len(panels) == 2
    made.close()
    for place in panels:
        assert set(place.shown[-1]) == {"text/plain", "text/html"}
        assert "%%azureml_dockerfile my-image" in place.shown[-1]["text/plain"]


def test_a_closed_panel_is_shown_as_its_card(displayed: list[Handle]) -> None:
    made = panel("FROM scratch\n")
    made.close()
    made._ipython_display_()
    (place,) = displayed
    assert set(place.shown[0]) == {"text/plain", "text/html"}
    assert "FROM scratch" in place.shown[0]["text/html"]


class Handle:
    """A display slot that remembers what it was given."""

    def __init__(self) -> None:
        self.shown: list[dict[str, str]] = []

    def update(self, bundle: dict[str, str], raw: bool) -> None:
        self.shown.append(bundle)


@pytest.fixture
def displayed(monkeypatch: pytest.MonkeyPatch) -> list[Handle]:
    """Every place in which something is displayed, in order."""
    places: list[Handle] = []

    def display(bundle: dict[str, str], raw: bool, display_id: bool = False) -> Handle:
        places.append(Handle())
        places[-1].update(bundle, raw)
        return places[-1]

    monkeypatch.setattr("IPython.display.display", display)
    return places


def worked(monkeypatch: pytest.MonkeyPatch, work: Any, button: str = "Build") -> tuple[Any, Handle]:
    """A panel whose button did that work."""
    monkeypatch.setattr(api, "start", lambda asked: LiveRun("abcd", work).start())
    monkeypatch.setattr(api, "log_path", lambda run_id: Path("/tmp/build.log"))
    made, slot = panel("FROM scratch\n"), Handle()
    made._slot = slot
    made._buttons[button].click()
    assert made.wait(20)
    return made, slot


def test_a_button_works_in_the_background_and_leaves_a_static_card(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], state_dir: Path
) -> None:
    def work(emit: Any, cancellation: Any) -> ImageBuild:
        emit(e.RunStarted("abcd", "env"))
        emit(e.RunEnded("done", 1.0, "Well."))
        return ImageBuild("env", "abcd", version="1", local_reference="env:1")

    made, slot = worked(monkeypatch, work)
    assert "In the engine" in slot.shown[-1]["text/html"]
    assert "In the engine" in slot.shown[-1]["text/plain"]
    assert "Done." in made._status.value
    assert capsys.readouterr().out == ""
    assert not made._buttons["Build"].disabled
    assert made._buttons["Cancel"].disabled


def test_a_failure_is_said_in_the_panel(monkeypatch: pytest.MonkeyPatch, state_dir: Path) -> None:
    def work(emit: Any, cancellation: Any) -> ImageBuild:
        raise BuildFailed("RUN <b> failed.", hint="Look.")

    made, _ = worked(monkeypatch, work)
    assert "BuildFailed: RUN &lt;b&gt; failed. Look." in made._status.value


def test_what_is_refused_at_once_is_said_too(state_dir: Path) -> None:
    made = panel("FROM scratch\n")
    made._name.value = "AzureML-x"
    made._buttons["Build"].click()
    assert "BadUsage" in made._status.value


def test_the_panel_keeps_text_as_given_and_hands_out_spec_and_cell() -> None:
    made = panel("FROM python:3.12\nRUN x\n")
    assert made.text == "FROM python:3.12\nRUN x\n"
    assert made.value.base == "python:3.12"
    made._name.value = "env"
    assert made.cell == "%%azureml_dockerfile env\nFROM python:3.12\nRUN x"
    assert panel(made.value).value == made.value


def test_a_folder_half_typed_is_no_failure() -> None:
    made = panel("FROM python:3.12\nCOPY a /\n")
    made._context.value = "~nobody-of-this-name"
    assert made._desk.folder == "~nobody-of-this-name"


def test_the_cell_of_the_panel_says_what_stands_in_no_dockerfile() -> None:
    spec = ImageSpec(base=BASE, platform="linux/arm64", build_args=(("A", "1"), ("B", "two words")))
    line = panel(spec).cell.splitlines()[0]
    assert line.endswith(
        " my-image --platform linux/arm64 --build-arg A=1 --build-arg 'B=two words'"
    )


REGISTERED = RegisteredEnvironment("mine", "1", "an ARM id", None)


def test_the_cell_of_the_panel_names_a_context_of_its_own(tmp_path: Path) -> None:
    made = panel("FROM scratch\n")
    assert "--context" not in made.cell
    folder = tmp_path / "two words"
    folder.mkdir()
    made._context.value = str(folder)
    assert made.cell.splitlines()[0] == f"%%azureml_dockerfile my-image --context '{folder}'"


def test_a_panel_begins_with_what_another_panel_holds() -> None:
    first = panel(ImageSpec(base=BASE, platform="linux/arm64"))
    first._preview._text.value = "# mine\nFROM python:3.12\nRUN x\n"
    second = panel(first)
    assert second.cell == first.cell
    assert "# mine" in second.cell
    assert "--platform linux/arm64" in second.cell


def test_a_panel_that_cannot_begin_with_a_value_says_so_and_starts_no_other() -> None:
    with pytest.raises(BadUsage, match="The panel cannot begin with a value of type int"):
        panel(3)  # type: ignore[arg-type]  # what a user may do


def test_deploy_takes_the_environment_whose_name_stands_in_the_panel(
    monkeypatch: pytest.MonkeyPatch, state_dir: Path
) -> None:
    asked: list[Any] = []

    def deploy(environment: Any, **options: Any) -> None:
        asked.append(environment)

    monkeypatch.setattr(api, "deploy", deploy)
    registered = ImageBuild("mine", "abcd", version="1", registered=REGISTERED)
    made, slot = worked(monkeypatch, lambda emit, cancellation: registered)
    for name in ("mine", "mine:1", "other:2"):
        made._name.value = name
        made._buttons["Deploy"].click()
        assert made.wait(20)
    assert asked == [registered, registered, "other:2"]
    assert "deploy other:2" in slot.shown[-1]["text/plain"]


def test_without_ipywidgets_one_sentence_says_so() -> None:
    program = (
        "import sys; sys.modules['ipywidgets'] = None\n"
        "import jupyter_azureml_image as ji\n"
        "try: ji.panel()\n"
        "except ji.BadUsage as error: print(error.hint)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("pip install ipywidgets")
