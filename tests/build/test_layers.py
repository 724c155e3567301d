"""The sizes of layers find their instructions."""

from jupyter_azureml_image.build.dialects.steps import Steps
from jupyter_azureml_image.build.layers import sizes
from jupyter_azureml_image.dockerfile.parse import parse

TEXT = """\
FROM base AS first
RUN one
ENV A=1
FROM first AS first
WORKDIR /w
COPY a b
RUN ["two"]
FROM other AS last
ADD x y
"""


def told(target, *history):
    steps = Steps(parse(TEXT))
    entries = [{"CreatedBy": made, "Size": size} for made, size in history]
    return [(steps.step(i).line, size) for i, size in sizes(steps.adding(target), entries)]


BASE = ("RUN /bin/sh -c apt-get install # buildkit", 99)


def test_what_buildkit_wrote_is_read_through_the_stages_below() -> None:
    assert told(
        "first",
        ("RUN two # buildkit", 4),
        ("COPY a b # buildkit", 3),
        ("WORKDIR /w", 0),
        ("ENV A=1", 0),
        ("RUN |1 B=c /bin/sh -c one # buildkit", 1),
        BASE,
    ) == [(7, 4), (6, 3), (5, 0), (2, 1)]


def test_what_the_classic_builder_wrote_is_read() -> None:
    assert told(
        "1",
        ("/bin/sh -c #(nop)  LABEL run=1", 0),
        ("two", 4),
        ("/bin/sh -c #(nop) COPY file:ab in b ", 3),
        ("/bin/sh -c #(nop) WORKDIR /w", 0),
        ("|1 B=c /bin/sh -c one", 1),
    ) == [(7, 4), (6, 3), (5, 0), (2, 1)]


def test_without_a_target_the_last_stage_counts() -> None:
    assert told(None, ("ADD x y # buildkit", 7), BASE) == [(9, 7)]
    assert told("nowhere", BASE) == []


def test_what_does_not_fit_ends_it() -> None:
    assert told("first", ("COPY a b # buildkit", 3)) == []
