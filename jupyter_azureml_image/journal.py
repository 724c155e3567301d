"""The journal of runs: what was asked, what happened, what exists because of it.

One SQLite row a run, one for each of its facts (each is read and written alone: they are
large where a context has many files), and a folder a run holding `events.jsonl` (the event
stream, one event a line with its time) and `build.log` (the same log lines for people).
Replaying the events gives the same view again; that is what `attach` does.
"""

from __future__ import annotations

import itertools
import json
import os
import secrets
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Literal

from . import events, state, wire
from .errors import BadUsage
from .events import Event, RunEnded, StageStarted
from .recording import Recorder
from .records import dataclass
from .stages import Stage

Status = Literal["running", "detached", "done", "failed", "cancelled", "lost"]

_LATEST = 50  # runs that are looked through for what was done before

_COLUMNS = "run_id, name, repository, started, ended, status, owner, sentence"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
  run_id TEXT PRIMARY KEY, name TEXT NOT NULL, repository TEXT NOT NULL, started REAL NOT NULL,
  ended REAL, status TEXT NOT NULL, owner TEXT NOT NULL, sentence TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS runs_by_name ON runs (name, started);
CREATE TABLE IF NOT EXISTS facts (
  run_id TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (run_id, name)
);
"""


class Facts(Mapping[str, Any]):
    """A run's records as JSON values by name, read when the first of them is asked for."""

    def __init__(self, read: Callable[[], dict[str, Any]]) -> None:
        self._read = read

    @cached_property
    def _values(self) -> dict[str, Any]:
        return self._read()

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return repr(self._values)


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run. `facts` holds records as JSON by name: request, plan, token, image, built
    (of which content, by which run), verdict, rehearsal (the key it was tried under), pushed,
    registered.
    """

    run_id: str
    name: str
    repository: str
    started: float
    ended: float | None
    status: Status
    owner: str
    sentence: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def owned_here(self) -> bool:
        """Whether this very process runs it."""
        return self.owner == _owner()

    @property
    def owner_lives(self) -> bool:
        """Whether the process that started it still exists."""
        return _lives(self.owner)

    @property
    def under_way(self) -> bool:
        """Whether nobody has said yet that it is over."""
        return self.status in ("running", "detached")

    @property
    def begun(self) -> bool:
        """Whether there is a build, or its image, that another process can go on with."""
        return "plan" in self.facts and bool({"token", "image"} & set(self.facts))

    @property
    def outlives(self) -> bool:
        """Whether it is made already, or goes on without the process that started it."""
        if not self.begun:
            return False
        builder = self.facts["plan"].get("builder") or {}
        return "image" in self.facts or bool(builder.get("survives_kernel"))


class Journal:
    """The runs kept below `folder`. Safe to use from any thread; every call commits.

    A database that a power cut left damaged is put aside as `journal.db.damaged`. Every call
    raises BadSettings where the folder cannot be used: no right to write, no room.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._path = folder / "journal.db"
        try:
            self._prepare()
        except sqlite3.DatabaseError:
            self._begin_anew()

    def begin(self, name: str, repository: str) -> str:
        """A new run's id: eight hex digits, unique in this journal."""
        run_id = secrets.token_hex(4)
        with self._files():  # first: a run without a place for its events is none
            self.run_folder(run_id).mkdir(parents=True, mode=0o700)
        with self._connect() as db:
            db.execute(
                "INSERT INTO runs (run_id, name, repository, started, status, owner)"
                " VALUES (?, ?, ?, ?, 'running', ?)",
                (run_id, name, repository, time.time(), _owner()),
            )
        return run_id

    def note(self, run_id: str, **facts: Any) -> None:
        """Keep records with the run, by name; one that is there already is replaced."""
        rows = [(run_id, name, json.dumps(wire.dump(value))) for name, value in facts.items()]
        with self._connect() as db:
            db.execute("BEGIN IMMEDIATE")
            db.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?, ?)", rows)
            db.execute("COMMIT")

    def end(self, run_id: str, status: Status, sentence: str = "") -> None:
        """The run is over (or, for `detached`, goes on without a kernel)."""
        with self._connect() as db:
            db.execute(
                "UPDATE runs SET status = ?, ended = ?, sentence = ? WHERE run_id = ?",
                (status, time.time(), sentence, run_id),
            )

    def adopt(self, run_id: str) -> None:
        """This process goes on with a run whose own process ended."""
        with self._connect() as db:
            db.execute(
                "UPDATE runs SET status = 'running', ended = NULL, owner = ? WHERE run_id = ?",
                (_owner(), run_id),
            )

    def run(self, run_id: str) -> RunRow:
        """The run whose id is, or begins with, `run_id`; raises BadUsage naming the last ones."""
        with self._connect() as db:
            rows = db.execute(
                f"SELECT {_COLUMNS} FROM runs WHERE instr(run_id, lower(?)) = 1 ORDER BY rowid",  # noqa: S608  # a constant
                (run_id,),
            ).fetchall()
        if len(rows) != 1 or not run_id:
            latest = ", ".join(row.run_id for row in self.runs(limit=5)) or "none yet"
            what = "No run" if not rows else "More than one run"
            raise BadUsage(f"{what} begins with '{run_id}'.", hint=f"The latest runs: {latest}.")
        return self._row(rows[0])

    def runs(self, *, name: str | None = None, limit: int = _LATEST) -> tuple[RunRow, ...]:
        """The newest runs first, of one environment name or of all."""
        where, words = ("WHERE name = ?", [name]) if name is not None else ("", [])
        query = f"SELECT {_COLUMNS} FROM runs {where} ORDER BY rowid DESC LIMIT ?"  # noqa: S608  # `where` is one of two constants; a clock can be set back
        with self._connect() as db:
            return tuple(self._row(row) for row in db.execute(query, [*words, limit]))

    def noted(self, *names: str, of: str | None = None) -> Iterator[dict[str, Any]]:
        """The facts of these names, of each of the latest runs (of the environment `of`) that
        has them all, the newest first; no other fact is read."""
        marks = ", ".join("?" * len(names))
        query = f"SELECT name, value FROM facts WHERE run_id = ? AND name IN ({marks})"  # noqa: S608  # question marks
        for row in self.runs(name=of):
            with self._connect() as db:
                found = db.execute(query, [row.run_id, *names]).fetchall()
            if len(found) == len(names):
                yield {str(name): json.loads(value) for name, value in found}

    def other_name(self, name: str, repository: str) -> str | None:
        """Another environment name under which something was made with the same repository
        name, if any; a run that was refused before that takes no name."""
        with self._connect() as db:
            row = db.execute(
                "SELECT name FROM runs WHERE repository = ? AND name <> ? AND EXISTS (SELECT 1 FROM"
                " facts WHERE facts.run_id = runs.run_id AND facts.name IN"
                " ('token', 'image', 'pushed', 'registered')) LIMIT 1",
                (repository, name),
            ).fetchone()
        return None if row is None else str(row[0])

    def forget(self, run_id: str) -> None:
        """Remove a run and its files."""
        folder = self.run_folder(run_id)
        with self._connect() as db:
            db.execute("DELETE FROM runs WHERE run_id = ?", (run_id,))
            db.execute("DELETE FROM facts WHERE run_id = ?", (run_id,))
        for path in sorted(folder.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
        if folder.exists():
            folder.rmdir()

    def run_folder(self, run_id: str) -> Path:
        """The run's own folder on local disk."""
        return self.folder / "runs" / run_id

    def log_path(self, run_id: str) -> Path:
        """The full log, one line a line."""
        return self.run_folder(run_id) / "build.log"

    def events(self, run_id: str) -> Iterator[Event]:
        """The events so far, in order; an event of a type this version lacks is left out."""
        path = self.run_folder(run_id) / "events.jsonl"
        if not path.exists():
            return
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                if not line.endswith("\n"):  # half written when the kernel died
                    return
                try:
                    yield events.from_json(json.loads(line))
                except KeyError:
                    continue

    def follow(self, run_id: str, stopped: Callable[[], bool]) -> Iterator[Event]:
        """The events so far and those another process still adds, until the run is over there
        or `stopped`; ends with a RunEnded, whatever became of that process."""
        seen, ended = 0, False
        while not ended and not stopped():
            row = self.run(run_id)
            for event in itertools.islice(self.events(run_id), seen, None):
                seen += 1
                ended = isinstance(event, RunEnded)
                yield event
            if not row.under_way or not row.owner_lives:
                break
            time.sleep(0.0 if ended else 0.3)  # another process writes: there is nothing to await
        if not ended:
            yield _untold_end(self.run(run_id))

    def rewind(self, run_id: str, stage: Stage) -> tuple[Event, ...]:
        """The events before `stage` began; the run's files are emptied, to be written anew by
        whoever goes on from there."""
        before = tuple(itertools.takewhile(lambda e: e != StageStarted(stage), self.events(run_id)))
        with self._files():
            for path in (self.run_folder(run_id) / "events.jsonl", self.log_path(run_id)):
                path.write_bytes(b"")
        return before

    def recorder(self, run_id: str) -> Recorder:
        """Something that writes the run's events down as they come."""
        with self._files():
            return Recorder(self.run_folder(run_id))

    def _prepare(self) -> None:
        with self._connect() as db:
            db.executescript(_SCHEMA)

    def _begin_anew(self) -> None:
        """Put a damaged database aside, unless another kernel did so just now."""
        # A database of its own is the lock: SQLite's go with their process, on every system.
        with self._connect(self.folder / "mending.db") as lock:
            lock.execute("BEGIN EXCLUSIVE")
            try:
                self._prepare()
            except sqlite3.DatabaseError:
                with self._files():
                    self._path.replace(self.folder / "journal.db.damaged")
                self._prepare()

    def _row(self, row: sqlite3.Row) -> RunRow:
        return RunRow(**dict(row), facts=Facts(partial(self._facts, row["run_id"])))

    def _facts(self, run_id: str) -> dict[str, Any]:
        with self._connect() as db:
            rows = db.execute("SELECT name, value FROM facts WHERE run_id = ?", (run_id,))
            return {str(name): json.loads(value) for name, value in rows}

    @contextmanager
    def _connect(self, path: Path | None = None) -> Iterator[sqlite3.Connection]:
        path = path or self._path
        # One connection a call: SQLite's own locks then serve threads and kernels alike.
        try:
            with closing(sqlite3.connect(path, timeout=30.0, isolation_level=None)) as db:
                db.row_factory = sqlite3.Row
                # A commit outlives this process without it, and a power cut is not what a journal
                # of runs is for: waiting for the disk took each of a run's notes ten milliseconds
                # and more.
                db.execute("PRAGMA synchronous = OFF")
                yield db
        except sqlite3.OperationalError as error:  # the file is sound, and cannot be used
            raise state.unusable(path, error) from error

    @contextmanager
    def _files(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise state.unusable(error.filename or self.folder, error) from error


def _untold_end(row: RunRow) -> RunEnded:
    """The end of a run whose own process did not tell one."""
    if row.status in ("done", "failed", "cancelled"):
        return RunEnded(row.status, 0.0, row.sentence)
    if row.status == "lost":
        return RunEnded("failed", 0.0, row.sentence, "Run its cell again.")
    attach = f"%azureml_image attach {row.run_id}"
    if row.owner_lives:
        said = f"Run {row.run_id} goes on where it runs, and is no longer followed here."
        hint = f"{attach} shows it again; %azureml_image cancel {row.run_id} stops it."
        return RunEnded("cancelled", 0.0, said, hint)
    said = f"The process of run {row.run_id} ended while it was followed."
    return RunEnded("failed", 0.0, said, f"{attach} goes on with what outlived it.")


def _owner() -> str:
    return f"{os.getpid()}:{_started(os.getpid())}"


def _lives(owner: str) -> bool:
    pid, _, started = owner.partition(":")
    return _started(int(pid)) == started


def _started(pid: int) -> str:
    """When a process started, in the system's own unit; empty where it is gone.

    A process id alone is given out again, after a restart of the machine above all.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{stat.rpartition(')')[2].split()[19]}@{boot[:8]}"
    except FileNotFoundError:
        if Path("/proc/self/stat").exists():
            return ""
    if sys.platform == "win32":  # signal 0 would end the process there
        return "lives" if pid == os.getpid() else ""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OSError):
        return ""
    return "lives"
