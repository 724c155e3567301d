"""The sandbox as a whole: its parts put together, started, and taken down without leaving anything
behind."""

from __future__ import annotations

import base64
import json
import random
import secrets
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .arm import arm_error
from .assets import CODES, DATA, ENVIRONMENTS, MODELS, Assets
from .azure import Azure, Notes, Rooms
from .blob import BlobService
from .blob_files import BlobFiles
from .certificates import Authority, write_private
from .deployments import Deployments
from .doors import Application, Door, LoopbackServer, guarded, loopback_server
from .endpoints import Endpoints
from .engine import Engine
from .failure import SandboxError
from .faults import Faults
from .hosting import Hosting, sweep, sweep_deployments
from .images import Access, Images
from .login import Login
from .names import ARM, Names
from .operations import Operations
from .permissions import Permissions
from .proxy import Gate, proxy_handler
from .recorder import Recorder
from .registries import Registries
from .registry_front import RegistryFront
from .registry_store import RegistryStore, start_registry_store
from .runs import Runs, Yard
from .scoring import Scoring
from .shelf import Shelf
from .store import Store
from .tasks import Tasks
from .tokens import Mint
from .upstream import Upstream
from .web import Request, Response
from .workspaces import Workspaces

IDENTITY = "/msi/token"


@dataclass(frozen=True, slots=True)
class Secrets:
    """What only this sandbox knows; kept in its state, so that clients survive a restart."""

    sandbox: str
    token: str
    mint_key: bytes
    account_key: str

    @classmethod
    def of(cls, store: Store) -> Secrets:
        """Read them from the state, made on first use."""
        return cls(
            sandbox=store.setting("sandbox", secrets.token_hex(4)),
            token=store.setting("token", secrets.token_urlsafe(32)),
            mint_key=bytes.fromhex(store.setting("mint-key", secrets.token_hex(32))),
            account_key=store.setting(
                "account-key", base64.b64encode(secrets.token_bytes(64)).decode()
            ),
        )


