"""ImageSpec: an Azure ML image as a form holds it, to Dockerfile text and back.

The form and the text are two views of one thing. Text that the form does not understand is kept
in its place and written back unchanged; nothing is dropped.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from . import wire
from .dockerfile import blocks
from .dockerfile.model import Dockerfile, Instruction
from .dockerfile.parse import parse
from .dockerfile.recognise import block_at
from .errors import BadUsage

BLOCKS = (
    "from",
    "root",
    "apt",
    "conda",
    "requirements",
    "pip",
    "user",
    "env",
    "model",
    "code",
    "entry",
)
"""The parts of a canonical Dockerfile in their order: what changes most often comes last."""

_AS_ROOT = ("apt", "conda", "requirements", "pip")
_KEPT = "kept"
PLATFORM = "linux/amd64"


@dataclass(frozen=True, slots=True)
class Kept:
    """Text that the form does not understand; `glued`: no empty line follows it."""

    text: str
    glued: bool = False


@dataclass(frozen=True, slots=True)
class ImageSpec:
    """What goes into an image. Paths are those of the build context; a source may be a glob.

    `user` is the final one ("" leaves it to the base). `model` lands in `model_dir`, `code` in
    the folder that the server starts in; `entry_script` is relative to that. In `env` a `$NAME`
    is replaced as in a Dockerfile, and `\\$` is a dollar. `platform` and `build_args` are options
    of the build and stand in no Dockerfile: `fill` hands them to a run.

    `layout` is the order of the parts where it is not the canonical one: names out of `BLOCKS`,
    and "kept" for each element of `kept` in turn.
    """

    base: str = ""
    apt: tuple[str, ...] = ()
    pip: tuple[str, ...] = ()
    requirements: str | None = None
    conda: str | None = None
    code: str | None = None
    entry_script: str | None = None
    model: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    user: str = "dockeruser"
    platform: str = PLATFORM
    build_args: tuple[tuple[str, str], ...] = ()
    model_dir: str = blocks.MODEL_DIR
    apt_recommends: bool = False
    base_name: str = ""
    base_platform: str = ""
    kept: tuple[Kept, ...] = ()
    layout: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raises BadUsage for a field of another kind: `pip="numpy"` would be five packages."""
        for each in dataclasses.fields(self):
            value = getattr(self, each.name)
            # None says nothing, as an empty value does; these two are gone through in any case.
            if value is not None or each.name in (_KEPT, "layout"):
                _check_kind(each, value)
        _check_layout(self)

    def to_dockerfile(self) -> str:
        """The Dockerfile; raises BadUsage for a field that cannot stand in one."""
        kept = iter(self.kept)
        text, gap, before = "", "", ""
        for name in self._order():
            if (before, name) == ("code", "entry"):
                gap = "\n"
            before = name
            if name == _KEPT:
                piece = next(kept)
                text += gap + piece.text
                gap = "\n" if piece.glued else "\n\n"
                continue
            text += gap + _WRITERS[name](self)
            gap = "\n\n"
        return text + "\n" if text else ""

    def fill(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Run options with the platform and the build arguments of the spec where they are
        silent. The usual platform says nothing: a setting may then choose. Raises BadUsage.
        """
        from .options import by_name

        filled = {key: value for key, value in options.items() if value is not None}
        if self.platform and self.platform != PLATFORM:
            filled.setdefault("platform", self.platform)
        if self.build_args:
            given = by_name("build_arg", filled.get("build_arg", ()))
            filled["build_arg"] = tuple({**dict(self.build_args), **dict(given)}.items())
        return filled

    @classmethod
    def from_dockerfile(cls, text: str) -> ImageSpec:
        """The form's view of any Dockerfile text, with what it does not understand kept."""
        return _Reader(parse(text.removeprefix("\ufeff"))).read()

    def to_json(self) -> dict[str, Any]:
        """JSON values from which `from_json` makes the same spec."""
        data: dict[str, Any] = wire.dump(self)
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ImageSpec:
        """A spec from what `to_json` gave; fields it lacks keep their defaults. Raises BadUsage."""
        if not isinstance(data, Mapping):
            raise BadUsage(f"An ImageSpec is a JSON object, and this is a {type(data).__name__}.")
        known = {each.name: each for each in dataclasses.fields(cls)}
        for name, value in data.items():
            if name not in known:
                raise _unknown(name, known)
            if value is None and "None" not in str(known[name].type):
                _check_kind(known[name], value)
        return cls(**{name: _from_json(name, value) for name, value in data.items()})

    def _order(self) -> tuple[str, ...]:
        """The parts to write: the layout, with the ones that came later put where they belong."""
        order = [n for n in self.layout if n in (_KEPT, "root") or _WANTED[n](self)]
        if not self.layout:
            order = [_KEPT] * len(self.kept)
        order += [_KEPT] * (len(self.kept) - order.count(_KEPT))
        for name in BLOCKS:
            if name == "root":
                new = any(n not in self.layout and _WANTED[n](self) for n in _AS_ROOT)
                wanted = new and bool(self.user)
            else:
                wanted = _WANTED[name](self)
            if wanted and name not in order:
                order.insert(_place(order, name), name)
        return tuple(order)


_LISTS = (tuple, list, set, frozenset)


def _are_texts(value: Any) -> bool:
    return isinstance(value, _LISTS) and all(isinstance(item, str) for item in value)


def _are_named_texts(value: Any) -> bool:
    return isinstance(value, Mapping) and _are_texts([*value, *value.values()])


def _are_pairs(value: Any) -> bool:
    return isinstance(value, _LISTS) and all(_are_texts(p) and len(p) == 2 for p in value)


def _are_kept(value: Any) -> bool:
    return isinstance(value, _LISTS) and all(isinstance(item, Kept) for item in value)


_KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "str": (lambda value: isinstance(value, str), "is no text"),
    "bool": (lambda value: isinstance(value, bool), "is neither true nor false"),
    "tuple[str, ...]": (_are_texts, "is no list of texts"),
    "tuple[tuple[str, str], ...]": (_are_pairs, "is no list of pairs of texts"),
    "tuple[Kept, ...]": (_are_kept, "is no list of Kept"),
    "Mapping[str, str]": (_are_named_texts, "is no mapping of names to texts"),
}
"""What a field's annotation takes, and what is said of anything else. No value is shown: it may
be a secret."""


