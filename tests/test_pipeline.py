"""Seven stages in order, each reused on its own terms, each failing without leaving a half."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from jupyter_azureml_image import wire
from jupyter_azureml_image.build.ports import Abilities, RunToken
from jupyter_azureml_image.cancellation import Cancellation
from jupyter_azureml_image.errors import (
    BadUsage,
    BuilderUnavailable,
    BuildFailed,
    BuildFailure,
    Cancelled,
    CheckFailed,
    ContextError,
    Forbidden,
    NotConnected,
    RegistryError,
    RehearsalFailed,
    SignedOut,
    VersionTaken,
)
from jupyter_azureml_image.events import Connected, Findings, Listing, Note, RunEnded, StageEnded
from jupyter_azureml_image.journal import Journal
from jupyter_azureml_image.options import request_from
from jupyter_azureml_image.pipeline import Pipeline, Run
from jupyter_azureml_image.plan.registration import RegisteredEnvironment, WorkspaceFacts
from jupyter_azureml_image.plan.request import BuildRequest
from jupyter_azureml_image.rehearse.verdict import Verdict
from tests.in_memory import Builder, World

TEXT = (
    "FROM mcr.microsoft.com/azureml/minimal-py312-inference:latest\n"
    "COPY code /var/azureml-app\nENV AZUREML_ENTRY_SCRIPT=score.py\n"
)
SCORE = "def init():\n    pass\n\n\ndef run(data):\n    return data\n"


@pytest.fixture
def world():
    return World()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "score.py").write_text(SCORE)
    return tmp_path


@pytest.fixture
def cell(world, folder, tmp_path_factory):
    """Run the cell again and again; `cell.events` are those of the last time."""
    journal = Journal(tmp_path_factory.mktemp("state"))

    def run(text=TEXT, name="iris", **options):
        run.events = []
        run.run_id = journal.begin(name, name.lower())
        request = request_from(name, text, **{"context": str(folder), **options})
        run.cancellation = Cancellation()
        place = Run(run.run_id, journal, run.events.append, run.cancellation)
        return Pipeline(request, world, place).go()

    run.journal = journal
    return run


def sentences(cell):
    return {e.stage: e.sentence for e in cell.events if isinstance(e, StageEnded)}


def test_a_cell_goes_through_all_stages_and_gives_the_environment(cell, world):
    build = cell()
    assert world.did == ["warm", "build", "rehearse", "push", "register"]
    assert build.reference == "reg.example/iris@sha256:pushed"
    assert build.local_reference == f"iris:{build.version}"
    assert build.environment == "entity of iris"
    assert build.verdict.outcome == "served"
    assert cell.journal.run(build.run_id).status == "done"


def test_the_default_version_is_the_fingerprints_first_twelve_digits(cell):
    build = cell()
    assert build.version == build.plan.fingerprint.value[:12]


def test_an_unchanged_cell_does_nothing_and_says_so(cell, world):
    first = cell()
    world.did.clear()
    again = cell()
    assert world.did == []
    assert again.reference == first.reference
    assert again.reused
    assert "no build, no push, no registration" in sentences(cell)["plan"]
    assert first.plan.creates
    assert again.plan.creates == ()


def test_a_changed_file_is_named(cell, folder):
    cell()
    (folder / "code" / "score.py").write_text(SCORE + "# more\n")
    cell()
    assert sentences(cell)["plan"] == "code/score.py changed; everything else is the same."


def test_a_new_sample_rehearses_again_without_building(cell, world):
    cell(sample="[1]")
    world.did.clear()
    cell(sample="[2]")
    assert world.did == ["rehearse"]


def test_the_image_is_taken_from_the_engine_when_only_the_rest_is_missing(cell, world):
    cell(until="rehearse")
    world.did.clear()
    build = cell()
    assert world.did == ["push", "register"]
    assert build.verdict.outcome == "served"


def test_a_pushed_image_that_left_the_engine_is_fetched_for_a_new_rehearsal(cell, world):
    cell(until="push")
    world.images.clear()
    world.did.clear()
    build = cell(until="push", sample="[2]")
    assert world.did == ["fetch reg.example/iris@sha256:pushed", "rehearse"]
    assert build.reference == "reg.example/iris@sha256:pushed"


def test_a_run_until_rehearse_needs_no_workspace(cell, world):
    world.facts = None
    world.workspace_error = NotConnected("No workspace.")
    build = cell(until="rehearse")
    assert build.reference is None
    assert build.environment is None
    assert build.image_id == "sha256:image"


def test_without_a_workspace_nothing_is_built_and_the_ways_out_are_named(cell, world):
    world.workspace_error = NotConnected("No Azure ML workspace is connected.")
    with pytest.raises(NotConnected, match="No Azure ML workspace") as caught:
        cell()
    assert "--until rehearse" in caught.value.hint
    assert "--sandbox" in caught.value.hint
    assert world.did == []


def test_an_expired_sign_in_is_said_before_anything_is_built(cell, world):
    world.workspace_error = SignedOut("Your sign-in expired.", hint="Run az login.")
    with pytest.raises(SignedOut, match="expired"):
        cell()
    assert world.did == []


def test_a_workspace_without_a_registry_is_said_before_anything_is_built(cell, world):
    world.facts = WorkspaceFacts("s", "g", "ws", login_server=None)
    with pytest.raises(RegistryError, match="no container registry yet") as caught:
        cell()
    assert "--registry-name" in caught.value.hint
    assert world.did == []


def test_a_named_registry_takes_the_image(cell, world):
    world.facts = WorkspaceFacts("s", "g", "ws", login_server=None)
    assert cell(registry_name="other.example").reference == "other.example/iris@sha256:pushed"


def test_a_taken_version_with_other_content_names_the_next_free_one(cell, world):
    world.environments["iris", "1"] = RegisteredEnvironment("iris", "1", "/id", "x@sha256:y", {})
    with pytest.raises(VersionTaken, match="Version 1 of 'iris'") as caught:
        cell(name="iris:1")
    assert "iris:1-next" in caught.value.hint
    assert world.did == []


def test_names_that_share_a_repository_are_refused(cell, world):
    cell()
    with pytest.raises(BadUsage, match="share the repository 'iris'"):
        cell(name="IRIS")
    assert cell().reused  # the refused name takes nothing from the first


def test_a_finding_that_is_an_error_stops_before_anything_is_built(cell, world):
    with pytest.raises(CheckFailed, match="Line 2"):
        cell(text="FROM x\nRUN pip install –r requirements.txt\n")
    assert world.did == []
    ended = cell.events[-1]
    assert isinstance(ended, RunEnded)
    assert (ended.outcome, ended.error, ended.code) == ("failed", "CheckFailed", "check-failed")


def test_lines_are_those_that_the_user_reads(cell, world):
    with pytest.raises(CheckFailed, match="Line 3"):
        cell(text="FROM x\nRUN pip install –r requirements.txt\n", first_line=2)
    (found,) = (event for event in cell.events if isinstance(event, Findings))
    assert found.diagnostics[0].line + found.above == 3


def test_a_credential_in_the_context_stops_the_run_unless_it_is_named(cell, folder, world):
    (folder / "code" / ".env").write_text("TOKEN=abc\n")
    with pytest.raises(CheckFailed, match=r"code/\.env.*AML090"):
        cell()
    with pytest.raises(ContextError, match=r"code/\.env") as caught:
        cell(ignore="AML090")
    assert "--allow-file" in caught.value.hint
    assert world.did == []
    cell(allow_file="code/.env")
    assert "build" in world.did


def test_the_running_notebook_in_the_context_is_warned_of(cell, folder):
    notebook = folder / "code" / "n.ipynb"
    notebook.write_text("{}")
    cell(notebook=str(notebook), until="context")
    assert any("code/n.ipynb" in e.text for e in cell.events if isinstance(e, Note))


def test_no_engine_is_an_error_for_a_build_and_a_line_in_a_plan(cell, world):
    world.local = BuilderUnavailable("No Docker engine answers.", code="engine-missing")
    cell(until="plan")
    with pytest.raises(BuilderUnavailable, match="No Docker engine answers"):
        cell()
    assert world.did == []


def test_a_failing_build_pushes_and_registers_nothing(cell, world):
    world.builder_error = BuildFailed("RUN false failed.", failure=BuildFailure("RUN false", 3, 1))
    with pytest.raises(BuildFailed):
        cell()
    assert world.pushed == {}
    assert world.environments == {}
    assert cell.journal.run(cell.run_id).status == "failed"


def test_a_failed_rehearsal_stops_before_the_push(cell, world):
    world.verdict = Verdict("failed", "The server exited with 111.", hint="Look at init().")
    with pytest.raises(RehearsalFailed, match="111"):
        cell()
    assert world.pushed == {}


def test_a_failed_rehearsal_is_not_reused(cell, world):
    world.verdict = Verdict("failed", "The server exited with 111.")
    with pytest.raises(RehearsalFailed):
        cell()
    world.verdict = Verdict("served", "The sample was answered.")
    assert cell().verdict.outcome == "served"


def test_an_image_without_a_server_is_registered_without_routes(cell, world):
    world.verdict = Verdict("not applicable", "No inference server in this image.")
    cell()
    assert world.routes is None


def test_a_serving_image_is_registered_with_its_routes_and_tags(cell, world):
    build = cell(env_tag={"team": "flowers"})
    assert world.routes.port == 5001
    tags = world.environments["iris", build.version].tags
    assert tags["team"] == "flowers"
    assert tags["fingerprint"] == build.plan.fingerprint.value
    assert tags["rehearsal"] == "served"
    assert tags["run"] == build.run_id
    assert tags["base"].startswith("mcr.microsoft.com/azureml/minimal-py312-inference")


def test_no_rehearse_says_that_it_was_not_rehearsed(cell, world):
    assert cell(no_rehearse=True).verdict.outcome == "skipped"
    assert "rehearse" not in world.did


@pytest.mark.parametrize("stage", ["build", "rehearse", "push", "register"])
def test_a_stop_between_stages_leaves_the_later_ones_undone(cell, world, stage):
    order = ["build", "rehearse", "push", "register"]
    before = {"build": "warm", "rehearse": "build", "push": "rehearse", "register": "push"}[stage]

    class Did(list):
        def append(self, what):
            super().append(what)
            if what == before:
                cell.cancellation.request()

    world.did = Did()
    world.facts = world.facts
    if stage == "build":
        world.during_build = lambda building: (_ for _ in ()).throw(Cancelled("Stopped."))
    with pytest.raises(Cancelled):
        cell()
    assert not set(order[order.index(stage) :]) & set(world.did) - {"build"}
    assert cell.journal.run(cell.run_id).status == "cancelled"
    assert cell.events[-1].outcome == "cancelled"


def test_a_stop_during_the_build_reaches_the_builder(cell, world):
    seen = []

    def stop(building):
        cell.cancellation.request()
        seen.append(building.stopped)
        raise Cancelled("The build was stopped.")

    world.during_build = stop
    with pytest.raises(Cancelled):
        cell()
    assert seen == [True]


def test_the_plan_is_the_dry_run(cell, world):
    build = cell(until="plan")
    assert world.did == []
    lines = next(e.lines for e in cell.events if isinstance(e, Listing) and e.stage == "plan")
    assert any(line.startswith("command      docker build") for line in lines)
    assert any("reg.example/iris" in line for line in lines)
    assert [line for line in lines if line.startswith("creates")] == [
        "creates      an image in reg.example (its storage bills to the registry)",
        f"creates      environment iris:{build.version} in workspace ws (bills nothing)",
    ]
    assert build.image_id is None


def test_the_dry_run_of_what_is_registered_says_so_and_creates_nothing(cell):
    cell()
    assert cell(until="plan").plan.creates == ()
    assert "is registered with this content" in sentences(cell)["plan"]


def test_what_is_registered_and_gone_from_the_registry_is_not_taken_for_done(cell, world):
    version = cell().version
    world.pushed.clear()
    with pytest.raises(RegistryError, match=f"iris:{version} is registered, but reg.example") as no:
        cell()
    assert no.value.code == "image-gone"
    assert f"iris:{version}-next" in no.value.hint
    assert world.did.count("register") == 1


@pytest.mark.parametrize("error", [Forbidden("no right"), RegistryError("odd"), SignedOut("out")])
def test_what_is_registered_is_believed_where_the_registry_may_not_be_asked(cell, world, error):
    cell()
    world.registry_error = error
    assert cell().reused


def test_a_registry_that_may_not_be_read_is_pushed_to_again(cell, world):
    cell(until="push")
    world.images.clear()
    world.registry_error = Forbidden("This account may not use registry reg.example.")
    cell(until="push")
    assert world.did.count("push") == 2


@pytest.mark.parametrize(
    "mounts", [{"model": "nowhere"}, {"code": "nowhere", "scoring_script": "score.py"}]
)
def test_a_mount_that_is_missing_is_said_before_anything_is_built(cell, world, mounts):
    with pytest.raises(BadUsage, match="nowhere is not a"):
        cell(**mounts)
    assert world.did == []


def test_the_dry_run_takes_the_named_registry(cell):
    plan = cell(until="plan", registry_name="other.example").plan
    assert plan.destination == "other.example/iris"


def test_the_dry_run_names_a_version_that_is_taken(cell, world):
    world.environments["iris", "1"] = RegisteredEnvironment("iris", "1", "/id", "x@sha256:y", {})
    with pytest.raises(VersionTaken, match="Version 1 of 'iris'"):
        cell(name="iris:1", until="plan")


def test_the_dry_run_states_that_there_is_nowhere_to_push_to(cell, world):
    world.workspace_error = NotConnected("No Azure ML workspace is connected.")
    cell(until="plan")
    lines = next(e.lines for e in cell.events if isinstance(e, Listing) and e.stage == "plan")
    assert any("nowhere yet: No Azure ML workspace is connected." in line for line in lines)


def test_a_run_that_stops_before_the_push_names_no_place_to_push_to(cell):
    cell(until="build")
    lines = next(e.lines for e in cell.events if isinstance(e, Listing) and e.stage == "plan")
    assert not any(line.startswith("push to") for line in lines)


def test_a_build_of_the_cloud_names_the_place_it_pushes_to(cell, world, monkeypatch):
    cloud = Builder(world, Abilities("acr", "acr", "ACR Tasks"))
    monkeypatch.setattr(world, "cloud_builders", lambda _: (cloud,))
    plan = cell(until="build", build="acr").plan
    assert plan.creates == ("an image in reg.example (its storage bills to the registry)",)


def test_a_card_names_the_connected_workspace_even_where_the_first_look_fails(cell):
    with pytest.raises(BadUsage, match="no stage 'nope'"):
        cell(target="nope")
    assert any("ws" in str(event) for event in cell.events if isinstance(event, Connected))


def test_no_secret_value_reaches_journal_or_events(cell, world, monkeypatch):
    monkeypatch.setenv("PIP_TOKEN", "hunter2")
    cell(
        secret="id=pip,env=PIP_TOKEN",
        build_arg={"HTTPS_PROXY": "http://me:hunter2@proxy:3128"},
        until="plan",
    )
    files = [
        p.read_text() for p in cell.journal.folder.rglob("*") if p.suffix in (".jsonl", ".log")
    ]
    assert "hunter2" not in "".join(files) + repr(cell.journal.run(cell.run_id).facts)


def test_the_platform_chooses_the_base_and_what_is_sent(cell, world, folder, monkeypatch):
    asked = []
    base = world.base
    monkeypatch.setattr(
        world, "base", lambda name, recipe: asked.append(name) or base(name, recipe)
    )
    (folder / "tool-amd64").write_text("for one")
    (folder / "tool-arm64").write_text("for the other")
    text = "FROM reg.example/base:$TARGETARCH\nARG TARGETARCH\nCOPY tool-$TARGETARCH /bin/tool\n"
    build = cell(text, platform="linux/arm64", until="plan", fail_on="never")
    assert asked == ["reg.example/base:arm64"]
    assert "tool-arm64//" in build.plan.fingerprint.listing
    assert "tool-amd64//" not in build.plan.fingerprint.listing


def test_an_image_that_was_built_anew_is_tried_anew(cell, world):
    cell(until="rehearse")
    world.did.clear()
    cell(until="rehearse", no_cache=True)
    assert world.did == ["warm", "build", "rehearse"]
    world.did.clear()
    cell(until="rehearse")
    assert world.did == []


def test_the_verdict_on_an_earlier_build_says_nothing_of_one_that_failed(cell, world):
    cell(until="rehearse")
    world.verdict = Verdict("failed", "The server did not start.")
    with pytest.raises(RehearsalFailed):
        cell(until="rehearse", no_cache=True)
    with pytest.raises(RehearsalFailed):
        cell()
    assert "register" not in world.did


def test_what_was_pushed_before_is_not_taken_for_a_later_build(cell, world):
    cell(until="push")
    cell(until="rehearse", no_cache=True)
    world.did.clear()
    cell()
    assert world.did == ["push", "register"]


def test_a_build_without_cache_that_outlived_its_kernel_is_not_taken_for_the_earlier_one(
    cell, world, folder
):
    earlier = cell(until="rehearse")
    asked = request_from("iris", TEXT, context=str(folder), no_cache=True, until="build")
    run_id = cell.journal.begin("iris", "iris")
    place = Run(run_id, cell.journal, [].append, Cancellation())
    labels = {"azureml-image.fingerprint": earlier.plan.fingerprint.value}
    job = SimpleNamespace(reference=earlier.plan.reference, labels=labels)
    world.did.clear()
    Pipeline(asked, world, place).resume(earlier.plan, RunToken("buildx", {"job": job}))
    assert world.did == ["warm", "attach"]


@pytest.fixture
def mounted(tmp_path_factory):
    """What a deployment would mount, outside of the context."""
    code = tmp_path_factory.mktemp("mounted")
    (code / "score.py").write_text(SCORE)
    return {"code": str(code), "scoring_script": "score.py", "until": "rehearse"}


def test_a_mounted_script_that_changed_is_tried_anew_whatever_an_ignore_file_says(
    cell, world, mounted
):
    code = Path(mounted["code"])
    (code / ".dockerignore").write_text("*\n")
    cell(**mounted)
    (code / "score.py").write_text(SCORE + "# changed\n")
    world.did.clear()
    cell(**mounted)
    assert world.did == ["rehearse"]


def test_a_mounted_link_is_known_by_what_it_leads_to(cell, world, mounted, tmp_path_factory):
    script = tmp_path_factory.mktemp("elsewhere") / "real.py"
    script.write_text(SCORE)
    link = Path(mounted["code"], "score.py")
    link.unlink()
    link.symlink_to(script)
    cell(**mounted)
    script.write_text(SCORE + "# changed\n")
    world.did.clear()
    cell(**mounted)
    assert world.did == ["rehearse"]


def test_what_is_not_mounted_is_not_tried_anew(cell, world, mounted):
    cell(**mounted)
    cache = Path(mounted["code"], "__pycache__")
    cache.mkdir()
    (cache / "score.pyc").write_bytes(b"compiled")
    (cache.parent / "score.py").touch()
    world.did.clear()
    cell(**mounted)
    assert world.did == []


def test_a_mounted_model_is_known_by_its_content(cell, world, mounted):
    model = Path(mounted["code"]).parent / "model.pkl"
    model.write_bytes(b"one")
    cell(**mounted, model=str(model))
    model.write_bytes(b"two")
    world.did.clear()
    cell(**mounted, model=str(model))
    assert world.did == ["rehearse"]
    world.did.clear()
    cell(**mounted, model=str(model))
    assert world.did == []


def test_other_routes_than_those_registered_are_no_nothing_changed(cell, world):
    cell()
    with pytest.raises(VersionTaken, match="other inference routes") as caught:
        cell(scoring_route="/invocations")
    assert "iris:" in caught.value.hint
    assert "-next" in caught.value.hint
    assert cell().reused


def test_a_registered_image_without_a_server_has_no_routes_to_differ(cell, world):
    world.verdict = Verdict("not applicable", "No server.")
    cell()
    assert cell(scoring_route="/invocations").reused


def test_the_name_and_password_of_a_proxy_do_not_decide_what_is_built(cell, world):
    proxy = {"HTTPS_PROXY": "http://me:hunter2@proxy:3128"}
    first = cell(build_arg=proxy, until="rehearse")
    written = wire.load(BuildRequest, cell.journal.run(first.run_id).facts["request"])
    world.did.clear()
    again = cell(build_arg=dict(written.recipe.build_args), until="rehearse")
    assert world.did == []
    assert again.version == first.version
    other = cell(build_arg={"HTTPS_PROXY": "http://me:hunter2@other:3128"}, until="plan")
    assert other.version != first.version


def test_a_clock_that_was_set_back_does_not_make_an_older_run_the_latest(cell, folder, monkeypatch):
    cell(until="build")
    (folder / "code" / "score.py").write_text(SCORE + "# changed\n")
    with monkeypatch.context() as clock:
        clock.setattr("time.time", lambda: 0.0)
        cell(until="build")
    (folder / "code" / "more.py").write_text("")
    cell(until="build")
    assert sentences(cell)["plan"] == "code/more.py is new; everything else is the same."
    assert cell.journal.runs(limit=1)[0].run_id == cell.run_id
