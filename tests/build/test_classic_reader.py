"""The classic builder's prose as events; the lines are real ones of 20.10 and 28.5."""

import itertools

from jupyter_azureml_image.build.dialects.classic import ClassicReader
from jupyter_azureml_image.build.dialects.steps import Steps
from jupyter_azureml_image.dockerfile.parse import parse
from jupyter_azureml_image.events import LogLine, Note, StepEnded, StepStarted
from tests.build.engines import Heard

TEXT = "FROM base\nENV A=1\nRUN make\nCOPY a b\n"
LOG = """\
Step 1/5 : FROM base
 ---> 0123456789ab
Step 2/5 : ENV A=1
 ---> Using cache
 ---> 1123456789ab
Step 3/5 : RUN make
 ---> Running in aabbccddeeff
hello
 ---> an arrow of its own
\x1b[91mon stderr
\x1b[0m ---> Removed intermediate container aabbccddeeff
 ---> 2123456789ab
Step 4/5 : COPY a b
 ---> 3123456789ab
Step 5/5 : LABEL azureml-image.run=1
 ---> Running in bbccddeeff00
Removing intermediate container bbccddeeff00
 ---> 4123456789ab
[Warning] One or more build-args [X] were not consumed
Successfully built 4123456789ab
Successfully tagged x:1
"""


def read(text, portion=11):
    heard, ticks = Heard(), itertools.count()
    reader = ClassicReader(Steps(parse(TEXT)), heard, lambda: float(next(ticks)))
    for at in range(0, len(text), portion):
        reader.feed_text(text[at : at + portion])
    return reader, heard


def test_a_whole_build_is_told_as_its_steps():
    reader, heard = read(LOG)
    reader.finish("done")
    assert heard.events == [
        StepStarted("step-1", "FROM base", 1),
        StepEnded("step-1", "cached", 0.0),
        StepStarted("step-2", "RUN make", 3),
        LogLine("hello", "step-2"),
        LogLine(" ---> an arrow of its own", "step-2"),
        LogLine("on stderr", "step-2"),
        StepEnded("step-2", "done", 1.0),
        StepStarted("step-3", "COPY a b", 4),
        StepEnded("step-3", "done", 1.0),
        Note("One or more build-args [X] were not consumed", "warning"),
    ]
    assert reader.containers == ["aabbccddeeff", "bbccddeeff00"]
    assert reader.images == ["2123456789ab", "3123456789ab", "4123456789ab"]


def test_a_cached_step_made_nothing():
    reader, heard = read("Step 3/5 : RUN make\n ---> Using cache\n ---> 2123456789ab\n")
    reader.finish("done")
    assert heard.of(StepEnded) == [StepEnded("step-1", "cached", 0.0)]
    assert reader.images == []


def test_a_base_that_is_pulled_is_not_cached():
    reader, heard = read("Step 1/5 : FROM base\n")
    reader.pulling()
    reader.feed_text(" ---> 0123456789ab\n")
    reader.finish("done")
    assert heard.of(StepEnded)[0].outcome == "done"


def test_a_failure_keeps_the_last_words_even_without_a_line_end():
    reader, heard = read("Step 3/5 : RUN make\n ---> Running in aabbccddeeff\none\nlast")
    failed = reader.fail("returned a non-zero code: 2")
    assert failed.step.title == "RUN make"
    assert failed.last_lines == ("one", "last")
    assert heard.of(StepEnded)[0].outcome == "failed"
