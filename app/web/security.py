"""Headers that keep other sites' scripts, frames and forms away from the pages."""

from flask import Flask, Response
from flask_talisman import Talisman

# No inline script or style anywhere; blob: for photos that the phone straightens before sending.
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "media-src": "'self' blob:",
    "worker-src": "'self'",
    "frame-src": "'self'",  # a paper (PDF) beside its data
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'self'",
}
PERMISSIONS = {
    "camera": "(self)",
    "geolocation": "()",
    "microphone": "()",
    "payment": "()",
    "usb": "()",
    "browsing-topics": "()",
}


def _fill(response: Response) -> Response:
    response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    # Pages hold personal data: no shared computer may show them again. A view that may be kept says so itself.
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "private, no-store"
    return response


def init_security(app: Flask) -> None:
    """Strict policy on every answer; HTTPS and HSTS where the door's cookie is a secure one."""
    secure = bool(app.config.get("SESSION_COOKIE_SECURE"))
    Talisman(
        app,
        content_security_policy=POLICY,
        permissions_policy=PERMISSIONS,
        force_https=False,  # the proxy in front redirects; health checks come over plain HTTP
        strict_transport_security=secure,
        strict_transport_security_max_age=2 * 365 * 24 * 3600,
        frame_options="SAMEORIGIN",
        referrer_policy="same-origin",
        session_cookie_secure=secure,
        session_cookie_http_only=True,
        session_cookie_samesite="Lax",
        x_xss_protection=False,
    )
    app.after_request(_fill)
