"""A function's zip as Lambda runs it: unpacked, in a Python of its own, with so much memory and so much time."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

MB = 1024 * 1024
# Lambda's own part: the handler by its name, boto3 beside it, and a line for each event.
BOOTSTRAP = """
import importlib, json, resource, sys, time
memory, libraries, name = int(sys.argv[1]), sys.argv[2], sys.argv[3]
resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
sys.path[:0] = ["."]
sys.path.append(libraries)
begun = time.monotonic()
module, _, function = name.rpartition(".")
handler = getattr(importlib.import_module(module), function)
started = time.monotonic() - begun
answers = []
for line in sys.stdin:
    begun = time.monotonic()
    answers.append({"answer": handler(json.loads(line), None), "seconds": time.monotonic() - begun})
# Of getrusage the child of a big process would hear how big that one was.
[peak] = [int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith("VmHWM:")]
ours = [name for name, module in sys.modules.items() if name.split(".")[0] in ("backend_flask", "lambdas")]
print(json.dumps({"answers": answers, "started": started, "peak": peak, "ours": sorted(ours)}))
"""


@dataclass(frozen=True)
class Ran:
    answers: list[Any]
    seconds: list[float]
    started: float
    peak: int
    ours: list[str]


def unpack(package: Path, folder: Path) -> Path:
    with zipfile.ZipFile(package) as content:
        content.extractall(folder)
    return folder


def run(task: Path, handler: str, events: list[Any], memory_mb: int, timeout: float, **environ: str) -> Ran:
    """`task` is the unpacked zip. Raises AssertionError if the function ends, or takes too long."""
    libraries = str(Path(boto3.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", BOOTSTRAP, str(memory_mb * MB), libraries, handler],
        input="\n".join(map(json.dumps, events)),
        capture_output=True,
        text=True,
        check=False,
        cwd=task,
        env={"PATH": "/usr/bin:/bin", "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1", **environ},
        timeout=timeout * (len(events) + 1),
    )
    assert done.returncode == 0, done.stderr[-2000:]
    said = json.loads(done.stdout)
    return Ran(
        [each["answer"] for each in said["answers"]],
        [each["seconds"] for each in said["answers"]],
        said["started"],
        said["peak"],
        said["ours"],
    )
