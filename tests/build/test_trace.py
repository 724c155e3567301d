"""The engine API's protobuf, written here by an independent encoder and read back."""

import base64

import pytest

from jupyter_azureml_image.build.dialects import trace


def varint(value):
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def number(field, value):
    return varint(field << 3) + varint(value)


def data(field, value):
    value = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(value)) + value


def stamp(field, seconds, nanos=0):
    return data(field, number(1, seconds) + (number(2, nanos) if nanos else b""))


def aux(message):
    return base64.b64encode(message).decode()


def test_every_kind_of_record_is_read():
    vertex = (
        data(1, "sha256:v")
        + data(2, "sha256:input")
        + data(3, "[2/2] RUN ü")
        + number(4, 1)
        + stamp(5, 1_795_000_000, 500_000_000)
        + stamp(6, 1_795_000_001)
        + data(7, "exit code: 3")
    )
    status = data(1, "sha256:l") + data(2, "sha256:v") + number(4, 70_000) + number(5, 300_000)
    log = data(1, "sha256:v") + stamp(2, 1) + number(3, 2) + data(4, b"\xffraw\n")
    warning = (
        data(1, "sha256:v")
        + number(2, 1)
        + data(3, "Short")
        + data(4, "detail")
        + data(7, data(1, number(1, 12)) + data(2, number(1, 13)))
    )
    solve = trace.read(aux(data(1, vertex) + data(2, status) + data(3, log) + data(4, warning)))
    assert solve.vertexes[0].name == "[2/2] RUN ü"
    assert solve.vertexes[0].cached
    assert solve.vertexes[0].started == 1_795_000_000.5
    assert solve.vertexes[0].completed == 1_795_000_001
    assert solve.vertexes[0].error == "exit code: 3"
    assert (solve.statuses[0].current, solve.statuses[0].total) == (70_000, 300_000)
    assert not solve.statuses[0].completed
    assert solve.outputs[0].data == b"\xffraw\n"
    assert (solve.warnings[0].short, solve.warnings[0].line) == ("Short", 12)


def test_fields_of_a_later_protocol_are_passed_over():
    fixed = varint(9 << 3 | 1) + b"\0" * 8 + varint(10 << 3 | 5) + b"\0" * 4
    solve = trace.read(aux(fixed + number(11, 5) + data(1, fixed + data(3, "name"))))
    assert solve.vertexes[0].name == "name"


@pytest.mark.parametrize("broken", [b"\x0a\x05ab", b"\x80", b"\x0b"])
def test_bytes_that_are_no_message_are_refused(broken):
    with pytest.raises(ValueError, match="protobuf"):
        trace.read(aux(broken))
