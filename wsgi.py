"""WSGI entry points: `wsgi:portal`, `wsgi:intranet`, `wsgi:bank`. Each is made when first asked for."""

import gc

from flask import Flask

from app import DOORS, create_app
from app.web.logs import configure_logging
from workflow.naming.queries import warm


def __getattr__(name: str) -> Flask:
    if name not in DOORS:
        raise AttributeError(name)
    configure_logging()
    application = create_app(name)
    if name != "bank":
        warm()
    gc.collect()
    gc.freeze()  # what stands now stays: to walk through it again took an eighth of a second, in somebody's request
    globals()[name] = application
    return application
