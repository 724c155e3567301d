"""What loading costs and leaves; that unloading takes it back."""

from __future__ import annotations

import subprocess
import sys

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_azureml_image import options as opt
from jupyter_azureml_image import settings
from jupyter_azureml_image.errors import BadSettings
from jupyter_azureml_image.notebook.body import keep_body

HEAVY = "azure docker ipywidgets anywidget requests urllib3 rich yaml jinja2 sqlite3"

PROGRAM = f"""
import sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
before = set(sys.modules)
import jupyter_azureml_image
shell.run_line_magic("load_ext", "jupyter_azureml_image")
new = {{name.partition(".")[0] for name in set(sys.modules) - before}}
assert "azureml_dockerfile" in shell.magics_manager.magics["cell"]
print(sorted(new & set({HEAVY!r}.split())))
print(sorted(new - set(sys.stdlib_module_names) - {{"jupyter_azureml_image", "IPython"}}))
"""


def test_loading_imports_nothing_but_the_standard_library_and_ourselves() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-2:] == ["[]", "[]"]


def test_loading_twice_is_loading_once(shell: InteractiveShell) -> None:
    shell.run_line_magic("reload_ext", "jupyter_azureml_image")
    assert shell.input_transformers_cleanup.count(keep_body) == 1
    assert [type(c).__name__ for c in shell.configurables].count("AzureMLImage") == 1


def test_unloading_leaves_nothing(shell: InteractiveShell) -> None:
    shell.run_line_magic("unload_ext", "jupyter_azureml_image")
    assert keep_body not in shell.input_transformers_cleanup
    assert "azureml_image" not in shell.magics_manager.magics["line"]
    assert all(type(c).__name__ != "AzureMLImage" for c in shell.configurables)
    shell.run_line_magic("load_ext", "jupyter_azureml_image")


def test_question_mark_and_help_show_the_same(shell: InteractiveShell) -> None:
    def shown(asked: str) -> str:
        return str(shell.object_inspect(asked)["docstring"]).strip()

    assert shown("%%azureml_dockerfile") == opt.help_text(opt.CELL).strip()
    assert shown("%azureml_dockerfile") == opt.help_text(opt.CELL).strip()
    assert shown("%azureml_image") == opt.overview().strip()


def test_config_says_what_each_setting_means(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_line_magic("config", "AzureMLImage")
    shown = " ".join(capsys.readouterr().out.split())
    for setting in settings.all_settings():
        assert setting.of_machine or f"AzureMLImage.{setting.name}=" in shown
        assert setting.of_machine or setting.help in shown


def test_settings_in_the_configuration_of_ipython_hold_and_a_wrong_one_is_refused_later(
    shell: InteractiveShell,
) -> None:
    ours = shell.config.AzureMLImage
    try:
        ours.until = "plan"
        shell.run_line_magic("reload_ext", "jupyter_azureml_image")
        assert settings.value_of("until") == "plan"
        ours.until = "pln"
        shell.run_line_magic("reload_ext", "jupyter_azureml_image")
        with pytest.raises(BadSettings, match="'pln' is not one of"):
            settings.value_of("until")
        shell.run_line_magic("config", "AzureMLImage.until = 'check'")
        assert settings.value_of("until") == "check"
    finally:
        del shell.config["AzureMLImage"]
        settings.choose("until", None)


def test_the_public_names_can_all_be_had() -> None:
    import jupyter_azureml_image

    for name in jupyter_azureml_image.__all__:
        assert callable(getattr(jupyter_azureml_image, name)), name


def test_a_room_of_the_same_name_does_not_hide_a_function() -> None:
    import inspect

    import jupyter_azureml_image.build.ports
    import jupyter_azureml_image.plan.request
    from jupyter_azureml_image import api, build, plan

    assert inspect.signature(build) == inspect.signature(api.build)
    assert inspect.signature(plan) == inspect.signature(api.plan)
    assert jupyter_azureml_image.build.ports.Abilities
