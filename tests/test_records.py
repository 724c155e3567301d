"""Our `dataclass` beside the standard one: what holds for that holds for this."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Mapping
from dataclasses import field
from functools import cached_property

import pytest

from jupyter_azureml_image import records, wire


@records.dataclass(frozen=True, slots=True)
class Ours:
    """A record."""

    name: str
    size: int = 3
    labels: Mapping[str, str] = field(default_factory=dict)
    note: str = field(default="", compare=False, repr=False)

    @property
    def twice(self) -> int:
        return 2 * self.size


@dataclasses.dataclass(frozen=True, slots=True)
class Standard:
    """A record."""

    name: str
    size: int = 3
    labels: Mapping[str, str] = field(default_factory=dict)
    note: str = field(default="", compare=False, repr=False)

    @property
    def twice(self) -> int:
        return 2 * self.size


BOTH = pytest.mark.parametrize("record", [Ours, Standard])


@BOTH
def test_a_record_shows_its_fields(record):
    assert repr(record("a", labels={"k": "v"}, note="n")) == (
        f"{record.__name__}(name='a', size=3, labels={{'k': 'v'}})"
    )


@BOTH
def test_equal_fields_of_one_class_are_equal_and_hash_alike(record):
    one, same, other = record("a", 1, ()), record("a", 1, (), note="n"), record("b", 1, ())
    assert one == same
    assert hash(one) == hash(same)
    assert one != other
    assert one != ("a", 1, ())
    assert Ours("a") != Standard("a")


@BOTH
def test_a_record_refuses_to_be_changed(record):
    one = record("a")
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'name'"):
        one.name = "b"
    with pytest.raises(dataclasses.FrozenInstanceError):
        del one.name
    assert not hasattr(one, "__dict__")


@BOTH
def test_a_default_made_by_a_function_is_made_for_each(record):
    assert record("a").labels == {}
    assert record("a").labels is not record("a").labels
    assert record("a", labels=None).labels is None


@BOTH
def test_what_is_missing_or_unknown_is_named(record):
    with pytest.raises(TypeError, match=rf"{record.__name__}.__init__\(\) missing .* 'name'"):
        record()
    with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
        record("a", colour="red")


@BOTH
def test_the_functions_of_dataclasses_take_a_record(record):
    one = record("a", note="n")
    assert dataclasses.is_dataclass(record)
    assert [each.name for each in dataclasses.fields(record)] == ["name", "size", "labels", "note"]
    assert dataclasses.replace(one, size=4) == record("a", 4)
    assert dataclasses.replace(one, size=4).note == "n"
    assert dataclasses.asdict(one) == {"name": "a", "size": 3, "labels": {}, "note": "n"}


def test_a_record_is_changed_as_by_the_standard_function():
    one = Ours("a", 5, {"k": "v"}, "n")
    assert records.changed(one, size=4, note="m") == dataclasses.replace(one, size=4, note="m")
    assert records.changed(one, size=4).note == "n"
    assert records.changed(one) == one
    with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
        records.changed(one, colour="red")


@BOTH
def test_a_record_goes_to_json_and_back(record):
    one = record("a", 5, {"k": "v"}, "n")
    assert wire.load(record, wire.dump(one)) == one


@BOTH
def test_a_record_is_copied_and_pickled(record):
    one = record("a", 5, {"k": "v"}, "n")
    for again in (copy.copy(one), copy.deepcopy(one), pickle.loads(pickle.dumps(one))):
        assert again == one
        assert again.note == "n"
        assert again.twice == 10


@BOTH
def test_a_record_is_matched_by_position(record):
    match record("a", 7):
        case Ours(name, size) | Standard(name, size):
            assert (name, size) == ("a", 7)
        case _:
            pytest.fail("no match")


@pytest.mark.parametrize("dataclass", [records.dataclass, dataclasses.dataclass])
def test_a_record_that_is_not_frozen_changes_and_has_no_hash(dataclass):
    @dataclass(slots=True)
    class Open:
        """Counts."""

        count: int = 0

        def __post_init__(self) -> None:
            self.count += 1

    one = Open()
    one.count += 1
    assert one == Open(1)
    with pytest.raises(TypeError, match="unhashable"):
        hash(one)


@pytest.mark.parametrize("dataclass", [records.dataclass, dataclasses.dataclass])
def test_a_record_without_slots_keeps_its_cached_properties(dataclass):
    @dataclass(frozen=True, eq=False)
    class Lazy:
        """Thinks once."""

        size: int = 2

        @cached_property
        def thought(self) -> object:
            return object()

    one, other = Lazy(), Lazy()
    assert one.thought is one.thought
    assert one != other
    assert len({one, other}) == 2


@pytest.mark.parametrize("dataclass", [records.dataclass, dataclasses.dataclass])
def test_a_record_without_fields_is_a_record(dataclass):
    @dataclass(frozen=True, slots=True)
    class Nothing:
        """Says nothing."""

    assert Nothing() == Nothing()
    assert hash(Nothing()) == hash(Nothing())
    assert repr(Nothing()).endswith("Nothing()")


def test_the_first_records_of_a_class_and_the_many_are_made_alike():
    @records.dataclass(slots=True)
    class Counted:
        """Counts how often it was made ready."""

        name: str
        size: int = 3
        labels: Mapping[str, str] = field(default_factory=dict)
        ready: int = 0

        def __post_init__(self) -> None:
            self.ready += 1

    first = [Counted("a"), Counted("a", 4), Counted(size=5, name="b"), Counted("c", labels={})]
    general = Counted.__init__
    for _ in range(records.MANY):
        Counted("x")
    many = [Counted("a"), Counted("a", 4), Counted(size=5, name="b"), Counted("c", labels={})]
    assert Counted.__init__ is not general
    assert first == many
    assert {each.ready for each in (*first, *many)} == {1}
    assert many[0].labels is not many[1].labels


@pytest.mark.parametrize(
    "wrong", [lambda r: r(), lambda r: r("a", 1, {}, "", 5), lambda r: r("a", name="b")]
)
def test_what_cannot_be_made_is_refused_in_the_same_words_by_the_first_record(wrong):
    def told(record):
        with pytest.raises(TypeError) as error:
            wrong(record)
        return str(error.value).rpartition(f"{record.__name__}.")[2]

    @records.dataclass(frozen=True, slots=True)
    class Fresh:
        """No instance yet."""

        name: str
        size: int = 3
        labels: Mapping[str, str] = field(default_factory=dict)
        note: str = ""

    assert told(Fresh) == told(Standard)
