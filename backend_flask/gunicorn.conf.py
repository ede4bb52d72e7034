"""How gunicorn serves the API. Settings of gunicorn: https://docs.gunicorn.org/en/stable/settings.html

This file is read in the process that starts the others, before gevent has patched anything. Whatever it imports
must not import ssl, boto3, requests or psycopg: they would keep the unpatched sockets.
"""

import os
from pathlib import Path

from backend_flask import settings

try:
    _settings = settings.load()
except settings.SettingsError as error:
    raise SystemExit(str(error)) from None

_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108

bind = f"{_settings.host}:{_settings.port}"
worker_class = "backend_flask.worker.Worker"
workers = _settings.web_concurrency or 2 * (os.cpu_count() or 1)
# Open connections, idle ones among them: each costs some kilobytes while it waits for its next request. Streams of live
# events come on top, so that they keep no request out.
worker_connections = 1000 + _settings.live_streams
preload_app = False
# The system deals new connections out to the workers. From one queue, two of four took nearly all of them.
reuse_port = True

# A load balancer must be the first to close an idle connection, or it answers 502 now and then: an Application Load
# Balancer does after 60 s. On a laptop nobody is in between, and a browser's idle connection would delay every stop.
keepalive = 2 if _settings.is_local else 75
# A request ends within 5 s. Fargate kills 30 s after it has asked to stop; a target group drains for longer.
graceful_timeout = 10
# A process that has said nothing for so long is replaced.
timeout = 30

# A token may have 8 KB; the API itself is to refuse a longer one, with a reason.
limit_request_field_size = 16 * 1024
# gunicorn's highest.
limit_request_line = 8190
# Nobody's X-Forwarded headers are believed, whatever FORWARDED_ALLOW_IPS says: the API needs none of them.
forwarded_allow_ips = ""

# The app logs each request itself, without ids and tokens.
accesslog = None
loglevel = _settings.log_level
# Nothing is written to the root file system, so that it may be read-only.
control_socket_disable = True
worker_tmp_dir = str(_SHARED_MEMORY) if os.access(_SHARED_MEMORY, os.W_OK) else None
