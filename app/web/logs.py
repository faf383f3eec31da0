"""Logs: one JSON object a line, with the request's id and without personal data."""

import json
import logging
import sys
import time
import uuid
from datetime import UTC, datetime

from flask import Flask, Response, g, has_request_context, request

from workflow.personal import scrub
from workflow.settings import settings


class JsonLines(logging.Formatter):
    """A record as one line of JSON; what looks like an ID, card or phone number is masked."""

    def format(self, record: logging.LogRecord) -> str:
        """See logging.Formatter."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": scrub(record.getMessage()),
            **getattr(record, "fields", {}),
        }
        if has_request_context():
            line["request_id"] = g.get("request_id", "")
        if record.exc_info:
            line["exception"] = scrub(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False, default=str)


def configure_logging() -> None:
    """Send every log of this process to standard error as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings().log_level)


def route_of_request() -> str:
    """The route's pattern: paths themselves may hold secret links."""
    return request.url_rule.rule if request.url_rule else "-"


def init_logs(app: Flask) -> None:
    """Give each request an id, answer with it, and write one line a request."""
    access = logging.getLogger("qibu.access")

    @app.before_request
    def begin() -> None:
        g.request_id = uuid.uuid4().hex[:16]
        g.began = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.get("request_id", "")
        fields = {
            "door": app.config["DOOR"],
            "method": request.method,
            "route": route_of_request(),
            "status": response.status_code,
            "ms": round((time.perf_counter() - g.get("began", time.perf_counter())) * 1000, 1),
        }
        if request.endpoint not in ("static", "healthz", "readyz"):
            access.info("request", extra={"fields": fields})
        return response
