from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_azureml_image.azure import config_file
from jupyter_azureml_image.errors import BadSettings


def _write(path: Path, workspace: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    said = {"subscription_id": "s", "resource_group": "g", "workspace_name": workspace}
    path.write_text(json.dumps(said))
    return path


def test_a_config_file_above_the_folder_is_found(tmp_path: Path) -> None:
    path = _write(tmp_path / "config.json", "ws1")
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    found = config_file.read(inner)
    assert (found.workspace, found.source) == ("ws1", str(path))


def test_the_hidden_folder_comes_first_as_in_azure_ai_ml(tmp_path: Path) -> None:
    _write(tmp_path / "a" / "config.json", "plain")
    _write(tmp_path / ".azureml" / "config.json", "hidden")
    assert config_file.read(tmp_path / "a").workspace == "hidden"
    assert [name.workspace for name in config_file.search(tmp_path / "a")] == ["hidden", "plain"]


def test_azure_ai_ml_takes_the_same_file(tmp_path: Path) -> None:
    from azure.ai.ml import MLClient

    class Nobody:
        def get_token(self, *scopes, **options):
            raise AssertionError("nothing is asked")

    _write(tmp_path / "config.json", "plain")
    _write(tmp_path / ".azureml" / "config.json", "hidden")
    client = MLClient.from_config(Nobody(), path=str(tmp_path), enable_telemetry=False)
    assert client.workspace_name == config_file.read(tmp_path).workspace


def test_a_config_file_of_something_else_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "config.json").write_text('{"model_type": "bert"}')
    _write(tmp_path / "config.json", "ws1")
    assert config_file.read(tmp_path / "a").workspace == "ws1"


def test_the_older_scope_form_is_read(tmp_path: Path) -> None:
    scope = (
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"
    )
    (tmp_path / "config.json").write_text(json.dumps({"Scope": scope}))
    assert config_file.read(tmp_path / "config.json").path == scope


def test_a_file_without_a_workspace_says_what_it_needs(tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text("{}")
    with pytest.raises(BadSettings, match=r"other\.json does not name a workspace") as raised:
        config_file.read(path)
    assert "workspace_name" in (raised.value.hint or "")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"There is no file .*gone\.json"):
        config_file.read(tmp_path / "gone.json")


def test_a_file_that_cannot_be_looked_at_is_a_sentence():
    with pytest.raises(BadSettings, match="There is no file"):
        config_file.read(Path("x" * 300))
