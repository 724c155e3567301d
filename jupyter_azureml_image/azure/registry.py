"""A container registry, as the signed-in caller: the token exchange, and what it holds.

Nothing is written into the docker configuration: tokens live in this process only, and are
exchanged anew right before they are used (a refresh token lasts about three hours).
"""

from __future__ import annotations

import re
from typing import Any

from ..errors import AzureError, Forbidden, ImageError, RegistryError, SignedOut
from .arm import LONGEST_WAIT, PASSING, Arm
from .refusals import from_answer, refused
from .translate import translated

TOKEN_USER = "00000000-0000-0000-0000-000000000000"  # noqa: S105  # the user name ACR asks for
REGISTRY_SCOPE = "https://containerregistry.azure.net/.default"
_SECONDS = 60
_TRIES = 4
_MANIFESTS = ", ".join(
    (
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.index.v1+json",
    )
)


class Registry:
    """One registry. Errors are RegistryError or AzureError."""

    def __init__(self, login_server: str, arm: Arm) -> None:
        self.login_server = login_server
        self._arm = arm

    @property
    def url(self) -> str:
        """Its address: plain HTTP only on this machine, as Docker holds it too."""
        local = re.match(r"(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$", self.login_server)
        return f"{'http' if local else 'https'}://{self.login_server}"

    def sign_in(self) -> dict[str, str]:
        """docker-py's `auth_config` for this registry; empty where it asks nobody to sign in."""
        token = self._refresh_token()
        return {"username": TOKEN_USER, "password": token} if token else {}

    def digest(self, repository: str, reference: str) -> str | None:
        """The digest of the manifest at a tag or digest, None where there is none."""
        doing = f"looking for {repository} in {self.login_server}"
        path = f"/v2/{repository}/manifests/{reference}"
        headers = {"Accept": _MANIFESTS}
        token = self._access_token(repository)
        if token:
            headers["Authorization"] = f"Bearer {token}"
        answer = self._ask("HEAD", path, doing, headers=headers)
        if answer.status_code == 404:
            return None
        self._accept(answer, doing)
        return str(answer.headers.get("Docker-Content-Digest") or reference)

    def delete(self, repository: str, digest: str) -> None:
        """Delete a manifest with all its tags; one that is not there is no error. Needs
        AcrDelete."""
        doing = f"deleting {repository} from {self.login_server}"
        headers = {"Authorization": f"Bearer {self._access_token(repository, 'delete')}"}
        path = f"/v2/{repository}/manifests/{digest}"
        answer = self._ask("DELETE", path, doing, headers=headers)
        if answer.status_code != 404:
            self._accept(answer, doing)

    def _refresh_token(self) -> str | None:
        """The registry's own token for this caller, None where the registry is open."""
        doing = f"signing in to {self.login_server}"
        service = self._challenge(doing)
        if service is None:
            return None
        refusal: ImageError | None = None
        # Some identities get no registry token, and some registries take no ARM token.
        for scope in (REGISTRY_SCOPE, self._arm.scope):
            try:
                with translated(doing):
                    token = self._arm.credential.get_token(scope).token
            except SignedOut as error:
                refusal = error
                continue
            answer = self._ask(
                "POST",
                "/oauth2/exchange",
                doing,
                data={"grant_type": "access_token", "service": service, "access_token": token},
            )
            if answer.status_code == 200:
                return self._token(answer, "refresh_token", doing)
            refusal = self._refusal(answer, doing)
            if answer.status_code not in (400, 401, 403):
                break
        raise refusal or RegistryError(f"{self.login_server} gave no token.")

    def _access_token(self, repository: str, action: str = "pull") -> str | None:
        refresh = self._refresh_token()
        if refresh is None:
            return None
        doing = f"signing in to {self.login_server}"
        answer = self._ask(
            "POST",
            "/oauth2/token",
            doing,
            data={
                "grant_type": "refresh_token",
                "service": self.login_server,
                "scope": f"repository:{repository}:{action}",
                "refresh_token": refresh,
            },
        )
        self._accept(answer, doing)
        return self._token(answer, "access_token", doing)

    def _token(self, answer: Any, name: str, doing: str) -> str:
        try:
            return str(answer.json()[name])
        except (ValueError, KeyError, TypeError) as error:
            raise RegistryError(
                f"{self.login_server} gave no token, seen while {doing}.",
                hint="A proxy or sign-in page may have answered in its place.",
            ) from error

    def _challenge(self, doing: str) -> str | None:
        answer = self._ask("GET", "/v2/", doing)
        if answer.status_code == 200:
            return None
        if answer.status_code != 401:
            self._accept(answer, doing)
        challenge = answer.headers.get("WWW-Authenticate", "")
        service = re.search(r'service="([^"]+)"', challenge)
        # Anybody else's registry would be sent the caller's token for Azure.
        if service is None or not re.search(r'^Bearer realm="[^"]+/oauth2/token"', challenge):
            raise RegistryError(
                f"{self.login_server} does not sign in as an Azure registry does.",
                hint="--registry-name takes Azure container registries.",
            )
        return service.group(1)

    def _ask(self, method: str, path: str, doing: str, **options: Any) -> Any:
        """The answer; asked for again while trouble may pass, for nothing here is done twice."""
        for attempt in range(1, _TRIES + 1):
            answer = self._send(method, path, doing, **options)
            if answer.status_code not in PASSING or attempt == _TRIES:
                break
            refusal = from_answer(answer)
            pause = refusal.retry_after or 2.0**attempt / 4
            if pause > LONGEST_WAIT:
                break
            told = refused(refusal, doing).message
            self._arm.wait(pause, f"{told} Trying again in {pause:.0f} s.")
        return answer

    def _send(self, method: str, path: str, doing: str, **options: Any) -> Any:
        import requests

        with translated(doing):
            return requests.request(method, self.url + path, timeout=_SECONDS, **options)

    def _accept(self, answer: Any, doing: str) -> None:
        if answer.status_code >= 400:
            raise self._refusal(answer, doing)

    def _refusal(self, answer: Any, doing: str) -> ImageError:
        told = refused(from_answer(answer), doing)
        if told.code in ("firewalled", "throttled"):
            return told
        if isinstance(told, (Forbidden, SignedOut)):
            return Forbidden(
                f"This account may not use registry {self.login_server}, seen while {doing}.",
                hint="It needs AcrPush on the registry (Container Registry Repository Writer "
                "where the registry uses repository permissions).",
            )
        return RegistryError(told.message, hint=told.hint) if isinstance(told, AzureError) else told
