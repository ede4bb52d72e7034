import logging
from collections.abc import Iterator

import pytest

from backend_flask import app


@pytest.fixture
def no_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """`load` has bound os.environ itself, so its variables are taken away one by one."""
    for name in ("CONNECTION_URL", "AWS_DEFAULT_REGION", "FRONTEND_URL"):
        monkeypatch.delenv(name, raising=False)
    before = logging.getLogger().handlers[:]
    yield
    logging.getLogger().handlers[:] = before


@pytest.mark.usefixtures("no_settings")
def test_a_server_without_settings_ends_with_one_line() -> None:
    with pytest.raises(SystemExit) as ended:
        app.from_environment()
    text = str(ended.value)
    assert "CONNECTION_URL is missing" in text
    assert "FRONTEND_URL is missing" in text
    assert "\n" not in text
