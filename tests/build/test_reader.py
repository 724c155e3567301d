"""BuildKit's records as events, where the order is not the plain one."""

from jupyter_azureml_image.build.dialects.reader import SolveReader
from jupyter_azureml_image.build.dialects.solve import Advice, Output, Solve, Status, Vertex
from jupyter_azureml_image.build.dialects.steps import Steps
from jupyter_azureml_image.dockerfile.parse import parse
from jupyter_azureml_image.events import LogLine, Note, StepEnded, StepStarted, Transfer
from tests.build.engines import Heard

RUN = "[2/2] RUN make"


def reader():
    heard = Heard()
    return SolveReader(Steps(parse("FROM a\nRUN make\n")), heard), heard


def test_output_that_ends_in_the_middle_of_a_line_is_told_with_the_end_of_the_step():
    read, heard = reader()
    read.see(Solve((Vertex("v", RUN, started=1.0),)))
    read.see(Solve(outputs=(Output("v", b"one\ntw"),)))
    read.see(Solve(outputs=(Output("v", b"o"),)))
    read.see(Solve((Vertex("v", RUN, started=1.0, completed=3.5),)))
    assert heard.events == [
        StepStarted("step-1", "RUN make", 2),
        LogLine("one", "step-1"),
        LogLine("two", "step-1"),
        StepEnded("step-1", "done", 2.5),
    ]


def test_a_base_is_at_its_end_when_something_is_made_from_it():
    read, heard = reader()
    base = "[1/2] FROM docker.io/library/a:latest"
    read.see(Solve((Vertex("v", base, started=1.0, completed=1.5),)))
    read.see(Solve((Vertex("v", base, started=2.0),)))
    read.see(Solve(statuses=(Status("v", "sha256:1", 5, 10), Status("v", "sha256:2", 0, 90))))
    read.see(Solve((Vertex("v", base, started=2.0, completed=4.0),)))
    assert heard.of(StepEnded) == []
    read.see(Solve((Vertex("w", RUN, started=4.0, inputs=("v",)),)))
    assert heard.of(Transfer) == [Transfer("pull", 5, 10), Transfer("pull", 5, 100)]
    assert heard.of(StepEnded) == [StepEnded("step-1", "done", 3.0)]


def test_a_base_that_ends_in_the_message_that_starts_the_next_step_has_ended():
    read, heard = reader()
    base = "[1/2] FROM docker.io/library/a:latest"
    read.see(Solve((Vertex("v", base, started=1.0),)))
    ended = Vertex("v", base, started=1.0, completed=2.0)
    read.see(Solve((Vertex("w", RUN, started=2.0, inputs=("v",)), ended)))
    assert heard.of(StepEnded) == [StepEnded("step-1", "cached", 1.0)]


def test_a_base_that_was_at_hand_is_cached():
    read, heard = reader()
    base = "[1/2] FROM docker.io/library/a:latest"
    read.see(Solve((Vertex("v", base, started=1.0, completed=2.0),)))
    read.finish("done")
    assert heard.of(StepEnded) == [StepEnded("step-1", "cached", 1.0)]


def test_the_first_error_counts_and_steps_it_stopped_are_cancelled():
    read, heard = reader()
    base = "[1/2] FROM docker.io/library/a:latest"
    read.see(Solve((Vertex("a", base, started=1.0), Vertex("v", RUN, started=1.0))))
    read.see(Solve(outputs=(Output("v", b"last words"),)))
    read.see(
        Solve(
            (
                Vertex("a", base, started=1.0, completed=2.0, error="context canceled"),
                Vertex("v", RUN, started=1.0, completed=2.0, error="exit code: 2"),
            )
        )
    )
    assert read.failed.error == "exit code: 2"
    assert read.failed.step.line == 2
    assert read.failed.last_lines == ("last words",)
    assert [event.outcome for event in heard.of(StepEnded)] == ["cancelled", "failed"]


def test_a_stream_that_ends_early_ends_every_step():
    read, heard = reader()
    read.see(Solve((Vertex("v", RUN, started=1.0),)))
    read.finish("cancelled")
    assert not heard.open_steps


def test_buildkits_own_nodes_are_not_steps():
    read, heard = reader()
    for name in ("[internal] load build definition from Dockerfile", "[auth] a/b pull", "mkfile"):
        read.see(Solve((Vertex(name, name, started=1.0, completed=2.0),)))
    assert heard.events == []


def test_that_the_context_was_read_is_passed_on_once_each_time():
    read, _ = reader()
    times = []
    read.context_read = lambda: times.append(1)
    context = "[internal] load build context"
    for completed in (None, 2.0, 2.0, 3.0):  # BuildKit repeats what ended; the last is another
        read.see(Solve((Vertex("v", context, started=1.0, completed=completed),)))
    assert len(times) == 2


def test_a_warning_is_told_once_with_its_line():
    read, heard = reader()
    read.see(Solve(warnings=(Advice("Odd", 3), Advice("Odd", 3), Advice("Rule: x (line 4)", 4))))
    assert heard.events == [Note("Odd (line 3)", "warning"), Note("Rule: x (line 4)", "warning")]
