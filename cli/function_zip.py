"""The zip of a Lambda function: its own package, the modules of the project that it imports, at the same dotted paths,
and what its package.toml names. The same source makes the same bytes.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

from cli.script import ROOT, ScriptError

# The earliest time that a zip can hold; a real one would make every build another file.
WHEN = (1980, 1, 1, 0, 0, 0)
MODE = 0o644 << 16
# Of the runtime in aws/template.yaml.
PYTHON = "3.13"
PLATFORMS = ("manylinux2014_x86_64", "manylinux_2_28_x86_64")

# What a file in the zip is called, and where it is taken from.
Files = dict[str, Path]


def write(function: str, output: Path, *, installed: bool = False) -> None:
    """Raises ScriptError if there is no such function, or if pip cannot fetch what it needs.

    `installed` takes packages as they lie in .venv, for this machine, instead of those for Lambda.
    """
    files = {path.relative_to(ROOT).as_posix(): path for path in modules_of(function)}
    wanted = _wanted(function)
    files |= {name: ROOT / name for entry in wanted.get("files", []) for name in _below(entry)}
    files |= {name: ROOT / name for name in wanted.get("files_if_there", []) if (ROOT / name).is_file()}
    with tempfile.TemporaryDirectory() as folder:
        packages = wanted.get("packages", [])
        files |= _from_venv(packages) if installed else _for_lambda(packages, Path(folder))
        _zip(files, output)


def modules_of(function: str) -> set[Path]:
    """The function's modules, every module of the project that they import, and the packages they lie in."""
    folder = ROOT / "lambdas" / function
    if not function.isidentifier() or not (folder / "handler.py").is_file():
        known = sorted(path.parent.name for path in (ROOT / "lambdas").glob("*/handler.py"))
        raise ScriptError(f"no function {function!r} in lambdas/; there is {', '.join(known)}")
    found: set[Path] = set()
    waiting = list(folder.rglob("*.py"))
    while waiting:
        path = waiting.pop()
        if path not in found:
            found |= {path, *_packages_of(path)}
            waiting += [module for name in imported_by(path) if (module := _module_file(name))]
    return found


def imported_by(path: Path) -> Iterator[str]:
    """Dotted names that a file may import; `from a import b` may mean the module a or the module a.b."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level or not node.module:
                raise ScriptError(f"{path.relative_to(ROOT)} has a relative import; write the dotted name")
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def pinned(packages: list[str]) -> str:
    """Their part of requirements.txt. Raises ScriptError if one is not locked."""
    lock = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    entries = {entry.partition("==")[0]: entry for entry in re.split(r"\n(?=\w)", lock)}
    missing = sorted(set(packages) - set(entries))
    if missing:
        raise ScriptError(f"{', '.join(missing)} is not in requirements.txt. Run bin/lock")
    # Lambda has none of the machines that a marker tells apart.
    return "\n".join(re.sub(r" ; .*?( \\?$)", r"\1", entries[name], count=1, flags=re.M) for name in packages) + "\n"


def _wanted(function: str) -> dict[str, list[str]]:
    file = ROOT / "lambdas" / function / "package.toml"
    return tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def _below(entry: str) -> list[str]:
    return [path.relative_to(ROOT).as_posix() for path in (ROOT / entry).rglob("*") if path.is_file()]


def _for_lambda(packages: list[str], folder: Path) -> Files:
    if not packages:
        return {}
    lock = folder / "lock.txt"
    lock.write_text(pinned(packages), encoding="utf-8")
    target = folder / "packages"
    platforms = [word for platform in PLATFORMS for word in ("--platform", platform)]
    done = subprocess.run(  # noqa: S603
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"),
            *("--target", str(target), "--no-deps", "--no-compile", "--only-binary", ":all:", "--require-hashes"),
            *("--implementation", "cp", "--python-version", PYTHON, *platforms, "-r", str(lock)),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        problems = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise ScriptError(f"pip could not fetch {', '.join(packages)} for Lambda: {(problems or ['see pip'])[-1]}")
    return {path.relative_to(target).as_posix(): path for path in target.rglob("*") if _belongs(path)}


def _from_venv(packages: list[str]) -> Files:
    found = [(file, distribution(name)) for name in packages for file in distribution(name).files or []]
    return {str(file): path for file, of in found if _belongs(path := Path(str(of.locate_file(file))))}


def _belongs(path: Path) -> bool:
    """Not what an installer leaves about itself, which differs from time to time."""
    if not path.is_file() or path.suffix == ".pyc":
        return False
    return path.name == "METADATA" or not path.parent.name.endswith(".dist-info")


def _zip(files: Files, output: Path) -> None:
    output.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(output, "w") as package:
        for name, path in sorted(files.items()):
            entry = zipfile.ZipInfo(name, WHEN)
            entry.external_attr, entry.compress_type, entry.create_system = MODE, zipfile.ZIP_DEFLATED, 3
            package.writestr(entry, path.read_bytes())


def _module_file(name: str) -> Path | None:
    path = ROOT.joinpath(*name.split(".")).with_suffix(".py")
    return path if path.is_file() else None


def _packages_of(path: Path) -> Iterator[Path]:
    for folder in path.parents:
        if folder == ROOT:
            return
        if (folder / "__init__.py").is_file():
            yield folder / "__init__.py"
