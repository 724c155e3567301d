"""The registry's front: Azure's token exchange before a real OCI registry, on a fixed loopback
port."""

from __future__ import annotations

import base64
import http.client
import json
import re
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, quote

from .faults import Faults
from .names import Names
from .registry_store import RegistryStore
from .tokens import Mint
from .web import PIECE, HangUp, Request, Response, json_response

REFRESH_SECONDS = 3 * 3600
ACCESS_SECONDS = 75 * 60
NOBODY = "00000000-0000-0000-0000-000000000000"
REPOSITORY = re.compile(r"/v2/(?P<name>.+)/(?:blobs|manifests|tags|referrers)(?:/.*)?")
HOP_BY_HOP = {
    "connection",
    "date",
    "server",
    "keep-alive",
    "transfer-encoding",
    "te",
    "trailer",
    "upgrade",
    "authorization",
    "host",
}


class RegistryFront:
    """Answers /oauth2/* itself and hands /v2/* on, streamed, to the registry behind it."""

    def __init__(self, names: Names, mint: Mint, faults: Faults, store: RegistryStore) -> None:
        self._names = names
        self._mint = mint
        self._faults = faults
        self._store = store
        self.login_server = ""

    def __call__(self, request: Request) -> Response:
        """Answer one request."""
        instead = self._faults.instead(request)
        if instead:
            return instead
        if self._faults.take("firewall"):
            return _error(
                403,
                "DENIED",
                "client with IP '127.0.0.1' is not allowed access. "
                "Refer https://aka.ms/acr/firewall to grant access.",
            )
        answers: dict[tuple[str, str], Callable[[Request], Response]] = {
            ("POST", "/oauth2/exchange"): self._exchange,
            ("POST", "/oauth2/token"): self._token_for_refresh,
            ("GET", "/oauth2/token"): self._token_for_password,
        }
        answer = answers.get((request.method, request.path))
        if answer:
            return answer(request)
        if request.path == "/v2" or request.path.startswith("/v2/"):
            return self._guarded(request)
        return _error(404, "NOT_FOUND", "not found")

    def push_credentials(self) -> tuple[str, str]:
        """Return user and password with which the sandbox itself pulls and pushes."""
        return NOBODY, self._refresh_token()

    def forget_image(self, repository: str, digest: str) -> None:
        """Delete a manifest behind everyone's back, as a retention policy would."""
        connection = self._store.connect()
        try:
            connection.request("DELETE", f"{self._store.prefix}/v2/{repository}/manifests/{digest}")
            connection.getresponse().read()
        finally:
            connection.close()

    # Tokens

    def _refresh_token(self) -> str:
        claims = {
            "use": "refresh",
            "aud": self.login_server,
            "tid": self._names.tenant,
            "grant_type": "refresh_token",
        }
        return self._mint.make({**claims, "oid": self._names.principal}, REFRESH_SECONDS)

    def _exchange(self, request: Request) -> Response:
        form = request.form()
        token = form.get("access_token", "")
        if form.get("grant_type") != "access_token" or not form.get("service"):
            return _error(
                400, "BAD_REQUEST", "grant_type must be access_token, and service must be named"
            )
        scoped = (self._mint.read(token) or {}).get("aud", "")
        if "containerregistry" in scoped and self._faults.take("registry-scope-refused"):
            return _unauthorized()
        if self._faults.take("exchange-refused") or not self._mint.signed_in(token):
            return _unauthorized()
        return json_response(200, {"refresh_token": self._refresh_token()})

    def _token_for_refresh(self, request: Request) -> Response:
        form = request.form()
        if form.get("grant_type") != "refresh_token":
            return _error(400, "BAD_REQUEST", "grant_type must be refresh_token")
        return self._access(form.get("refresh_token", ""), form.get("scope", "").split())

    def _token_for_password(self, request: Request) -> Response:
        scheme, _, pair = request.header("Authorization").partition(" ")
        if scheme.lower() != "basic":
            return _unauthorized()
        try:
            user, _, password = base64.b64decode(pair).decode().partition(":")
        except ValueError:
            return _unauthorized()
        if user != NOBODY:
            return _unauthorized()
        scopes = parse_qs(request.raw_query).get("scope", [])
        return self._access(password, [part for scope in scopes for part in scope.split()])

    def _access(self, refresh: str, scopes: list[str]) -> Response:
        claims = self._mint.read(refresh)
        if claims is None or claims.get("use") != "refresh":
            return _unauthorized()
        token = self._mint.make({"use": "registry", "scopes": scopes}, ACCESS_SECONDS)
        return json_response(
            200, {"access_token": token, "token": token, "expires_in": ACCESS_SECONDS}
        )

    # The registry itself

    def _guarded(self, request: Request) -> Response:
        match = REPOSITORY.fullmatch(request.path)
        name = match["name"] if match else ""
        verb = "pull" if request.method in ("GET", "HEAD") else "push"
        if request.method == "DELETE":
            verb = "delete"
        claims = self._mint.read(request.bearer())
        if (
            claims is None
            or claims.get("use") != "registry"
            or not _granted(claims["scopes"], name, verb)
        ):
            return self._challenge(name, verb)
        return self._forward(request)

    def _challenge(self, name: str, verb: str) -> Response:
        parts = [
            f'realm="http://{self.login_server}/oauth2/token"',
            f'service="{self.login_server}"',
        ]
        if name:
            wanted = "pull,push" if verb == "push" else verb
            parts.append(f'scope="repository:{name}:{wanted}"')
        answer = _unauthorized()
        return answer.with_headers({"WWW-Authenticate": "Bearer " + ",".join(parts)})

    def _forward(self, request: Request) -> Response:
        connection = self._store.connect()
        headers: dict[str, str] = {}
        for name, value in request.headers.items():  # an engine sends Accept many times
            if name.lower() not in HOP_BY_HOP:
                headers[name] = f"{headers[name]}, {value}" if name in headers else value
        headers["Host"] = self.login_server
        path = self._store.prefix + quote(request.path, safe="/:@,+~")
        target = f"{path}?{request.raw_query}" if request.raw_query else path
        sized = "content-length" in {name.lower() for name in headers}
        body = (
            request.body.pieces() if sized or request.method in ("PUT", "POST", "PATCH") else None
        )
        try:
            connection.request(request.method, target, body, headers, encode_chunked=not sized)
            answer = connection.getresponse()
        except (OSError, http.client.HTTPException) as broken:
            connection.close()
            raise HangUp from broken
        kept = {n: self._outward(v) for n, v in answer.getheaders() if n.lower() not in HOP_BY_HOP}
        return Response(answer.status, _pieces(connection, answer), kept)

    def _outward(self, value: str) -> str:
        prefix = self._store.prefix
        return value.replace(f"{prefix}/v2/", "/v2/") if prefix else value


def _granted(scopes: list[str], name: str, verb: str) -> bool:
    if not name:  # /v2/ and the catalog ask for a signed-in caller only
        return True
    for scope in scopes:
        kind, _, rest = scope.partition(":")
        repository, _, actions = rest.rpartition(":")
        if kind == "repository" and repository == name and {verb, "*"} & set(actions.split(",")):
            return True
    return False


def _pieces(
    connection: http.client.HTTPConnection, answer: http.client.HTTPResponse
) -> Iterator[bytes]:
    try:
        while piece := answer.read(PIECE):
            yield piece
    finally:
        connection.close()


def _error(status: int, code: str, message: str) -> Response:
    detail = {"errors": [{"code": code, "message": message, "detail": None}]}
    headers = {
        "Content-Type": "application/json",
        "Docker-Distribution-Api-Version": "registry/2.0",
    }
    return Response(status, json.dumps(detail).encode(), headers)


def _unauthorized() -> Response:
    return _error(
        401,
        "UNAUTHORIZED",
        "authentication required, visit https://aka.ms/acr/authorization for more information.",
    )
