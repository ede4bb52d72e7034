"""What a process imports before it is of use: counted, because seconds depend on the machine."""

from pathlib import Path

import pytest

from bench.start import imported, own_modules, packed
from tests.servers import ROOT
from tests.stream_function import MODULES

# Measured, and a little more: a library that drags in another fifty shall not come unseen.
MOST_MODULES_OF_THE_API = 820
NOT_IN_PRODUCTION = {"bench", "dev", "hypothesis", "matplotlib", "moto", "pytest", "tests", "tqdm"}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return packed(tmp_path_factory.mktemp("function"))


def test_the_stream_function_imports_next_to_nothing_but_boto3(package: Path) -> None:
    own = own_modules(package)
    from_the_zip = {name for name in own if name.startswith(("backend_flask", "lambdas"))}
    assert from_the_zip == set(MODULES)
    assert set(own) <= from_the_zip | {"concurrent.futures.thread", "contextvars", "_contextvars"}


def test_the_api_imports_no_more_than_it_did() -> None:
    modules = imported(ROOT, "backend_flask.app")[1]
    assert len(modules) <= MOST_MODULES_OF_THE_API
    assert not {name.partition(".")[0] for name in modules} & NOT_IN_PRODUCTION
