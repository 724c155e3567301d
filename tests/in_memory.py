"""A world in memory: the pipeline's ports answered without engine, registry or Azure."""

from dataclasses import dataclass, field

from jupyter_azureml_image.build.ports import Abilities, BuiltImage, RunToken
from jupyter_azureml_image.dockerfile.facts import BaseFacts
from jupyter_azureml_image.errors import VersionTaken
from jupyter_azureml_image.events import LogLine, StepEnded, StepStarted
from jupyter_azureml_image.outside import Base, LocalImage
from jupyter_azureml_image.plan.registration import RegisteredEnvironment, WorkspaceFacts
from jupyter_azureml_image.rehearse.verdict import Verdict

WORKSPACE = WorkspaceFacts("s", "g", "ws", login_server="reg.example")
SERVED = Verdict("served", "The sample was answered.")
ABLE = Abilities("local", "buildx", "an engine in memory", survives_kernel=True)


@dataclass
class World:
    """What exists, and what was done to it (`did`); set a field to make it otherwise."""

    images: dict = field(default_factory=dict)
    pushed: dict = field(default_factory=dict)
    environments: dict = field(default_factory=dict)
    did: list = field(default_factory=list)
    facts: WorkspaceFacts | None = WORKSPACE
    verdict: Verdict = SERVED
    base_digest: str | None = "sha256:base"
    local: object = None
    builder_error: Exception | None = None
    workspace_error: Exception | None = None
    registry_error: Exception | None = None
    during_build: object = None

    def local_builders(self):
        if self.local is not None:
            raise self.local
        return (Builder(self),)

    def cloud_builders(self, request):
        return ()

    def workspace(self, *, connect):
        if self.workspace_error is not None:
            if not connect:
                return None
            raise self.workspace_error
        return Workspace(self) if self.facts else None

    def base(self, reference, recipe):
        trouble = None if self.base_digest else f"{reference} cannot be asked."
        return Base(reference, self.base_digest, BaseFacts(), trouble)

    def image(self, reference):
        return self.images.get(reference)

    def lint_text(self, text):
        return ()

    def lint_advice(self):
        return None

    def rehearse(self, image, request, emit, cancellation):
        self.did.append("rehearse")
        return self.verdict

    def fetch(self, reference, emit):
        self.did.append(f"fetch {reference}")
        return LocalImage("sha256:fetched", 1)


@dataclass
class Builder:
    world: World
    abilities: Abilities = ABLE

    def start(self, job, emit):
        self.world.did.append("build")
        return Building(self.world, job, emit)

    def attach(self, token, emit):
        self.world.did.append("attach")
        return Building(self.world, token.details["job"], emit)


@dataclass
class Building:
    world: World
    job: object
    emit: object
    stopped: bool = False

    @property
    def token(self):
        return RunToken("buildx", {"pid": 1})

    def wait(self):
        self.emit(StepStarted("1", "RUN true", 2))
        self.emit(LogLine("a line", "1"))
        if self.world.during_build is not None:
            self.world.during_build(self)
        if self.world.builder_error is not None:
            raise self.world.builder_error
        self.emit(StepEnded("1", "done", 0.1))
        labels = dict(self.job.labels)
        self.world.images[self.job.reference] = LocalImage("sha256:image", 10, labels)
        return BuiltImage("sha256:image", self.job.reference, size=10)

    def cancel(self):
        self.stopped = True


@dataclass
class Workspace:
    world: World

    @property
    def facts(self):
        return self.world.facts

    def login_server(self, registry):
        return registry if "." in registry else f"{registry}.example"

    def free_version(self, name, version):
        return f"{version}-next"

    def warm(self):
        self.world.did.append("warm")

    def push(self, image, login_server, repository, emit):
        self.world.did.append("push")
        self.world.pushed[login_server, repository] = "sha256:pushed"
        return "sha256:pushed"

    def has_image(self, login_server, repository, digest):
        if self.world.registry_error is not None:
            raise self.world.registry_error
        return self.world.pushed.get((login_server, repository)) == digest

    def find_environment(self, name, version):
        return self.world.environments.get((name, version))

    def environment(self, registered):
        return f"entity of {registered.name}"

    def register(self, registration):
        key = registration.name, registration.version
        if key in self.world.environments:
            raise VersionTaken("taken")
        self.world.did.append("register")
        self.world.environments[key] = RegisteredEnvironment(
            *key,
            f"/environments/{key[0]}",
            registration.image,
            registration.tags,
            registration.routes,
        )
        self.world.routes = registration.routes
        return self.world.environments[key]
