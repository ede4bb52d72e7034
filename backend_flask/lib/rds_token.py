"""Signs in to Postgres on RDS with AWS credentials instead of a password (Amazon RDS User Guide, "IAM database
authentication for MariaDB, MySQL, and PostgreSQL").

A token is good for 15 minutes, and only to connect: a connection that is open stays open. It is signed here, without
asking anybody, so that a place with no way to AWS can do it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from botocore.exceptions import NoCredentialsError
from botocore.model import ServiceId
from botocore.session import Session
from botocore.signers import RequestSigner
from psycopg.conninfo import conninfo_to_dict

SECONDS = 900
_SCHEME = "https://"
# RDS' name for it among the services that requests are signed for.
_SERVICE = "rds-db"

Password = Callable[[], str]


def signer(url: str, region: str, session: Any = None) -> Password:
    """Gives a new token for the host, port and user of this address whenever it is called.

    The credentials are those that boto3 would find, and are renewed as it does. A call raises NoCredentialsError if
    there are none.
    """
    session = session or Session()
    to = conninfo_to_dict(url)
    query = urlencode({"Action": "connect", "DBUser": to["user"]})
    request = {"method": "GET", "url": f"{_SCHEME}{to['host']}:{to['port']}/?{query}"}

    def token() -> str:
        credentials = session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        sign = RequestSigner(
            ServiceId(_SERVICE), region, _SERVICE, "v4", credentials, session.get_component("event_emitter")
        )
        signed: str = sign.generate_presigned_url(
            {**request, "body": {}, "headers": {}, "context": {}}, "connect", SECONDS, region, _SERVICE
        )
        return signed.removeprefix(_SCHEME)

    return token
