"""An AWS of our own: moto as a server, with all that our template needs, and a docker that only writes down."""

from __future__ import annotations

import runpy
import signal
import socket
import stat
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from cli.script import ROOT

import boto3
import pytest
from moto.server import ThreadedMotoServer

from cli import function_zip
from cli.aws import artifacts, build, change_set, deploy, redrive
from tests.aws_cloud import whole_cloudformation

REGION = "us-east-1"
EMAIL = "londo@cruddur.example"
SHARED = "shared"
# What docker would do of it: the image is in the repository afterwards.
DOCKER = """#!{python}
import json, sys
with open({log!r}, "a") as log:
    log.write(json.dumps(sys.argv[1:]) + chr(10))
if sys.argv[1] == "login":
    assert sys.stdin.read()
if sys.argv[1] == "push":
    import boto3
    repository, _, tag = sys.argv[2].partition("/")[2].partition(":")
    boto3.client("ecr").put_image(repositoryName=repository, imageTag=tag, imageManifest=json.dumps({{"tag": tag}}),
                                  imageManifestMediaType="application/vnd.oci.image.manifest.v1+json")
"""


class Done(NamedTuple):
    status: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture(scope="session")
def moto_address() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    with whole_cloudformation():
        server.start()
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
        server.stop()


@pytest.fixture(scope="session")
def packed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The functions' zips, with the packages of this machine: those for Lambda are not to be had without a network."""
    folder = tmp_path_factory.mktemp("zips")
    made = {name: folder / f"{name}.zip" for name in build.functions()}
    for name, path in made.items():
        function_zip.write(name, path, installed=True)
    return made


@pytest.fixture(scope="session")
def session() -> Any:
    """One for all tests, as it reads what AWS' services can do but once."""
    return boto3.session.Session("AKIAIOSFODNN7EXAMPLE", "secret", region_name=REGION)


@pytest.fixture
def aws(
    moto_address: str, session: Any, packed: dict[str, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[[str], Any]:
    """Gives clients of an account that all tests share, to which the scripts talk as well."""
    for name, value in {
        "AWS_ENDPOINT_URL": moto_address,
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": REGION,
    }.items():
        monkeypatch.setenv(name, value)
    for module in (change_set, redrive):
        monkeypatch.setattr(module, "POLL_SECONDS", 0.01)
    certificates = tmp_path / "rds-ca.pem"
    certificates.write_text("-----BEGIN CERTIFICATE-----")
    monkeypatch.setattr(artifacts, "CERTIFICATES", certificates)
    monkeypatch.setattr(artifacts, "zips", lambda: packed)
    monkeypatch.setattr("cli.aws.cloud.boto3.session.Session", lambda region_name: _in(session, region_name))
    client = cache(session.client)
    wanted = [{"Name": "prefix-list-name", "Values": [deploy.CLOUDFRONT]}]
    if not client("ec2").describe_managed_prefix_lists(Filters=wanted)["PrefixLists"]:
        client("ec2").create_managed_prefix_list(
            PrefixListName=deploy.CLOUDFRONT, AddressFamily="IPv4", MaxEntries=1, Entries=[]
        )
    return client


def _in(session: Any, region: str | None) -> Any:
    assert region in {None, REGION}
    return session


@pytest.fixture
def closed_port() -> int:
    """Nothing listens there."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port: int = unused.getsockname()[1]
    return port


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which it writes down how it was called, a JSON array a line."""
    log, program = tmp_path / "docker.log", tmp_path / "bin" / "docker"
    program.parent.mkdir()
    program.write_text(DOCKER.format(python=sys.executable, log=str(log)))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return log


@pytest.fixture
def run(aws: Callable[[str], Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:  # noqa: ARG001
    """Runs bin/aws/<name> in this process, and so against the same patched AWS."""

    def script(name: str, *words: str, stdin: str = "") -> Done:
        handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
        path = ROOT / "bin" / "aws" / name
        monkeypatch.setattr(sys, "argv", [str(path), *words])
        monkeypatch.setattr(sys.stdin, "readline", lambda: f"{stdin}\n", raising=False)
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(path), run_name="__main__")
        for number, handler in handlers.items():
            signal.signal(number, handler)
        said = capsys.readouterr()
        return Done(int(ended.value.code or 0), said.out, said.err)

    return script


@pytest.fixture
def deployed(run: Run, aws: Callable[[str], Any]) -> dict[str, str]:
    """The outputs of a deployment that all tests share, as it takes a second: SHARED."""
    names = [each["StackName"] for each in aws("cloudformation").describe_stacks()["Stacks"]]
    if SHARED not in names:
        done = run("deploy", "--name", SHARED, "--email", EMAIL, "--image", "example/cruddur@sha256:1", "--yes")
        assert done.status == 0, done.err
    [stack] = aws("cloudformation").describe_stacks(StackName=SHARED)["Stacks"]
    return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
