"""The equivalent docker build line."""

from jupyter_azureml_image.plan.command import docker_build
from jupyter_azureml_image.plan.request import Recipe, SecretSource


def test_the_line_can_be_typed_as_it_stands():
    recipe = Recipe(
        text="FROM x",
        path="Dockerfile",
        build_args=(("V", "a b"),),
        target="run",
        secrets=(SecretSource("pip", "env", "PIP_TOKEN"),),
        no_cache=True,
    )
    assert docker_build(recipe, "/my folder", "iris:1") == (
        "docker build --platform linux/amd64 --build-arg 'V=a b' --secret id=pip,env=PIP_TOKEN "
        "--target run --no-cache -t iris:1 -f Dockerfile '/my folder'"
    )


def test_a_proxy_is_shown_without_its_name_and_password():
    recipe = Recipe("FROM x", build_args=(("HTTPS_PROXY", "http://me:pw@proxy:3128"),))
    assert "HTTPS_PROXY=http://***@proxy:3128'" in docker_build(recipe, ".", "iris:1")
