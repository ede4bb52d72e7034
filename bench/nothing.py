"""A Flask app that does nothing: the least that a request costs under the production server."""

from flask import Flask

# As gunicorn wants it.
APP = "bench.nothing:app()"


def app() -> Flask:
    made = Flask(__name__)

    @made.get("/api/health-check")
    def nothing() -> dict[str, bool]:
        return {"success": True}

    @made.get("/api/ready")
    def ready() -> dict[str, bool]:
        return {"success": True}

    return made
