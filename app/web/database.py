"""One session, and so one transaction, a request.

`g.db` opens on first use. It is committed when the answer is a success or a redirect, and rolled back when the
answer is an error: a page that shows problems again answers 422 and has changed nothing.
"""

from flask import Flask, Response, g
from werkzeug.local import LocalProxy

from workflow.db import session_factory


def _open() -> object:
    if "_db" not in g:
        g._db = session_factory()()
    return g._db


class _Current(LocalProxy):
    """The session of the request, which the catalogues' cache may hold by a weak reference."""

    __slots__ = ("__weakref__",)


db = _Current(_open)


def init_database(app: Flask) -> None:
    """Commit or roll back after each request, and give the connection back."""

    @app.before_request
    def offer() -> None:
        g.db = db

    @app.after_request
    def finish(response: Response) -> Response:
        session = g.get("_db")
        if session is not None:
            if response.status_code < 400:
                session.commit()
            else:
                session.rollback()
        return response

    @app.teardown_request
    def close(_: BaseException | None) -> None:
        session = g.pop("_db", None)
        if session is not None:
            session.close()
