"""For those who watch over the platform: alive, and ready."""

from flask import Flask, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.web.access import public
from app.web.database import db


def init_health(app: Flask) -> None:
    """Add `/healthz` (the process answers) and `/readyz` (the database does too)."""

    @app.get("/healthz", endpoint="healthz")
    @public
    def healthz() -> ResponseReturnValue:
        return jsonify(status="ok", door=app.config["DOOR"])

    @app.get("/readyz", endpoint="readyz")
    @public
    def readyz() -> ResponseReturnValue:
        try:
            head = db.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        except SQLAlchemyError:
            db.rollback()
            return jsonify(status="unavailable", database="does not answer or is not migrated"), 503
        return jsonify(status="ok", door=app.config["DOOR"], schema=head)
