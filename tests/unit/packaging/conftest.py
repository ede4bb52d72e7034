"""The packaging files as data."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]


@dataclass
class Stage:
    """One FROM of a Dockerfile, and the instructions up to the next."""

    name: str
    base: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def all(self, instruction: str) -> list[str]:
        return [text for name, text in self.steps if name == instruction]

    def exec_form(self, instruction: str) -> list[str]:
        """The last such instruction's command, which must be a JSON array."""
        text = self.all(instruction)[-1]
        command: list[str] = json.loads(text[text.index("[") :])
        return command


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def compose() -> dict[str, Any]:
    text = (ROOT / "docker-compose.yml").read_text()
    # As Compose does where the variable is not set.
    loaded: dict[str, Any] = yaml.safe_load(re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text))
    return loaded


@pytest.fixture(scope="session")
def services(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = compose["services"]
    return found


@pytest.fixture(scope="session")
def stages() -> dict[str, Stage]:
    """By name, in their order."""
    lines = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if not line.lstrip().startswith("#")]
    found: dict[str, Stage] = {}
    for line in re.sub(r"\\\n", " ", "\n".join(lines)).splitlines():
        instruction, _, text = line.partition(" ")
        if instruction == "FROM":
            base, _, name = text.partition(" AS ")
            found[name] = Stage(name, base)
        elif instruction:
            found[list(found)[-1]].steps.append((instruction, text))
    return found


@pytest.fixture(scope="session")
def steps_of(stages: dict[str, Stage]) -> Any:
    """All instructions that make a stage, those of the stages that it starts from among them."""

    def steps(name: str) -> list[tuple[str, str]]:
        stage = stages[name]
        return [*(steps(stage.base) if stage.base in stages else []), *stage.steps]

    return steps