def _check_kind(each: dataclasses.Field[Any], value: Any) -> None:
    fits, told = _KINDS[str(each.type).removesuffix(" | None")]
    if not fits(value):
        alone = "list" in told and isinstance(value, str)
        hint = "Put it in a list, also where it is one alone." if alone else None
        raise BadUsage(f"ImageSpec: {each.name} {told}.", hint=hint)


def _check_layout(spec: ImageSpec) -> None:
    parts = (*BLOCKS, _KEPT)
    for name in spec.layout:
        if name not in parts:
            raise BadUsage(
                f"ImageSpec: layout names '{name}', and there is no such part.",
                hint=f"There are {', '.join(parts)}.",
            )
    if [*spec.layout].count(_KEPT) > len(spec.kept):
        raise BadUsage(
            "ImageSpec: layout has more places for kept text than kept has.",
            hint="Leave layout out for the canonical order.",
        )


def _unknown(name: str, known: Iterable[str]) -> BadUsage:
    from .options import nearest

    hint = nearest(name, known) or f"The fields are {', '.join(known)}."
    return BadUsage(f"An ImageSpec has no field '{name}'.", hint=hint)


def _from_json(name: str, value: Any) -> Any:
    """The value of a field as Python has it; one of another kind is left to be refused."""
    if not isinstance(value, list):
        return value
    if name != _KEPT:
        return tuple(tuple(item) if isinstance(item, list) else item for item in value)
    return tuple(_kept(item) for item in value)


def _kept(item: Any) -> Any:
    if not isinstance(item, Mapping) or not {"text"} <= set(item) <= {"text", "glued"}:
        return item
    kept = Kept(**item)
    return kept if (type(kept.text), type(kept.glued)) == (str, bool) else item


def _place(order: Sequence[str], name: str) -> int:
    """Behind the nearest part that comes before `name` in the canonical order."""
    for earlier in reversed(BLOCKS[: BLOCKS.index(name)]):
        if earlier in order:
            return order.index(earlier) + 1
    return 0


_WANTED: dict[str, Callable[[ImageSpec], bool]] = {
    "from": lambda s: bool(s.base),
    "root": lambda s: bool(s.user) and any(_WANTED[name](s) for name in _AS_ROOT),
    "apt": lambda s: bool(s.apt),
    "conda": lambda s: bool(s.conda),
    "requirements": lambda s: bool(s.requirements),
    "pip": lambda s: bool(s.pip),
    "user": lambda s: bool(s.user),
    "env": lambda s: bool(s.env),
    "model": lambda s: bool(s.model),
    "entry": lambda s: bool(s.entry_script),
    "code": lambda s: bool(s.code),
}

