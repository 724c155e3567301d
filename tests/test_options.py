"""Options: declared once, split by POSIX rules, expanded word by word, refused in sentences."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from jupyter_azureml_image import options as opt
from jupyter_azureml_image.errors import BadUsage, ImageError
from jupyter_azureml_image.options.commands import COMMANDS
from jupyter_azureml_image.plan.request import BuildRequest, SecretSource


def asked(
    line: str, names: dict[str, object] | None = None, text: str = "FROM x\n"
) -> BuildRequest:
    words = opt.expand(opt.CELL, opt.split(line, opt.CELL.prog), names or {})
    given = opt.parse(opt.CELL, words)
    return opt.request_from(given.pop("name"), text, **given)


def refused(line: str, names: dict[str, object] | None = None) -> BadUsage:
    with pytest.raises(BadUsage) as caught:
        asked(line, names)
    return caught.value


def test_name_and_version_are_told_apart() -> None:
    request = asked("my-env:2024.1")
    assert (request.name, request.version) == ("my-env", "2024.1")
    assert asked("my-env").version is None


def test_words_are_split_first_and_a_value_with_blanks_stays_one_word() -> None:
    request = asked("x --build-arg 'A=1 2' --build-arg B={b}", {"b": "three four"})
    assert request.recipe.build_args == (("A", "1 2"), ("B", "three four"))


def test_an_attribute_is_taken_and_nothing_is_called() -> None:
    image = SimpleNamespace(version="7", tag=SimpleNamespace(name="t"))
    assert asked("x:{i.version} --target {i.tag.name}", {"i": image}).recipe.target == "t"
    assert asked("x --target '{i.version()}'", {"i": image}).recipe.target == "{i.version()}"


def test_dollars_and_other_braces_are_left_alone() -> None:
    line = """x --build-arg 'A=${V:-{}}' --build-arg B=$V --build-arg 'C={"k": 1}'"""
    assert asked(line, {"V": "no"}).recipe.build_args == (
        ("A", "${V:-{}}"),
        ("B", "$V"),
        ("C", '{"k": 1}'),
    )


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("x --build-arg A={nope}", "--build-arg"),
        ("x --target={nope}", "--target"),
        ("{nope}", "NAME[:VERSION]"),
        ("x --no-cache {nope}", "NAME[:VERSION]"),
    ],
)
def test_an_unknown_variable_is_an_error_that_says_which_option(line: str, named: str) -> None:
    assert refused(line).message == f"{named}: there is no variable 'nope'."


def test_a_variable_that_is_nearly_there_is_suggested() -> None:
    assert refused("x:{versoin}", {"version": 1}).hint == "Did you mean version?"


def test_an_unknown_attribute_is_named() -> None:
    error = refused("x:{s.lowr}", {"s": "text"})
    assert error.message == "NAME[:VERSION]: str has no attribute 'lowr'."
    assert error.hint == "Did you mean lower?"


def test_braces_left_in_the_name_are_refused() -> None:
    assert "braces" in refused("'{0}'").message


@pytest.mark.parametrize("flag", ["-t", "--tag", "--tag=x"])
def test_docker_tags_are_refused_with_what_to_say_instead(flag: str) -> None:
    error = refused(f"x {flag} y")
    assert "NAME:VERSION" in (error.hint or "")
    assert "--env-tag" in (error.hint or "")


def test_an_unknown_option_names_the_nearest_one() -> None:
    error = refused("x --contxt .")
    assert error.message == "%%azureml_dockerfile has no option --contxt."
    assert error.hint == "Did you mean --context?"


def test_an_abbreviation_is_no_option() -> None:
    assert "--unti" in refused("x --unti plan").message


def test_a_line_that_a_backslash_would_go_on_with_is_said_to_be_one() -> None:
    error = refused("x --target a \\")
    assert error.hint == "All options stand on this one line: a backslash does not continue it."


def test_two_dashes_end_the_options_and_a_hint_says_so() -> None:
    assert asked("x --no-cache --").recipe.no_cache
    assert asked("-- x").name == "x"
    error = refused("x -- --target a")
    assert (
        error.message == "%%azureml_dockerfile: --target stands behind --, which ends the options."
    )
    assert error.hint == "Leave -- out."


def test_a_word_that_is_empty_is_said_to_be() -> None:
    assert refused("''").message == "%%azureml_dockerfile: NAME[:VERSION] is empty."
    assert refused("{name}", {"name": ""}).message.endswith("NAME[:VERSION] is empty.")
    attach = opt.verb("attach")
    assert attach is not None
    with pytest.raises(BadUsage, match="RUN is empty") as caught:
        opt.parse(attach, [""])
    assert caught.value.hint == "Give it, or leave it out."


def test_a_variable_that_holds_nothing_is_refused_and_not_written_as_none() -> None:
    image = SimpleNamespace(name="x", version=None)
    error = refused("{i.name}:{i.version}", {"i": image})
    assert error.message == "NAME[:VERSION]: i.version is None."
    assert (
        "--build-arg: nothing is None."
        in refused("x --build-arg A={nothing}", {"nothing": None}).message
    )


def test_an_open_quote_is_a_sentence() -> None:
    assert "no closing quotation" in refused("x --description 'open").message


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "%%azureml_dockerfile needs NAME[:VERSION]."),
        ("x y", "%%azureml_dockerfile: 'y' is one word too many."),
        ("x --until", "--until needs a value."),
        ("x --build-arg A", "--build-arg: 'A' is not of the form K=V."),
        ("x --port ninety", "--port: 'ninety' is no whole number above zero."),
        ("x --port 70000", "--port: there is no port 70000; the last one is 65535."),
        ("x --platform amd64", "--platform: 'amd64' is no platform."),
        ("x --scoring-route score", "--scoring-route: 'score' is no route."),
        ("x:latest", "'latest' cannot be a version."),
        ("AzureML-x", "'AzureML-x' begins with a word Azure ML keeps for its own environments."),
    ],
)
def test_what_cannot_be_used_is_said(line: str, message: str) -> None:
    assert refused(line).message == message


def test_a_choice_that_does_not_exist_lists_those_that_do() -> None:
    error = refused("x --until pla")
    assert error.message.startswith("--until: 'pla' is not one of check, context, plan, build")
    assert error.hint == "Did you mean plan?"


def test_secrets_are_places_never_values(monkeypatch: pytest.MonkeyPatch) -> None:
    request = asked("x --secret id=a,src=/tmp/f --secret id=b,env=TOKEN --secret type=env,id=C")
    assert request.recipe.secrets == (
        SecretSource("a", "src", "/tmp/f"),
        SecretSource("b", "env", "TOKEN"),
        SecretSource("C", "env", "C"),
    )
    monkeypatch.setenv("PASSWORD", "hunter2")
    assert "hunter2" not in repr(asked("x --secret id=PASSWORD,env=PASSWORD"))


@pytest.mark.parametrize("text", ["a", "id=a", "id=a,src=/f,env=E", "src=/f", "id=a,value=hunter2"])
def test_a_secret_of_another_form_is_refused_without_showing_it(text: str) -> None:
    assert "hunter2" not in str(refused(f"x --secret {text}"))


def test_every_option_reaches_the_request() -> None:
    request = asked(
        "e:1 --context /c --build acr --until plan --target t --platform linux/arm64 --network none"
        " --no-cache --pull --agent-pool p --cpu 4 --timeout 60 --code /k --scoring-script s.py"
        " --model /m --no-rehearse --port 8080 --liveness-route /l --readiness-route /r"
        " --scoring-route /s --registry-name reg --env-tag A=1 --env-tag B=2 --description 'a b'"
        " --fail-on warning --ignore A1,A2 --ignore A3 --allow-file '*.pem' --detach"
    )
    assert request.context == "/c"
    assert (request.build, request.until, request.detach) == ("acr", "plan", True)
    assert request.recipe.platform == "linux/arm64"
    assert (request.recipe.no_cache, request.recipe.pull) == (True, True)
    assert (request.task.agent_pool, request.task.cpu, request.task.timeout) == ("p", 4, 60)
    assert request.rehearsal.mounts.code == "/k"
    assert request.rehearsal.mounts.model == "/m"
    assert request.rehearsal.wanted is False
    assert request.rehearsal.routes.port == 8080
    assert request.rehearsal.routes.scoring == "/s"
    assert request.tags == (("A", "1"), ("B", "2"))
    assert request.check.ignore == ("A1", "A2", "A3")
    assert request.check.allow_files == ("*.pem",)
    assert request.check.fail_on == "warning"
    assert (request.registry, request.description) == ("reg", "a b")


def test_python_values_are_taken_as_well_as_strings() -> None:
    request = opt.request_from(
        "x",
        "",
        build_arg={"A": 1},
        ignore=["C1"],
        port=80,
        context=Path("/c"),
        sample={"data": [1]},
    )
    assert request.recipe.build_args == (("A", "1"),)
    assert request.rehearsal.sample == '{"data": [1]}'
    assert request.context == "/c"


def test_a_pair_without_a_value_in_python_is_refused_and_not_written_as_none() -> None:
    for given in ({"A": None}, [("A", None)]):
        with pytest.raises(BadUsage, match="--build-arg: A is None"):
            opt.request_from("x", "", build_arg=given)


@pytest.mark.parametrize("word", ["false", "False", "0", "no", " OFF ", False, 0])
def test_a_switch_in_python_is_off_where_its_value_says_so(word: object) -> None:
    assert opt.request_from("x", "", no_cache=word).recipe.no_cache is False


@pytest.mark.parametrize("word", ["true", "1", "Yes", "on", True, 1])
def test_a_switch_in_python_is_on_where_its_value_says_so(word: object) -> None:
    assert opt.request_from("x", "", no_cache=word).recipe.no_cache is True


@pytest.mark.parametrize("word", ["never", "", 2, [], ["no"], {"no": 1}])
def test_a_switch_that_is_neither_on_nor_off_is_refused(word: object) -> None:
    with pytest.raises(BadUsage) as caught:
        opt.request_from("x", "", no_cache=word)
    assert caught.value.message == f"--no-cache: '{word}' is not one of true, false."


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ignore": 5}, "--ignore: '5' is no text."),
        ({"ignore": [1]}, "--ignore: '1' is no text."),
        ({"ignore": {"A1": 1}}, "--ignore: '{'A1': 1}' is no text."),
        ({"allow_file": True}, "--allow-file: 'True' is no text."),
        ({"build_arg": 5}, "--build-arg: '5' is not of the form K=V."),
        (
            {"build_arg": [("A", "1", "2")]},
            "--build-arg: '('A', '1', '2')' is not of the form K=V.",
        ),
        ({"network": ["none"]}, "--network: '['none']' is no text."),
        ({"cpu": float("inf")}, "--cpu: 'inf' is no whole number above zero."),
    ],
)
def test_a_python_value_of_another_kind_is_refused(
    options: dict[str, object], message: str
) -> None:
    with pytest.raises(BadUsage) as caught:
        opt.request_from("x", "", **options)
    assert caught.value.message == message


def test_an_unknown_keyword_names_the_nearest_one() -> None:
    with pytest.raises(BadUsage) as caught:
        opt.request_from("x", "", buildarg={})
    assert caught.value.hint == "Did you mean build_arg?"


def test_the_sample_request_is_read_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "sample.json"
    file.write_text('{"data": 1}')
    assert asked(f"x --request-file {file}").rehearsal.sample == '{"data": 1}'
    assert "nowhere.json cannot be read" in refused("x --request-file nowhere.json").message


def test_the_dockerfile_is_read_byte_for_byte(tmp_path: Path) -> None:
    file = tmp_path / "Dockerfile"
    file.write_bytes(b"\xef\xbb\xbfFROM x\r\nRUN a\xc2\xa0b")
    assert opt.read_text(file) == "\ufeffFROM x\r\nRUN a\u00a0b"


def test_a_home_that_nobody_has_is_no_more_than_a_missing_file(tmp_path: Path) -> None:
    place = "~nobody-of-this-name/sample.json"
    assert f"{place} cannot be read" in refused(f"x --request-file {place}").message


def test_a_link_to_nothing_is_said_to_be_one(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").symlink_to("gone")
    with pytest.raises(BadUsage) as caught:
        opt.read_text(tmp_path / "Dockerfile")
    assert (
        caught.value.message == f"{tmp_path / 'Dockerfile'} is a link to gone, which is not there."
    )


def test_a_missing_dockerfile_of_a_missing_folder_names_the_folder(tmp_path: Path) -> None:
    with pytest.raises(BadUsage) as caught:
        opt.read_text(tmp_path / "nowhere" / "Dockerfile")
    assert caught.value.hint == f"There is no folder {tmp_path / 'nowhere'}."


def test_a_missing_dockerfile_names_the_one_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM x")
    with pytest.raises(BadUsage) as caught:
        opt.read_text(tmp_path / "Dockerfil")
    assert caught.value.hint == "Did you mean Dockerfile?"


def test_help_names_every_option_once() -> None:
    shown = opt.help_text(opt.CELL)
    for option in opt.CELL.options:
        assert f"{option.flag} " in shown or f"{option.flag}\n" in shown
    assert "%%%%" not in shown


@pytest.mark.parametrize("command", [*opt.VERBS, *COMMANDS], ids=lambda c: c.prog)
def test_every_verb_and_command_has_help_that_can_be_printed(command: opt.Command) -> None:
    assert opt.help_text(command).startswith(f"usage: {command.prog}")


def test_every_error_is_ours() -> None:
    assert issubclass(BadUsage, ImageError)


def test_the_reference_pages_are_those_of_the_options() -> None:
    from tools.option_pages import out_of_date

    assert out_of_date() == (), "run `python -m tools.option_pages`"
