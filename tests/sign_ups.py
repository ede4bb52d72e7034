"""Events of Cognito's post-confirmation trigger."""

from __future__ import annotations

import uuid
from typing import Any


def sign_up(handle: str = "londo", sub: str | None = None, source: str = "ConfirmSignUp", **attributes: str) -> Any:
    """As the Amazon Cognito Developer Guide shows one in "Post confirmation Lambda trigger"."""
    usual = {
        "sub": sub or str(uuid.uuid4()),
        "email_verified": "true",
        "cognito:user_status": "CONFIRMED",
        "cognito:email_alias": f"{handle}@cruddur.example",
        "preferred_username": handle,
        "name": handle.title(),
        "email": f"{handle}@cruddur.example",
    }
    return {
        "version": "1",
        "region": "us-east-1",
        "userPoolId": "us-east-1_example",
        "userName": usual["sub"],
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": "1example23456789"},
        "triggerSource": f"PostConfirmation_{source}",
        "request": {"userAttributes": usual | attributes},
        "response": {},
    }