class World:
    """A running sandbox. `start` returns once it answers; `stop` leaves only the state folder
    behind."""

    def __init__(
        self, folder: Path, *, refuse_foreign_hosts: bool = False, record: Path | None = None
    ) -> None:
        self._folder = folder
        self._refuse = refuse_foreign_hosts
        self._recorder = Recorder(record) if record else None
        self.names = Names()
        self.store = Store(folder / "state.sqlite")
        self.secrets = Secrets.of(self.store)
        self.faults = Faults()
        self.notes = Notes()
        self.engine = Engine()
        self._mint = Mint(self.secrets.mint_key, self.secrets.token)
        self._blobs = BlobFiles(folder / "blobs", self.store)
        self._operations = Operations(
            self.names, self.store, lambda: not self.faults.on("azure-pace")
        )
        self._servers: list[LoopbackServer] = []
        self._serving: list[threading.Thread] = []
        self._registry: RegistryStore | None = None
        self._runs: Runs | None = None

    def start(self) -> dict[str, str]:
        """Start everything; return what the port file tells. Raises `SandboxError`."""
        authority = Authority(self._folder)
        bundle = self._folder / "ca-bundle.pem"
        authority.write_bundle(bundle)
        self._registry = start_registry_store(
            self._folder / "registry", self.engine, self.secrets.sandbox
        )
        front = RegistryFront(self.names, self._mint, self.faults, self._registry)
        login = Login(self.names, self._mint, self.faults)
        registry_server = self._listen_for_registry(front, login)
        front.login_server = f"127.0.0.1:{registry_server.port}"
        azure = self._azure(front, login)
        proxy_port = self._listen_as_proxy(authority, azure, front)
        for server in self._servers:
            thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
            thread.start()
            self._serving.append(thread)
        return {
            "proxy": f"http://x:{self.secrets.token}@127.0.0.1:{proxy_port}",
            "ca_file": str(bundle),
            "token": self.secrets.token,
            "subscription_id": self.names.subscription,
            "resource_group": self.names.resource_group,
            "workspace": self.names.workspace,
            "registry": front.login_server,
        }

    def stop(self) -> None:
        """Stop listening, end what runs, remove our containers."""
        for server in self._servers:
            if self._serving:  # shutdown() waits for ever where nothing serves
                server.shutdown()
            server.server_close()
        if self._runs is not None:
            self._runs.stop_all()
        if self._registry is not None:
            self._registry.stop()
        self.engine.close()
        sweep(self.engine, self.secrets.sandbox)
        self.store.close()

    def _azure(self, front: RegistryFront, login: Login) -> Azure:
        names, store = self.names, self.store
        assets = [Assets(kind, names, store) for kind in (ENVIRONMENTS, MODELS, CODES, DATA)]
        shelf = Shelf(names, {asset.kind: asset for asset in assets}, self._blobs)
        access = Access(lambda: front.login_server, front.push_credentials)
        images = Images(self.engine, store, shelf, access)
        hosting = Hosting(self.engine, shelf, images, self.secrets.sandbox)
        endpoints = Endpoints(names, store, self._operations, self._mint)
        deployments = Deployments(names, store, self._operations, endpoints, hosting)
        workspaces = Workspaces(names, store, self.secrets.account_key, self.faults.on)
        registries = Registries(names, self.faults, lambda: front.login_server)
        routes = [
            *workspaces.routes(),
            *(found for asset in assets for found in asset.routes()),
            *endpoints.routes(),
            *deployments.routes(),
            *self._operations.routes(),
            *registries.routes(),
            *Permissions(names, self.faults).routes(),
        ]
        yard = Yard(
            blobs=self._blobs,
            engine=self.engine,
            faults=self.faults,
            login_server=lambda: front.login_server,
            credentials=front.push_credentials,
            forget_image=front.forget_image,
        )
        self._runs = Runs(names, store, yard)
        tasks = Tasks(names, self._runs, self.faults, self.secrets.account_key)
        routes += tasks.routes()
        endpoints.finish_interrupted()
        self._restore(deployments)
        blob = BlobService(self._blobs, self.secrets.account_key, self._mint.signed_in)
        rooms = Rooms(routes, login.routes(), blob, Scoring(endpoints, deployments, hosting))
        return Azure(names, self._mint, self.faults, self.notes, rooms)

    def _restore(self, deployments: Deployments) -> None:
        # A killed sandbox may have left the container of a deployment that is known no more.
        if self._operations.ever("od"):
            sweep_deployments(self.engine, self.secrets.sandbox, deployments.containers())
        deployments.restore()

    def _listen_for_registry(self, front: RegistryFront, login: Login) -> LoopbackServer:
        def plain(request: Request) -> Response:
            """The one port that speaks plain http: the registry's, and an instance's identity."""
            return login.managed_identity(request) if request.path == IDENTITY else front(request)

        wanted = int(self.store.setting("registry-port", str(_free_port())))
        try:
            recorded = self._recorded(plain, lambda r: r.path.startswith("/oauth2/"))
            server = LoopbackServer(wanted, _door(guarded(recorded, lambda: Response(500))))
        except OSError as taken:
            raise SandboxError(
                f"Port {wanted} of the sandbox's registry is taken by another program ({taken}).",
                hint="Images are registered under that port: free it, or start anew with --reset.",
            ) from taken
        self._servers.append(server)
        return server

    def _recorded(self, application: Application, wanted: Callable[[Request], bool]) -> Application:
        return self._recorder.around(application, wanted) if self._recorder else application

    def _listen_as_proxy(self, authority: Authority, azure: Azure, front: RegistryFront) -> int:
        wanted = int(self.store.setting("proxy-port", str(_free_port())))
        outwards = Upstream.from_environment().without(wanted)
        recorded = self._recorded(azure, lambda r: r.host == ARM)
        gate = Gate(
            token=self.secrets.token,
            application=guarded(recorded, _own_fault),
            registry=guarded(front, lambda: Response(500)),
            login_server=front.login_server,
            authority=authority,
            upstream=outwards,
            refuses=lambda _: self._refuse or self.faults.take("refuse-foreign-hosts") is not None,
            blocked=self.faults.blocks,
            note=self.notes.add,
        )
        server = loopback_server(wanted, proxy_handler(gate))
        self._servers.append(server)
        self.store.change_setting("proxy-port", str(server.port))
        return server.port


def write_port_file(target: Path, addresses: dict[str, Any]) -> None:
    """Write the addresses as JSON, readable by this user only, whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    write_private(target, json.dumps(addresses, indent=1).encode())


def _own_fault() -> Response:
    message = "The sandbox met a fault of its own: its output tells more."
    return arm_error(500, "InternalServerError", message)


def _door(application: Application) -> type[Door]:
    return type("RegistryDoor", (Door,), {"application": staticmethod(application)})


def _free_port() -> int:
    """Return a free port below those that systems hand out for outgoing connections, so that it
    stays free."""
    for port in random.sample(range(20000, 32000), 200):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise SandboxError("No free port was found between 20000 and 32000 on 127.0.0.1.")
