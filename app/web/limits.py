"""Rate limits by address. Per process by default; one count for all with `QIBU_RATE_STORAGE` (redis://, memcached://)."""

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

limiter = Limiter(get_remote_address, default_limits=["600 per minute"], headers_enabled=True)

# For views that guess-work would be aimed at: @limiter.limit(SENSITIVE, methods=["POST"])
SENSITIVE = "20 per minute;200 per hour"


def init_limits(app: Flask) -> None:
    """Attach the limiter."""
    limiter.init_app(app)