_WRITERS: dict[str, Callable[[ImageSpec], str]] = {
    "from": lambda s: blocks.from_line(s.base, s.base_platform, s.base_name),
    "root": lambda s: blocks.user(blocks.ROOT),
    "apt": lambda s: blocks.apt(s.apt, recommends=s.apt_recommends),
    "conda": lambda s: blocks.conda_file(s.conda or ""),
    "requirements": lambda s: blocks.requirements_file(s.requirements or ""),
    "pip": lambda s: blocks.pip(s.pip),
    "user": lambda s: blocks.user(s.user),
    "env": lambda s: "\n".join(blocks.env(name, value) for name, value in s.env.items()),
    "model": lambda s: blocks.model(s.model or "", s.model_dir),
    "entry": lambda s: blocks.env("AZUREML_ENTRY_SCRIPT", s.entry_script or ""),
    "code": lambda s: blocks.code(s.code or ""),
}


class _Reader:
    """Goes through a Dockerfile and sorts its instructions into parts and kept text."""

    def __init__(self, dockerfile: Dockerfile) -> None:
        self.dockerfile = dockerfile
        self.text = dockerfile.text
        self.fields: dict[str, Any] = {"user": ""}
        self.layout: list[str] = []
        self.kept: list[Kept] = []
        self.start = 0
        """Where the text begins that nothing has been made of yet."""

    def read(self) -> ImageSpec:
        dockerfile = self.dockerfile
        if dockerfile.faults or dockerfile.escape != "\\":
            self._keep(len(self.text))
            return self._spec()
        last_from, last_user = _last(dockerfile, "FROM"), _last(dockerfile, "USER")
        index = last_from
        while index < len(dockerfile.instructions):
            run = self._run(index)
            found = block_at(run, last_user=index == last_user)
            start = self.dockerfile.instructions[index].span.start
            adjoins = not self.text[self.start : start].strip()
            if found is None or not self._fits(found[0], found[1], adjoins=adjoins):
                index += 1
                continue
            name, fields, count = found
            self._keep(start)
            self._take(name, fields)
            self.start = run[count - 1].span.end
            index += count
        self._keep(len(self.text))
        return self._spec()

    def _run(self, index: int) -> tuple[Instruction, ...]:
        """The instruction at `index`, and the next one where nothing stands between them.

        None at all where a comment stands inside the instruction: it would be lost.
        """
        first, *rest = self.dockerfile.instructions[index : index + 2]
        if self._has_comment(first):
            return ()
        if not rest or self._has_comment(rest[0]):
            return (first,)
        between = self.text[first.span.end : rest[0].span.start]
        return (first,) if between.strip() else (first, rest[0])

    def _has_comment(self, instruction: Instruction) -> bool:
        start, end = instruction.span.start, instruction.span.end
        return any(start < comment.start < end for comment in self.dockerfile.comments)

    def _fits(self, name: str, fields: Mapping[str, object], *, adjoins: bool) -> bool:
        """Whether a part can be taken: once each, but one ENV may follow another."""
        if name not in self.layout:
            return True
        if name != "env" or self.layout[-1] != "env" or not adjoins:
            return False
        new = fields["env"]
        return isinstance(new, dict) and not new.keys() & self.fields["env"].keys()

    def _take(self, name: str, fields: Mapping[str, Any]) -> None:
        if name == "env" and "env" in self.layout:
            self.fields["env"] = {**self.fields["env"], **fields["env"]}
            return
        self.layout.append(name)
        self.fields.update(fields)

    def _keep(self, end: int) -> None:
        """Keep the text up to `end` as it is, empty lines around it aside."""
        between = self.text[self.start : end]
        body = between.strip("\r\n \t")
        if not body:
            return
        if self.start == 0:
            # Without the empty line above it, a comment could become a directive.
            body = between.rstrip("\r\n \t")
        tail = between[len(between.rstrip("\r\n \t")) :]
        self.kept.append(Kept(body, glued=end < len(self.text) and tail.count("\n") < 2))
        self.layout.append(_KEPT)

    def _spec(self) -> ImageSpec:
        spec = ImageSpec(**self.fields, kept=tuple(self.kept), layout=tuple(self.layout))
        plain = dataclasses.replace(spec, layout=())
        return plain if plain._order() == spec.layout else spec


def _last(dockerfile: Dockerfile, keyword: str) -> int:
    """The index of the last instruction of a kind; the number of them all without one."""
    found = len(dockerfile.instructions)
    for index, instruction in enumerate(dockerfile.instructions):
        if instruction.keyword == keyword:
            found = index
    return found
