"""A small door with the real frame, so that the look is tested without the rest of the house."""

import pytest
from flask import Flask
from flask_wtf import CSRFProtect

from app.web.assets import build


@pytest.fixture(scope="session")
def assets():
    """Styles, scripts and Chinese texts, built once."""
    build()


def make_app(door: str = "portal", csrf: bool = False) -> Flask:
    """A door with the frame, the style guide and nothing else."""
    from flask_login import LoginManager

    from app.web.errors import init_errors
    from app.web.i18n import init_i18n
    from app.web.layout import init_layout
    from app.web.security import init_security
    from app.web.styleguide import blueprint

    app = Flask("app", template_folder="../templates", static_folder="static")
    app.config.update(DOOR=door, SECRET_KEY="test", TESTING=True, WTF_CSRF_ENABLED=csrf)
    CSRFProtect(app)
    LoginManager(app).user_loader(lambda token: None)
    init_security(app)
    init_i18n(app)
    init_layout(app)
    init_errors(app)
    app.register_blueprint(blueprint)
    return app


@pytest.fixture
def web(assets):
    """The app of the frame."""
    return make_app()


@pytest.fixture
def client(web):
    """A browser at that app."""
    return web.test_client()
