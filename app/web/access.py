"""Every view says who may call it; a view that does not say is refused. A test walks all routes."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import Flask, current_app, request
from flask_login import current_user

from workflow.errors import NotAllowed

View = TypeVar("View", bound=Callable[..., Any])
OPEN_ENDPOINTS = frozenset({"static"})


def public(view: View) -> View:
    """Anyone may call it."""
    view._access = "public"  # type: ignore[attr-defined]
    return view


def by_link(view: View) -> View:
    """Whoever has the secret link may call it; the view checks the link itself."""
    view._access = "link"  # type: ignore[attr-defined]
    return view


def by_token(view: View) -> View:
    """A bank's system with an access token; the API checks it."""
    view._access = "token"  # type: ignore[attr-defined]
    return view


def signed_in(view: View) -> View:
    """Anyone who is signed in at this door."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if not current_user.is_authenticated:
            return current_app.login_manager.unauthorized()  # type: ignore[attr-defined]
        return view(*args, **kwargs)

    guarded._access = "signed_in"  # type: ignore[attr-defined]
    return guarded  # type: ignore[return-value]


def staff(*roles: str) -> Callable[[View], View]:
    """Staff with one of these roles."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if not current_user.is_authenticated:
                return current_app.login_manager.unauthorized()  # type: ignore[attr-defined]
            if not set(roles) & set(current_user.person.roles):
                raise NotAllowed(f"needs one of {', '.join(roles)}")
            return view(*args, **kwargs)

        guarded._access = "staff:" + ",".join(roles)  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return decorate


def init_access(app: Flask) -> None:
    """Refuse views without a declaration."""

    @app.before_request
    def check() -> None:
        if request.endpoint is None or request.endpoint in OPEN_ENDPOINTS:
            return
        if not hasattr(app.view_functions[request.endpoint], "_access"):
            raise RuntimeError(f"{request.endpoint} does not say who may call it")
