"""What the sandbox remembers: ARM resources as JSON documents in SQLite, and a few settings."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Document = dict[str, Any]

SCHEMA = """
CREATE TABLE IF NOT EXISTS resources (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    parent TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS by_parent ON resources (parent, kind);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS blobs (
    name TEXT PRIMARY KEY,
    file TEXT NOT NULL,
    size INTEGER NOT NULL,
    headers TEXT NOT NULL
);
"""


class Store:
    """Documents by id (ids compare without regard to case, as in ARM). Safe to use from any
    thread."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.executescript(SCHEMA)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Let several reads and writes be one: no other thread comes between them."""
        with self._lock:
            yield

    def _run(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def get(self, resource_id: str) -> Document | None:
        """Return the document with this id, or None."""
        rows = self._run("SELECT body FROM resources WHERE id = ?", resource_id.lower())
        document: Document | None = json.loads(rows[0][0]) if rows else None
        return document

    def put(self, resource_id: str, kind: str, document: Document) -> None:
        """Keep a document under its id; the parent is the id without its last two segments."""
        parent = resource_id.lower().rsplit("/", 2)[0]
        self._run(
            "INSERT INTO resources (id, kind, parent, body) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET body = excluded.body",
            resource_id.lower(),
            kind,
            parent,
            json.dumps(document),
        )

    def delete(self, resource_id: str) -> None:
        """Forget a document and everything below it."""
        key = resource_id.lower()
        self._run(
            "DELETE FROM resources WHERE id = ? OR substr(id, 1, ?) = ?",
            key,
            len(key) + 1,
            key + "/",
        )

    def children(self, parent: str, kind: str) -> list[Document]:
        """Return the documents of one kind directly below a parent, oldest first."""
        rows = self._run(
            "SELECT body FROM resources WHERE parent = ? AND kind = ? ORDER BY seq",
            parent.lower(),
            kind,
        )
        return [json.loads(row[0]) for row in rows]

    def every(self, kind: str) -> list[Document]:
        """Return all documents of one kind, oldest first."""
        rows = self._run("SELECT body FROM resources WHERE kind = ? ORDER BY seq", kind)
        return [json.loads(row[0]) for row in rows]

    def setting(self, name: str, default: str) -> str:
        """Return a setting; the first asker's default is kept and is the answer from then on."""
        with self._lock:
            self._run("INSERT OR IGNORE INTO settings VALUES (?, ?)", name, default)
            value: str = self._run("SELECT value FROM settings WHERE name = ?", name)[0][0]
            return value

    def change_setting(self, name: str, value: str) -> None:
        """Set a setting to a new value."""
        self._run("INSERT OR REPLACE INTO settings VALUES (?, ?)", name, value)

    def blob(self, name: str) -> tuple[str, int, dict[str, str]] | None:
        """Return file name, size in bytes and headers of a blob, or None."""
        rows = self._run("SELECT file, size, headers FROM blobs WHERE name = ?", name)
        return (rows[0][0], rows[0][1], json.loads(rows[0][2])) if rows else None

    def put_blob(self, name: str, file: str, size: int, headers: dict[str, str]) -> None:
        """Keep what is known about a blob; its bytes lie in the file."""
        self._run(
            "INSERT OR REPLACE INTO blobs VALUES (?, ?, ?, ?)",
            name,
            file,
            size,
            json.dumps(headers),
        )

    def delete_blob(self, name: str) -> None:
        """Forget a blob."""
        self._run("DELETE FROM blobs WHERE name = ?", name)

    def blobs_below(self, prefix: str) -> list[str]:
        """Return the names of the blobs that start with a prefix, sorted."""
        rows = self._run(
            "SELECT name FROM blobs WHERE substr(name, 1, ?) = ? ORDER BY name", len(prefix), prefix
        )
        return [row[0] for row in rows]

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._db.close()
