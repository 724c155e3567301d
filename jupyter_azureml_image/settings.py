"""Settings: what an option is when nobody gives it.

The first that says something wins: the magic line (or keyword argument), `%config
AzureMLImage.NAME`, the environment variable `AZUREML_IMAGE_NAME`, the nearest
`pyproject.toml` above the context with a `[tool.jupyter_azureml_image]` table, the default.
"""

from __future__ import annotations

import functools
import importlib
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from .errors import BadSettings, BadUsage
from .records import dataclass

if TYPE_CHECKING:
    from .options import Option

PREFIX = "AZUREML_IMAGE_"
TABLE = "jupyter_azureml_image"

NAMES = (
    "build",
    "until",
    "platform",
    "network",
    "agent_pool",
    "cpu",
    "timeout",
    "no_dependency_image",
    "registry_name",
    "fail_on",
    "ignore",
    "progress",
    "credential",
)
"""The options that a setting of the same name may give. `%load_ext` needs no more than these;
what each means is read from the options when it is asked for."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. Those of the machine are read from the environment only, because they
    hold before any notebook or context is known."""

    name: str
    help: str
    option: Option
    of_machine: bool = False

    @property
    def variable(self) -> str:
        """Its environment variable."""
        return PREFIX + self.name.upper()


@dataclass(frozen=True, slots=True)
class Value:
    """A setting's value and where it came from, in words."""

    setting: Setting
    value: Any
    source: str


@functools.cache
def all_settings() -> tuple[Setting, ...]:
    """Every setting, in the order of the reference."""
    from .options import OPTIONS, VERBS

    verbs = [option for command in VERBS for option in command.options]
    options = {option.dest: option for option in (*verbs, *OPTIONS)}
    found = [Setting(name, options[name].help, options[name]) for name in NAMES]
    return (*found, *_of_the_machine())


def _of_the_machine() -> Iterator[Setting]:
    yield _machine("workspace", "'sandbox' connects the offline workspace.", ("sandbox",))
    yield _machine("state", "Folder of the journal and the logs.", default="the user's data folder")
    yield _machine(
        "local_way",
        "Force one way of building locally.",
        ("buildx", "engine-api", "classic"),
        "the best the engine can do",
    )


def _machine(name: str, help_: str, choices: tuple[str, ...] = (), default: str = "") -> Setting:
    from .options import Option

    flag = f"--{name}".replace("_", "-")
    option = Option(
        (flag,), help_, "choice" if choices else "text", choices=choices, default=default
    )
    return Setting(name, help_, option, of_machine=True)


_session: dict[str, Any] = {}
_refused: dict[str, tuple[str, str]] = {}
"""Message and hint for what was chosen and cannot be used: `%config` shows an error in the log
only, so the setting is refused again wherever it is asked for."""


def setting(name: str) -> Setting:
    """The setting of that name; raises BadSettings."""
    found = next((s for s in all_settings() if s.name == name.replace("-", "_")), None)
    if found is None:
        from .options import nearest

        near = nearest(name, (s.name for s in all_settings()))
        raise BadSettings(f"There is no setting '{name}'.", hint=near or None)
    return found


def choose(name: str, value: Any) -> None:
    """Set it for this kernel (`%config AzureMLImage.NAME`); None takes that back.

    Raises BadSettings, and so does whoever asks for settings until one is chosen that can be used.
    """
    chosen = setting(name)
    _refused.pop(chosen.name, None)
    if value is None or (isinstance(value, (str, list, tuple)) and not value):
        _session.pop(chosen.name, None)
        return
    source = f"%config AzureMLImage.{chosen.name}"
    try:
        _session[chosen.name] = _checked(chosen, value, source)
    except BadSettings as error:
        hint = f"{error.hint or ''} {source} = None takes it back.".lstrip()
        _refused[chosen.name] = (error.message, hint)
        raise BadSettings(error.message, hint=hint) from None


def fill(options: Mapping[str, Any]) -> dict[str, Any]:
    """Run options with the settings for those that are absent; `context` says where a
    `pyproject.toml` is looked for. Raises BadSettings.
    """
    from .options import by_dest

    filled = {key: value for key, value in options.items() if value is not None}
    for value in values(filled.get("context")):
        if by_dest(value.setting.name) is not None and value.value is not None:
            filled.setdefault(value.setting.name, value.value)
    return filled


def value_of(name: str) -> Any:
    """One setting's value here and now; None where the default holds."""
    return next(v.value for v in values() if v.setting.name == name)


def values(folder: str | os.PathLike[str] | None = None) -> tuple[Value, ...]:
    """Every setting as it holds for a context folder; `value` None: the default holds."""
    table, place = _pyproject(Path(folder) if folder else Path.cwd())
    return tuple(_value(s, table, place) for s in all_settings())


def _value(setting: Setting, table: Mapping[str, Any], place: str) -> Value:
    if setting.name in _refused:
        message, hint = _refused[setting.name]
        raise BadSettings(message, hint=hint)
    if setting.name in _session:
        return Value(setting, _session[setting.name], f"%config AzureMLImage.{setting.name}")
    text = os.environ.get(setting.variable)
    if text:
        return Value(setting, _checked(setting, text, setting.variable), setting.variable)
    if setting.name in table:
        return Value(setting, _checked(setting, table[setting.name], place), place)
    return Value(setting, None, "default")


def _checked(setting: Setting, value: Any, source: str) -> Any:
    from .options.values import read

    try:
        return read(setting.option, value)
    except BadUsage as error:
        told = error.message.removeprefix(setting.option.flag).lstrip(": ")
        raise BadSettings(
            f"The setting {setting.name} from {source} cannot be used: {told}", hint=error.hint
        ) from None


def _pyproject(folder: Path) -> tuple[Mapping[str, Any], str]:
    """The nearest table above `folder`, and the file it stands in."""
    for place in (folder.absolute(), *folder.absolute().parents):
        path = place / "pyproject.toml"
        table = _table(path)
        if table is not None:
            return table, str(path)
    return {}, ""


def _table(path: Path) -> dict[str, Any] | None:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError):  # not there, not to be read, or a name that no file can have
        return None
    if TABLE not in text:  # TOML writes a table in many ways, all of them with this word
        return None
    reader = _toml(path)
    try:
        found = reader.loads(text)
    except ValueError as error:
        raise BadSettings(f"{path} is not TOML: {error}.") from None
    for name, key in (("tool", "tool"), (f"tool.{TABLE}", TABLE)):
        found = found.get(key)
        if found is None:
            return None
        if not isinstance(found, dict):
            raise BadSettings(
                f"{path}: {name} is no table.", hint=f"Settings stand below [tool.{TABLE}]."
            )
    known = {setting(name): value for name, value in found.items()}
    for s in known:
        if s.of_machine:
            raise BadSettings(
                f"{path}: {s.name} is a setting of the machine, not of a project.",
                hint=f"Set the environment variable {s.variable}.",
            )
    return {s.name: value for s, value in known.items()}


def _toml(path: Path) -> ModuleType:
    name = "tomllib" if sys.version_info >= (3, 11) else "tomli"
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        raise BadSettings(
            f"{path} names {TABLE}, and this Python cannot read TOML.",
            hint="pip install tomli, or use Python 3.11 or newer.",
        ) from None
