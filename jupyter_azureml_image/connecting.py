"""The public function that connects a workspace: what `%azureml_image workspace` calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from . import settings
from .errors import BadUsage

if TYPE_CHECKING:
    from .azure.connection import Connection


def connect(
    *,
    file: str | None = None,
    workspace: tuple[str | None, str | None, str | None] = (None, None, None),
    sandbox: bool | None = None,
    credential: Literal["auto", "cli", "managed"] | None = None,
    tell: Callable[[str], None] | None = None,
) -> Connection:
    """Connect this process to an Azure ML workspace; its `ml_client` is azure-ai-ml's client.

    `file` is a `config.json`; `workspace` is subscription id, resource group and name, of
    which a `config.json` may fill in what is None; `sandbox` the offline workspace (None: as
    the environment variable `AZUREML_IMAGE_WORKSPACE` says, where nothing else is named).
    `credential` None is the setting's. `tell` is given sentences while one waits. Raises
    BadUsage, BadSettings, SignedOut, Forbidden, AzureError or SandboxError.
    """
    from .azure import connection

    named = file is not None or any(workspace)
    if sandbox and named:
        raise BadUsage(
            "The offline workspace has no other name.",
            hint="Leave out -f, --subscription, -g and -w, or leave out --sandbox.",
        )
    if sandbox is None:
        sandbox = not named and _named_by_environment()
    subscription_id, resource_group, name = workspace
    asked = connection.ConnectOptions(
        file=file,
        subscription_id=subscription_id,
        resource_group=resource_group,
        workspace=name,
        sandbox=sandbox,
        credential=credential or settings.value_of("credential") or "auto",
    )
    return connection.connect(asked, tell=tell)


def connected() -> Connection | None:
    """The workspace this process is connected to, or None."""
    from .azure import connection

    return connection.current()


def disconnect() -> None:
    """Forget the workspace, and take the sandbox's settings of this process back."""
    from .azure import connection

    connection.disconnect()


def _named_by_environment() -> bool:
    return bool(settings.value_of("workspace") == "sandbox")
