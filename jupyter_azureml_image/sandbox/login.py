"""Sign-in: the little of Microsoft Entra that a client credential needs."""

from __future__ import annotations

import base64
import json
import time

from .faults import Faults
from .names import LOGIN, Names
from .tokens import Mint
from .web import Request, Response, Route, json_response, route

TOKEN_SECONDS = 3600


class Login:
    """Answers at login.microsoftonline.com; the client secret is the sandbox's token."""

    def __init__(self, names: Names, mint: Mint, faults: Faults) -> None:
        self._names = names
        self._mint = mint
        self._faults = faults

    def routes(self) -> list[Route]:
        """Return the routes of the authority."""
        return [
            route("GET", "/{tenant}/v2.0/.well-known/openid-configuration", self._discovery),
            route("GET", "/common/discovery/instance", self._instance),
            route("POST", "/{tenant}/oauth2/v2.0/token", self._token),
        ]

    def _discovery(self, request: Request) -> Response:
        tenant = request.params["tenant"]
        base = f"https://{LOGIN}/{tenant}"
        return json_response(
            200,
            {
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
                "jwks_uri": f"{base}/discovery/v2.0/keys",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
                "response_types_supported": ["code"],
                "issuer": f"{base}/v2.0",
                "tenant_region_scope": "WW",
                "cloud_instance_name": "microsoftonline.com",
            },
        )

    def _instance(self, request: Request) -> Response:
        known = {
            "preferred_network": LOGIN,
            "preferred_cache": "login.windows.net",
            "aliases": [LOGIN],
        }
        endpoint = f"https://{LOGIN}/{self._names.tenant}/v2.0/.well-known/openid-configuration"
        return json_response(
            200, {"tenant_discovery_endpoint": endpoint, "api-version": "1.1", "metadata": [known]}
        )

    def _token(self, request: Request) -> Response:
        form = request.form()
        if form.get("grant_type") != "client_credentials":
            return _refused(
                "unsupported_grant_type",
                "AADSTS70003: The app requested an unsupported grant type.",
            )
        if not self._mint.signed_in(form.get("client_secret", "")):
            return _refused("invalid_client", "AADSTS7000215: Invalid client secret provided.", 401)
        scope = form.get("scope", "")
        if "containerregistry" in scope and self._faults.take("registry-scope-refused"):
            return _refused(
                "invalid_resource",
                "AADSTS500011: The resource principal named "
                "https://containerregistry.azure.net was not found in the tenant.",
            )
        seconds = TOKEN_SECONDS
        short = self._faults.take("token-expires")
        if short:
            seconds = int(short.settings.get("seconds", 5))
        return json_response(200, self._issued(form, scope, seconds))

    def managed_identity(self, request: Request) -> Response:
        """Answer as a compute instance's identity endpoint does (`MSI_ENDPOINT`, `MSI_SECRET`).

        The secret is the sandbox's token. Who answers is a switch: the instance's own identity, or
        the user who is logged in to it (`compute-user` with `name`).
        """
        if not self._mint.signed_in(request.header("secret")):
            return json_response(401, {"error": "invalid_secret", "error_description": "no"})
        resource = request.query.get("resource", "")
        if "containerregistry" in resource and self._faults.take("registry-scope-refused"):
            return json_response(400, {"statusCode": 400, "message": f"{resource} is not served."})
        user = self._faults.take("compute-user")
        if user:
            who = {"upn": str(user.settings.get("name") or "someone@example.com"), "idtyp": "user"}
        else:
            compute = f"{self._names.workspace_id}/computes/instance"
            who = {"xms_mirid": compute, "appid": self._names.principal, "idtyp": "app"}
        token = self._mint.make(self._claims(resource, who), TOKEN_SECONDS)
        expiry = str(int(time.time()) + TOKEN_SECONDS)
        answer = {"access_token": token, "expires_on": expiry, "resource": resource}
        return json_response(200, {**answer, "token_type": "Bearer"})

    def _claims(self, audience: str, who: dict[str, str]) -> dict[str, str]:
        names = self._names
        return {
            "use": "sign-in",
            "aud": audience,
            "oid": names.principal,
            "tid": names.tenant,
            **who,
        }

    def _issued(self, form: dict[str, str], scope: str, seconds: int) -> dict[str, object]:
        names = self._names
        audience = scope.split(" ", maxsplit=1)[0].removesuffix("/.default")
        claims = self._claims(audience, {"appid": form.get("client_id", names.principal)})
        info = json.dumps({"uid": names.principal, "utid": names.tenant}).encode()
        return {
            "token_type": "Bearer",
            "expires_in": seconds,
            "ext_expires_in": seconds,
            "access_token": self._mint.make(claims, seconds),
            "client_info": base64.urlsafe_b64encode(info).decode().rstrip("="),
        }


def _refused(code: str, message: str, status: int = 400) -> Response:
    return json_response(
        status, {"error": code, "error_description": message, "error_codes": [], "trace_id": "0"}
    )
