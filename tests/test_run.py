"""A run works in the background; whoever watches sees all of it."""

import threading

import pytest

from jupyter_azureml_image.errors import BuildFailed, Cancelled
from jupyter_azureml_image.events import LinesSkipped, LogLine, RunEnded, StageStarted
from jupyter_azureml_image.result import ImageBuild
from jupyter_azureml_image.run import LiveRun


def test_every_watcher_sees_every_event_in_order():
    told = [StageStarted("check"), LogLine("one"), RunEnded("done", 0.1)]

    def work(emit, cancellation):
        for event in told:
            emit(event)
        return ImageBuild("iris", "1")

    watched = threading.Event()
    live = LiveRun("1", lambda emit, c: (watched.wait(10), work(emit, c))[1]).start()
    first, second = live.events(), live.events()
    collected = []
    reader = threading.Thread(target=lambda: collected.extend(first))
    reader.start()
    watched.set()
    assert list(second) == told
    reader.join(10)
    assert sorted(map(repr, collected)) == sorted(map(repr, told))


def test_a_late_watcher_still_gets_the_events_before():
    live = LiveRun("1", lambda emit, _: (emit(LogLine("one")), ImageBuild("iris", "1"))[1]).start()
    live.result(10)
    assert list(live.events()) == [LogLine("one")]


def test_a_very_late_watcher_is_told_how_many_lines_it_missed():
    def work(emit, _):
        for number in range(5000):
            emit(LogLine(str(number)))
        return ImageBuild("iris", "1")

    live = LiveRun("1", work).start()
    live.result(10)
    first, *rest = live.events()
    assert first == LinesSkipped(5000 - len(rest))
    assert rest[-1] == LogLine("4999")


def test_the_error_that_ended_it_is_raised_to_whoever_asks():
    def work(emit, cancellation):
        raise BuildFailed("RUN false failed.")

    live = LiveRun("1", work).start()
    with pytest.raises(BuildFailed, match="RUN false failed"):
        live.result(10)


def test_a_library_that_leaves_the_program_ends_the_run_and_is_named():
    def work(emit, cancellation):
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        LiveRun("1", work).start().result(10)


def test_cancelling_calls_what_stops_the_work():
    started, stopped = threading.Event(), threading.Event()

    def work(emit, cancellation):
        with cancellation.stopping(stopped.set):
            started.set()
            stopped.wait(10)
            cancellation.check()
        return ImageBuild("iris", "1")

    live = LiveRun("1", work).start()
    started.wait(10)
    live.cancel()
    with pytest.raises(Cancelled):
        live.result(10)


def test_a_stop_asked_for_before_the_work_began_is_felt_at_once():
    asked = threading.Event()
    stopped = []

    def work(emit, cancellation):
        asked.wait(10)
        with cancellation.stopping(lambda: stopped.append(True)):
            pass
        return ImageBuild("iris", "1")

    live = LiveRun("1", work).start()
    live.cancel()
    asked.set()
    live.result(10)
    assert stopped == [True]


def test_cancelled_is_both_an_image_error_and_a_keyboard_interrupt():
    assert isinstance(Cancelled("x"), KeyboardInterrupt)
