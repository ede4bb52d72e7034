"""What is deployed: the functions' zips, the template, and the image of the API."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

from cli.script import ROOT, ScriptError

import requests
from botocore.exceptions import ClientError

from cli import function_zip
from cli.aws import build
from cli.aws.cloud import Cloud
from cli.show import progress

# The zips and the image take it along: it is how they know the database. Public, and the same for everybody.
CERTIFICATES = ROOT / "db" / "rds-ca.pem"
CERTIFICATES_FROM = "https://truststore.pki.rds.amazonaws.com/{region}/{region}-bundle.pem"
PLATFORM = "linux/amd64"


def fetch_certificates(region: str, file: Path | None = None, address: str = "") -> None:
    """Has the certificates by which RDS is known, unless they are there. Raises ScriptError."""
    file = file or CERTIFICATES
    if file.exists():
        return
    address = address or CERTIFICATES_FROM.format(region=region)
    try:
        answer = requests.get(address, timeout=10)
        answer.raise_for_status()
    except requests.RequestException as error:
        raise ScriptError(f"RDS' certificates cannot be fetched from {address}: {type(error).__name__}") from error
    if "-----BEGIN CERTIFICATE-----" not in answer.text:
        raise ScriptError(f"there are no certificates at {address}")
    file.write_text(answer.text, encoding="utf-8")


def zips() -> dict[str, Path]:
    """Each function's zip, packed anew."""
    made = {}
    for function in progress(build.functions(), "zips"):
        made[function] = ROOT / "build" / f"{function}.zip"
        function_zip.write(function, made[function])
    return made


def code_of(bucket: str, packed: dict[str, Path]) -> dict[str, dict[str, str]]:
    """Where each zip lies, or will: by what is in it, so that only a function that has changed is deployed."""
    return {name: {"S3Bucket": bucket, "S3Key": f"{name}/{_digest(path)}.zip"} for name, path in packed.items()}


def upload(cloud: Cloud, packed: dict[str, Path], code: dict[str, dict[str, str]]) -> None:
    for name, path in packed.items():
        _put(cloud, code[name]["S3Bucket"], code[name]["S3Key"], path.read_bytes())


def upload_template(cloud: Cloud, bucket: str, template: build.Template) -> str:
    """Its address: as an argument a template may have no more than 51,200 bytes."""
    content = json.dumps(template).encode()
    key = f"templates/{hashlib.sha256(content).hexdigest()}.json"
    _put(cloud, bucket, key, content)
    return f"https://{bucket}.s3.{cloud.region}.amazonaws.com/{key}"


def push_image(cloud: Cloud, repository: str) -> str:
    """Builds the image of this checkout, pushes it, and gives its address by digest. Raises ScriptError."""
    if not shutil.which("docker"):
        raise ScriptError(
            f"there is no docker here. Build the image elsewhere, push it to {repository}, and give --image"
        )
    ecr = cloud.client("ecr")
    granted = ecr.get_authorization_token()["authorizationData"][0]
    password = base64.b64decode(granted["authorizationToken"]).decode().partition(":")[2]
    tag = f"{_commit()}-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}"
    _docker("login", "--username", "AWS", "--password-stdin", repository.partition("/")[0], stdin=password)
    _docker("build", "--platform", PLATFORM, "--target", "backend", "--tag", f"{repository}:{tag}", str(ROOT))
    _docker("push", f"{repository}:{tag}")
    found = ecr.describe_images(repositoryName=repository.partition("/")[2], imageIds=[{"imageTag": tag}])
    return f"{repository}@{found['imageDetails'][0]['imageDigest']}"


def _docker(*words: str, stdin: str = "") -> None:
    print(f"docker {words[0]}", flush=True)
    if subprocess.run(["docker", *words], input=stdin, text=True, check=False).returncode:  # noqa: S603, S607
        raise ScriptError(f"docker {words[0]} failed; see its lines above")


def _commit() -> str:
    done = subprocess.run(  # noqa: S603
        ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "nogit"


def _put(cloud: Cloud, bucket: str, key: str, content: bytes) -> None:
    s3: Any = cloud.client("s3")
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"404", "NoSuchKey"}:
            raise
        s3.put_object(Bucket=bucket, Key=key, Body=content)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
