"""What an entry script says of itself, read by its syntax tree; nothing of it is run."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import field
from functools import cached_property

from ..patterns import pattern
from ..records import dataclass

_SEARCHES = pattern(
    r"\bos\.walk\b|\br?glob\b|\b(?:listdir|iterdir|scandir|exists|isdir|isfile|is_dir|is_file)\(",
    needs=(
        "os.walk",
        "glob",
        "listdir",
        "iterdir",
        "scandir",
        "exists",
        "isdir",
        "is_dir",
        "isfile",
        "is_file",
    ),
)
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Import:
    """One imported module. `guarded`: inside try, if or a function other than init, so that
    its absence may be harmless."""

    module: str
    line: int
    guarded: bool
    names: tuple[str, ...] = ()


@dataclass()
class Script:
    """An entry script. `path` is where it was read in the context; `problem` the syntax error
    that keeps it from being read."""

    path: str
    text: str
    problem: str = ""
    tree: ast.Module = field(default_factory=lambda: ast.Module([], []))

    @classmethod
    def read(cls, path: str, text: str) -> Script:
        """Parses the text; a syntax error becomes `problem`."""
        try:
            return cls(path, text, tree=ast.parse(text))
        except SyntaxError as error:
            return cls(path, text, problem=f"{error.msg} (line {error.lineno})")
        except ValueError as error:  # a null byte
            return cls(path, text, problem=str(error))

    @cached_property
    def names(self) -> set[str]:
        """What the module defines at its top: functions, classes, assignments, imports.

        `*` is among them where an import or `globals()` may define anything.
        """
        found: set[str] = set()
        for node in _top(self.tree.body):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                found.add(node.name)
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                found |= {(a.asname or a.name).split(".")[0] for a in node.names}
            elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                found |= {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}
        if "globals()" in self.text or "exec(" in self.text:
            found.add("*")
        return found

    def function(self, name: str) -> _Function | None:
        """The last function of that name at the top of the module."""
        found = None
        for node in _top(self.tree.body):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == name:
                found = node
        return found

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        """Every absolute import that is reached when the server starts, and the guarded ones."""
        return tuple(_imports(self.tree.body, guarded=False))

    @cached_property
    def model_joins(self) -> tuple[tuple[str, ...], ...]:
        """The literal paths that are joined to AZUREML_MODEL_DIR, part by part."""
        return tuple(_joins(self.nodes, self.model_names))

    @property
    def searches(self) -> bool:
        """Whether it looks around for its files, so that a fixed path proves nothing."""
        return bool(_SEARCHES.search(self.text))

    @cached_property
    def writes(self) -> tuple[tuple[str, int], ...]:
        """Paths (literals, `AZUREML_MODEL_DIR/...` included) opened for writing, with lines."""
        return tuple(_writes(self.nodes, self.model_names))

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the tree, walked once."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def model_names(self) -> frozenset[str]:
        """Names that hold the model folder."""
        return _model_names(self.nodes)


def _top(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements at module level, those inside if, try and with included."""
    for node in body:
        yield node
        if isinstance(node, (ast.If, ast.Try, ast.With, ast.For, ast.While)):
            yield from _top(node.body)
            yield from _top(getattr(node, "orelse", []))
            yield from _top(getattr(node, "finalbody", []))
            for handler in getattr(node, "handlers", []):
                yield from _top(handler.body)


def _imports(body: list[ast.stmt], *, guarded: bool) -> Iterator[Import]:
    for node in body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno, guarded)
        elif isinstance(node, ast.ImportFrom):
            if node.level == 0 and node.module:
                names = tuple(alias.name for alias in node.names)
                yield Import(node.module, node.lineno, guarded, names)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield from _imports(node.body, guarded=guarded or node.name != "init")
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            yield from _imports(node.body, guarded=guarded)
        else:
            for inner in ("body", "orelse", "finalbody"):
                yield from _imports(getattr(node, inner, []), guarded=True)
            for handler in getattr(node, "handlers", []):
                yield from _imports(handler.body, guarded=True)


