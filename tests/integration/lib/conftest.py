"""Two people whom no other test knows."""

from __future__ import annotations

import pytest

from backend_flask.lib.ddb_items import Member
from tests.messages_table import a_person


@pytest.fixture
def me() -> Member:
    return a_person()


@pytest.fixture
def you() -> Member:
    return a_person()
