"""Every link of the documents to a file or a heading of this project leads there."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).resolve().parents[3]
HIDDEN = {"node_modules", ".venv", ".dev", ".git", ".pytest_cache", ".hypothesis", "build"}
DOCUMENTS = sorted(
    path.relative_to(ROOT) for path in ROOT.rglob("*.md") if not HIDDEN & set(path.relative_to(ROOT).parts)
)
FENCED = re.compile(r"^ {0,3}```.*?^ {0,3}```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(<?([^)>\s]+)>?[^)]*\)|^\[[^\]]+\]:\s+(\S+)", re.MULTILINE)


def links(text: str) -> list[str]:
    """Targets inside of this project, as written."""
    prose = re.sub(r"`[^`\n]*`", "", FENCED.sub("", text))
    return [target for pair in LINK.findall(prose) for target in pair if target and not re.match(r"[a-z]+:", target)]


def anchors(text: str) -> set[str]:
    """What GitHub makes of the headings."""
    headings = re.findall(r"^#+ +(.+?) *$", FENCED.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def problem(document: Path, target: str) -> str | None:
    name, _, anchor = unquote(target).partition("#")
    file = (ROOT / document.parent / name).resolve() if name else ROOT / document
    if not file.exists():
        return f"{document}: {target} is not there"
    if anchor and file.suffix == ".md" and anchor not in anchors(file.read_text()):
        return f"{document}: {target} has no such heading"
    return None


def test_there_are_documents_to_look_at() -> None:
    assert Path("CONTRIBUTING.md") in DOCUMENTS


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_link_leads_somewhere(document: Path) -> None:
    found = [problem(document, target) for target in links((ROOT / document).read_text())]
    assert not [each for each in found if each]


def test_a_link_that_leads_nowhere_is_noticed() -> None:
    text = "See [a](docs/no-such-page.md), [b](https://example.com/x), `[c](d)` and [d](LICENSE#x)."
    assert links(text) == ["docs/no-such-page.md", "LICENSE#x"]
    assert problem(Path("README.md"), "docs/no-such-page.md")
    assert problem(Path("CONTRIBUTING.md"), "CONTRIBUTING.md#no-such-heading")
