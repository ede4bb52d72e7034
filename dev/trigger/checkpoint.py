"""How far each shard of the stream is done, kept in a file."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path

from dev.trigger.files import write_atomically

log = logging.getLogger(__name__)
FILE = "checkpoint.json"


@dataclass(frozen=True)
class Position:
    """Everything up to the sequence number `after` is done; `drained` says that the shard is closed and done."""

    after: str | None = None
    drained: bool = False


_BEGINNING = Position()


class Checkpoint:
    """Positions in ONE stream. Only `move` and `drain` write the file; the rest changes what is in memory.

    A file that cannot be read counts as none: the function then sees records again, which it must bear anyway.
    """

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / FILE
        self.stream = ""
        self._positions: dict[str, Position] = {}
        self._load()

    def follow(self, stream: str) -> None:
        """From now on the positions are those of this stream; what is known of another one is forgotten."""
        if stream != self.stream:
            self.stream, self._positions = stream, {}

    def __getitem__(self, shard_id: str) -> Position:
        return self._positions.get(shard_id, _BEGINNING)

    def keep(self, shard_ids: set[str]) -> None:
        """Forgets the shards that the stream no longer has."""
        self._positions = {name: position for name, position in self._positions.items() if name in shard_ids}

    def forget(self, shard_id: str) -> None:
        self._positions.pop(shard_id, None)

    def move(self, shard_id: str, sequence_number: str) -> None:
        self._positions[shard_id] = Position(sequence_number)
        self._save()

    def drain(self, shard_id: str) -> None:
        self._positions[shard_id] = Position(self[shard_id].after, drained=True)
        self._save()

    def _load(self) -> None:
        try:
            saved = json.loads(self._path.read_text(encoding="utf-8"))
            self.stream = str(saved["stream"])
            self._positions = {name: Position(**position) for name, position in saved["shards"].items()}
        except FileNotFoundError:
            return
        except (ValueError, KeyError, TypeError, AttributeError):
            log.warning("checkpoint_unreadable")
            self.stream, self._positions = "", {}

    def _save(self) -> None:
        shards = {name: asdict(position) for name, position in self._positions.items()}
        write_atomically(self._path, json.dumps({"stream": self.stream, "shards": shards}) + "\n")
