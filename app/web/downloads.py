"""Files that people take away."""

from flask import Response


def zipped(data: bytes, filename: str) -> Response:
    """A ZIP to keep; no cache holds it."""
    answer = Response(data, mimetype="application/zip")
    answer.headers.set("Content-Disposition", "attachment", filename=filename)
    answer.headers["Cache-Control"] = "no-store"
    return answer
