"""For a WSGI server, one process: `gunicorn --workers 1 --threads 8 sandbox.wsgi:application`.

The banks' work runs in this process; mail comes in where QIBU_SMTP_PORT says (0: no mail server).
"""

import os

from sandbox.app import create_app
from sandbox.mail import server

application = create_app()
_world = application.extensions["sandbox"]
if _world.runner.start() and (_port := int(os.environ.get("QIBU_SMTP_PORT", "8025"))):
    server(_world.store, "127.0.0.1", _port).start()
