"""Which builder, and the sentence that says why."""

from typing import get_args

import pytest

from jupyter_azureml_image.build.ports import Abilities
from jupyter_azureml_image.dockerfile.facts import Need, NeedKind
from jupyter_azureml_image.errors import BuilderUnavailable
from jupyter_azureml_image.plan.choose import Offer, choose

BUILDX = Abilities("local", "buildx", "Docker Engine 28.5 with buildx", ("heredoc", "secret"))
CLASSIC = Abilities("local", "classic", "Docker Engine 20.10 (classic builder)")
ACR = Abilities("acr", "acr-quick", "ACR Tasks")
HEREDOC = (Need("heredoc", 3, line=7),)
MISSING = Offer(refusal=BuilderUnavailable("No Docker engine answers.", code="engine-missing"))
REFUSED = Offer(
    refusal=BuilderUnavailable(
        "You may not use the engine.", hint="Join the group docker.", code="engine-refused"
    )
)


def test_the_local_engine_is_tried_first():
    way, why = choose("auto", (), Offer((CLASSIC,)), Offer((ACR,)))
    assert way is CLASSIC
    assert (
        why
        == "Building on this machine with Docker Engine 20.10 (classic builder): try locally first."
    )


def test_the_first_local_way_that_can_do_it_is_taken():
    assert choose("auto", HEREDOC, Offer((CLASSIC, BUILDX)), Offer())[0] is BUILDX


def test_the_cloud_is_used_where_there_is_no_engine():
    way, why = choose("auto", (), MISSING, Offer((ACR,)))
    assert way is ACR
    assert "there is no Docker engine here" in why


def test_the_cloud_is_used_where_the_engine_lacks_an_ability():
    able = Abilities("acr", "acr-task", "an ACR task with BuildKit", ("heredoc",))
    way, why = choose("auto", HEREDOC, Offer((CLASSIC,)), Offer((able,)))
    assert way is able
    assert "a here-document (line 7)" in why


def test_an_engine_that_refuses_is_an_error_and_never_a_move_to_the_cloud():
    with pytest.raises(BuilderUnavailable, match="may not use the engine"):
        choose("auto", (), REFUSED, Offer((ACR,)))


def test_asking_for_the_local_engine_never_uses_the_cloud():
    with pytest.raises(BuilderUnavailable, match="No Docker engine"):
        choose("local", (), MISSING, Offer((ACR,)))


def test_an_explicit_builder_that_cannot_do_it_is_refused_with_the_line():
    with pytest.raises(BuilderUnavailable, match=r"a here-document \(line 7\)"):
        choose("acr", HEREDOC, Offer((BUILDX,)), Offer((ACR,)))


@pytest.mark.parametrize("kind", get_args(NeedKind))
def test_every_kind_of_need_has_its_words(kind):
    with pytest.raises(BuilderUnavailable, match=r"cannot do .+ \(line 7\)"):
        choose("local", (Need(kind, 3, line=7),), Offer((CLASSIC,)), Offer())


def test_nothing_that_fits_says_what_was_tried():
    with pytest.raises(BuilderUnavailable, match="No Docker engine answers; No registry") as caught:
        choose("auto", (), MISSING, Offer(refusal=BuilderUnavailable("No registry.")))
    assert "Install or start Docker" in caught.value.hint


def test_asking_for_the_cloud_beside_an_engine_that_could_says_so():
    assert "try locally first" in choose("acr", (), Offer((CLASSIC,)), Offer((ACR,)))[1]
    assert "locally" not in choose("acr", (), MISSING, Offer((ACR,)))[1]