def _is_model_dir(node: ast.expr, names: frozenset[str]) -> bool:
    """`os.environ["AZUREML_MODEL_DIR"]`, `os.getenv(...)`, or a name that was given it."""
    if isinstance(node, ast.Name):
        return node.id in names
    if isinstance(node, ast.Subscript):
        return _text(node.slice) == "AZUREML_MODEL_DIR"
    if isinstance(node, ast.Call):
        if node.args and _text(node.args[0]) == "AZUREML_MODEL_DIR":
            return True
        wraps = isinstance(node.func, (ast.Name, ast.Attribute)) and (
            getattr(node.func, "id", getattr(node.func, "attr", "")) in ("Path", "str")
        )
        return wraps and len(node.args) == 1 and _is_model_dir(node.args[0], names)
    return False


def _text(node: ast.AST | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _model_names(nodes: Iterable[ast.AST]) -> frozenset[str]:
    """Names that hold the model folder; a name given anything else as well is none."""
    given: dict[str, list[ast.expr]] = {}
    for node in nodes:
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target = node.targets[0]
            if isinstance(target, ast.Name):
                given.setdefault(target.id, []).append(node.value)
    return frozenset(
        name
        for name, values in given.items()
        if all(_is_model_dir(value, frozenset()) for value in values)
    )


def _joins(nodes: Iterable[ast.AST], names: frozenset[str]) -> Iterator[tuple[str, ...]]:
    for node in nodes:
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("join", "joinpath"):
            parts = list(node.args)
            if isinstance(node.func, ast.Attribute) and node.func.attr == "joinpath":
                parts.insert(0, node.func.value)
            if parts and _is_model_dir(parts[0], names):
                texts = [_text(part) for part in parts[1:]]
                if texts and all(text is not None for text in texts):
                    joined = posixpath.join(*[text or "" for text in texts])
                    yield tuple(p for p in joined.split("/") if p and p != ".")
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            yield from _divided(node, names)


def _divided(node: ast.BinOp, names: frozenset[str]) -> Iterator[tuple[str, ...]]:
    parts: list[str] = []
    left: ast.expr = node
    while isinstance(left, ast.BinOp) and isinstance(left.op, ast.Div):
        text = _text(left.right)
        if text is None:
            return
        parts.insert(0, text)
        left = left.left
    if _is_model_dir(left, names):
        yield tuple(p for p in "/".join(parts).split("/") if p)


def _writes(nodes: Iterable[ast.AST], names: frozenset[str]) -> Iterator[tuple[str, int]]:
    for node in nodes:
        if not isinstance(node, ast.Call):
            continue
        called = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if called == "open" and isinstance(node.func, ast.Name) and node.args:
            mode = _text(node.args[1]) if len(node.args) > 1 else None
            mode = mode or next((_text(k.value) for k in node.keywords if k.arg == "mode"), None)
            if mode and set(mode) & set("wax+"):
                yield from _written(node.args[0], node.lineno, names)
        elif called in ("write_text", "write_bytes", "mkdir", "touch"):
            holder = node.func.value if isinstance(node.func, ast.Attribute) else node
            if isinstance(holder, ast.Call) and holder.args:
                yield from _written(holder.args[0], node.lineno, names)
        elif called in _SAVERS:
            for argument in node.args[:2]:
                yield from _written(argument, node.lineno, names)


_SAVERS = frozenset(
    ("to_csv", "to_parquet", "to_json", "to_pickle", "to_excel", "savetxt", "savez", "save", "dump",
     "makedirs", "imwrite", "savefig")
)  # fmt: skip


def _written(place: ast.expr, line: int, names: frozenset[str]) -> Iterator[tuple[str, int]]:
    text = _text(place)
    if text is not None:
        yield text, line
    elif isinstance(place, ast.Call) and getattr(place.func, "attr", "") == "join":
        parts = [_text(argument) for argument in place.args]
        if parts and all(part is not None for part in parts):
            yield posixpath.join(*[part or "" for part in parts]), line
        elif place.args and _is_model_dir(place.args[0], names):
            yield "/".join(["AZUREML_MODEL_DIR", *(part or "..." for part in parts[1:])]), line
    elif isinstance(place, ast.Call) and place.args and _is_model_dir(place.args[0], names):
        yield "/".join(["AZUREML_MODEL_DIR", *(_text(a) or "..." for a in place.args[1:])]), line
