"""What a request to storage says about the ETag of the blob that it is meant for."""

from __future__ import annotations

from .web import Request

READING = ("GET", "HEAD")


def unmet(request: Request, etag: str) -> int:
    """Return the status for a condition that does not hold, or 0; a blob that is not there has no
    ETag (''). Blocks that wait are no blob yet and know no conditions."""
    if request.query.get("comp") == "block":
        return 0
    wanted, unwanted = request.header("If-Match"), request.header("If-None-Match")
    if not etag:
        return 412 if wanted and request.method == "PUT" else 0
    if wanted and not _names(wanted, etag):
        return 412
    if unwanted and _names(unwanted, etag):
        if request.method in READING:
            return 304
        return 409 if unwanted.strip() == "*" else 412
    return 0


def _names(condition: str, etag: str) -> bool:
    return condition.strip() == "*" or etag in (part.strip() for part in condition.split(","))
