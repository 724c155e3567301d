"""Which of the places that a cloud build needs can be reached from here, each asked by itself.

A private network may let one through and not another: Resource Manager starts a run, the registry
holds its image, and the upload host (a storage account of ACR Tasks, not the user's) takes the
context. A single call that fails names only its own host.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..errors import ImageError, ServiceFault
from .acr_request import TASKS_API
from .arm import Arm, Call
from .refusals import from_answer, refused
from .registry import Registry
from .translate import root_cause

if TYPE_CHECKING:
    from .connection import Connection

_SECONDS = 10
_OPEN = {
    "Resource Manager": "Let HTTPS to {host} through: nothing in Azure works without it.",
    "the registry": "Let HTTPS to {host} through, or work on a machine inside its network: with a "
    "private endpoint it answers only there.",
    "the upload host": "Let HTTPS to {host} (*.blob.core.windows.net) through, or build with a "
    "local engine, which uploads no context: --build local.",
}


@dataclass(frozen=True, slots=True)
class Reached:
    """One place: what it is to us, its host, and why it does not answer (empty: it does)."""

    what: str
    host: str
    blocked: str = ""

    @property
    def remedy(self) -> str:
        """What to open where it is blocked."""
        return _OPEN[self.what].format(host=self.host) if self.blocked else ""


def probe(what: str, url: str) -> Reached:
    """Ask for any answer at all; only a firewall's refusal counts as none."""
    import requests

    host = urlsplit(url).netloc
    try:
        answer = requests.get(url, timeout=_SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        return Reached(what, host, root_cause(error))
    if answer.status_code == 403:
        told = refused(from_answer(answer), "probing")
        if told.code == "firewalled":
            return Reached(what, host, "its firewall does not let this address in")
    return Reached(what, host)


def places(arm: Arm, login_server: str | None, upload_url: str | None) -> tuple[Reached, ...]:
    """Each place that is known, asked by itself; of a signed address only the host is asked."""
    found = [probe("Resource Manager", f"{arm.endpoint}/")]
    if login_server:
        found.append(probe("the registry", f"{Registry(login_server, arm).url}/v2/"))
    if upload_url:
        found.append(probe("the upload host", f"https://{urlsplit(upload_url).netloc}/"))
    return tuple(found)


def upload_url(connection: Connection) -> str | None:
    """A signed address to upload a context to, used for nothing; None where the workspace has
    no registry. Raises ImageError where the registry may not be asked."""
    facts = connection.facts
    if facts.registry_id is None:
        return None
    doing = f"asking {facts.login_server} where a context would be uploaded"
    path = f"{facts.registry_id}/listBuildSourceUploadUrl"
    answer = connection.arm.call(Call("POST", path, TASKS_API, doing)) or {}
    return str(answer.get("uploadUrl") or "") or None


@contextmanager
def told_apart(look: Callable[[], tuple[Reached, ...]]) -> Iterator[None]:
    """Where the block does not get through, ask every place and name the blocked ones."""
    try:
        yield
    except ServiceFault as error:
        if error.code != "no-network":
            raise
        raise _named(error, look()) from error


def _named(error: ServiceFault, found: tuple[Reached, ...]) -> ImageError:
    blocked = [place for place in found if place.blocked]
    if not blocked:
        return error  # it answers again: the line was cut for a moment
    words = [f"{each.what} ({each.host}) is blocked: {each.blocked}" for each in blocked]
    words += [f"{each.what} ({each.host}) answers" for each in found if not each.blocked]
    return ServiceFault(
        f"{error.message} Each asked by itself: {'; '.join(words)}.",
        hint=" ".join(each.remedy for each in blocked),
        code="blocked",
    )
