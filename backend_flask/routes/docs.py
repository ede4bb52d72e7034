"""The OpenAPI document, and a page where people read it and try calls. Nothing of it comes from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from functools import cache
from pathlib import Path
from typing import Annotated

from flask import Blueprint, Response, current_app

from backend_flask.routes.declared import needs_no_neighbour
from backend_flask.routes.openapi import document

docs = Blueprint("docs", __name__, url_prefix="/api")

PAGE = Path(__file__).with_name("docs.html")
_DOCUMENT = "openapi document"


@docs.get("/openapi.json")
@needs_no_neighbour
def openapi() -> Annotated[Response, "application/json"]:
    """This document."""
    kept = current_app.extensions
    if _DOCUMENT not in kept:
        kept[_DOCUMENT] = json.dumps(document(current_app))
    return Response(kept[_DOCUMENT], content_type="application/json")


@docs.get("/docs")
@needs_no_neighbour
def docs_page() -> Annotated[Response, "text/html; charset=utf-8"]:
    """A page that shows this document, where calls can be tried with a token."""
    text, policy = page()
    return Response(text, headers={"Content-Security-Policy": policy}, content_type="text/html; charset=utf-8")


@cache
def page() -> tuple[str, str]:
    """The page, and the policy that lets it run its own script, look as it says, and call this API; no more."""
    text = PAGE.read_text(encoding="utf-8")
    script, style = (_hash_of(tag, text) for tag in ("script", "style"))
    return text, (
        f"default-src 'none'; connect-src 'self'; script-src '{script}'; style-src '{style}'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    )


def _hash_of(tag: str, source: str) -> str:
    (text,) = re.findall(f"<{tag}>(.*?)</{tag}>", source, re.DOTALL)
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
