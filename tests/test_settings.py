"""Settings: which source wins, and where a value came from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_azureml_image import settings
from jupyter_azureml_image.errors import BadSettings


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for setting in settings.all_settings():
        monkeypatch.delenv(setting.variable, raising=False)
        settings.choose(setting.name, None)
    yield
    for setting in settings.all_settings():
        settings.choose(setting.name, None)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text(
        "[tool.jupyter_azureml_image]\nfail-on = 'warning'\nignore = ['A1', 'A2']\n"
    )
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.other]\n")
    return inner


def source(name: str, folder: Path) -> str:
    return next(v.source for v in settings.values(folder) if v.setting.name == name)


def test_what_nobody_says_stays_absent(tmp_path: Path) -> None:
    assert settings.fill({"context": str(tmp_path)}) == {"context": str(tmp_path)}


def test_a_project_speaks_for_everything_below_it(project: Path) -> None:
    filled = settings.fill({"context": str(project)})
    assert filled["fail_on"] == "warning"
    assert filled["ignore"] == ("A1", "A2")
    assert source("fail_on", project) == str(project.parent.parent / "pyproject.toml")


def test_the_environment_goes_before_the_project(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZUREML_IMAGE_FAIL_ON", "never")
    assert settings.fill({"context": str(project)})["fail_on"] == "never"
    assert source("fail_on", project) == "AZUREML_IMAGE_FAIL_ON"


def test_config_goes_before_the_environment(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZUREML_IMAGE_FAIL_ON", "never")
    settings.choose("fail_on", "error")
    assert settings.fill({"context": str(project)})["fail_on"] == "error"
    assert source("fail_on", project) == "%config AzureMLImage.fail_on"


def test_what_the_line_says_goes_before_all(project: Path) -> None:
    settings.choose("fail_on", "error")
    filled = settings.fill({"context": str(project), "fail_on": "never"})
    assert filled["fail_on"] == "never"


def test_a_value_that_cannot_be_used_names_setting_and_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZUREML_IMAGE_BUILD", "lokal")
    with pytest.raises(BadSettings) as caught:
        settings.fill({"context": str(tmp_path)})
    assert caught.value.message == (
        "The setting build from AZUREML_IMAGE_BUILD cannot be used: "
        "'lokal' is not one of auto, local, acr, azureml."
    )
    assert caught.value.hint == "Did you mean local?"


def test_an_unknown_setting_names_the_nearest_one(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.jupyter_azureml_image]\nfail_onn = 'error'\n")
    with pytest.raises(BadSettings) as caught:
        settings.fill({"context": str(tmp_path)})
    assert caught.value.hint == "Did you mean fail_on?"


def test_a_project_cannot_set_what_is_the_machines(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.jupyter_azureml_image]\nstate = '/x'\n")
    with pytest.raises(BadSettings) as caught:
        settings.fill({"context": str(tmp_path)})
    assert caught.value.hint == "Set the environment variable AZUREML_IMAGE_STATE."


def test_a_broken_project_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.jupyter_azureml_image\n")
    with pytest.raises(BadSettings) as caught:
        settings.fill({"context": str(tmp_path)})
    assert "pyproject.toml is not TOML" in caught.value.message


@pytest.mark.parametrize(
    ("text", "on"), [("false", False), ("0", False), ("no", False), ("on", True)]
)
def test_a_switch_is_what_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, on: bool
) -> None:
    monkeypatch.setenv("AZUREML_IMAGE_NO_DEPENDENCY_IMAGE", text)
    assert settings.fill({"context": str(tmp_path)})["no_dependency_image"] is on


def test_a_switch_that_is_neither_on_nor_off_names_its_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZUREML_IMAGE_NO_DEPENDENCY_IMAGE", "flase")
    with pytest.raises(BadSettings) as caught:
        settings.fill({"context": str(tmp_path)})
    assert caught.value.message == (
        "The setting no_dependency_image from AZUREML_IMAGE_NO_DEPENDENCY_IMAGE cannot be used: "
        "'flase' is not one of true, false."
    )
    assert caught.value.hint == "Did you mean false?"


@pytest.mark.parametrize("value", ["5", "[1]", "{A1 = 1}", "true"])
def test_a_project_whose_value_is_no_text_is_named(tmp_path: Path, value: str) -> None:
    place = tmp_path / "pyproject.toml"
    place.write_text(f"[tool.jupyter_azureml_image]\nignore = {value}\n")
    with pytest.raises(BadSettings, match=r"is no text\.") as caught:
        settings.fill({"context": str(tmp_path)})
    assert caught.value.message.startswith(f"The setting ignore from {place} cannot be used: ")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("[tool]\njupyter_azureml_image = 5\n", "tool.jupyter_azureml_image"),
        ("[[tool.jupyter_azureml_image]]\nbuild = 'acr'\n", "tool.jupyter_azureml_image"),
        ("tool = 3\n# jupyter_azureml_image\n", "tool"),
        ("[[tool]]\njupyter_azureml_image.build = 'acr'\n", "tool"),
    ],
)
def test_a_project_that_has_no_table_where_one_belongs_is_named(
    tmp_path: Path, text: str, name: str
) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(BadSettings) as caught:
        settings.fill({"context": str(tmp_path)})
    assert caught.value.message == f"{tmp_path / 'pyproject.toml'}: {name} is no table."
    assert caught.value.hint == "Settings stand below [tool.jupyter_azureml_image]."


@pytest.mark.parametrize(
    "text",
    [
        "[tool.'jupyter_azureml_image']\nbuild = 'acr'\n",
        '[tool."jupyter_azureml_image"]\nbuild = "acr"\n',
        "[tool]\njupyter_azureml_image.build = 'acr'\n",
        "[tool]\njupyter_azureml_image = {build = 'acr'}\n",
        "[ tool . jupyter_azureml_image ]\nbuild = 'acr'\n",
        "tool.jupyter_azureml_image.build = 'acr'\n",
    ],
)
def test_a_project_may_write_its_table_in_every_way_of_toml(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    assert settings.fill({"context": str(tmp_path)})["build"] == "acr"


def test_a_project_that_only_mentions_us_sets_nothing(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'jupyter_azureml_image'\n")
    assert settings.fill({"context": str(tmp_path)}) == {"context": str(tmp_path)}
