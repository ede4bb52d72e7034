"""The trigger itself: polls the shards in turn and takes what they hold through the function.

A shard whose record is waiting for its next attempt does not hold up the other shards. What was done is in the
checkpoint before the next invocation of the shard, so a kill at any moment loses nothing.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from botocore.exceptions import BotoCoreError, ClientError

from dev.trigger.backoff import Backoff
from dev.trigger.batches import Delivery, Step
from dev.trigger.checkpoint import Checkpoint
from dev.trigger.event import sequence_number
from dev.trigger.failed import FailedRecord, FailedRecords
from dev.trigger.invoke import Invoke
from dev.trigger.stream import Shard, Stream, StreamLost

log = logging.getLogger(__name__)

REFRESH_SECONDS = 2.0
# Lambda asks each shard four times a second. An idle trigger asks a little less often, to cost a laptop nothing.
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 0.35
FIRST_WAIT, LONGEST_WAIT = 0.2, 2.0


@dataclass
class Work:
    """What was read from a shard and is not done, and when to go on with it."""

    delivery: Delivery
    resume_at: float = 0.0


class Trigger:
    def __init__(
        self,
        stream: Stream,
        checkpoint: Checkpoint,
        failures: FailedRecords,
        invoke: Invoke,
        *,
        batch_size: int,
        max_attempts: int,
        beat: Callable[[], None],
    ) -> None:
        self._stream = stream
        self._checkpoint = checkpoint
        self._failures = failures
        self._invoke = invoke
        self._batch_size = batch_size
        self._max_attempts = max_attempts
        self._beat = beat
        self._work: dict[str, Work] = {}
        self._refresh_at = 0.0
        self._trouble = ""
        self._stopping = False

    def stop(self) -> None:
        """Ends `run` after the invocation in hand. Safe in a signal handler."""
        self._stopping = True

    def run(self) -> None:
        idle, away = Backoff(FIRST_PAUSE, 1.3, LONGEST_PAUSE), Backoff(FIRST_WAIT, 1.5, LONGEST_WAIT)
        while not self._stopping:
            try:
                is_busy = self._round()
            except (StreamLost, ClientError, BotoCoreError) as error:
                self._notice(error)
                self._sleep(away.next())
                continue
            self._notice(None)
            away.reset()
            if is_busy:
                idle.reset()
            else:
                self._sleep(idle.next())

    def _round(self) -> bool:
        """Gives every shard one turn; False if there was nothing to do for any."""
        if time.monotonic() >= self._refresh_at:
            self._refresh()
        turns = [self._serve(shard) for shard in self._stream.readable()]
        self._beat()
        return any(turns)

    def _refresh(self) -> None:
        if self._stream.refresh():
            self._work.clear()
            log.info("stream_followed", extra={"stream": self._checkpoint.stream})
        self._refresh_at = time.monotonic() + REFRESH_SECONDS

    def _serve(self, shard: Shard) -> bool:
        work = self._work.get(shard.id) or self._read(shard)
        if work is None or self._stopping or time.monotonic() < work.resume_at:
            return False
        step = work.delivery.step(self._invoke)
        self._record(shard, step)
        work.resume_at = time.monotonic() + step.wait
        if work.delivery.is_finished:
            del self._work[shard.id]
        return True

    def _read(self, shard: Shard) -> Work | None:
        if not shard.is_at_end:
            records = self._stream.read(shard, self._batch_size)
            if records:
                work = Work(Delivery(records, self._max_attempts, self._stream.is_current))
                self._work[shard.id] = work
                return work
        if shard.is_at_end:
            self._checkpoint.drain(shard.id)
            self._refresh_at = 0.0
        return None

    def _record(self, shard: Shard, step: Step) -> None:
        """Writes down what a step brought: a record that was given up first, the checkpoint last."""
        if step.given_up is not None:
            failed = FailedRecord(
                when=datetime.now(UTC).isoformat(timespec="milliseconds"),
                attempts=step.attempts,
                error=step.error,
                stream=self._checkpoint.stream,
                shard=shard.id,
                sequence_number=sequence_number(step.given_up),
                record=step.given_up,
            )
            self._failures.add(failed)
            extra = {"shard": shard.id, "sequence_number": failed.sequence_number, "attempts": step.attempts}
            log.error("record_given_up", extra={**extra, "error": step.error})
        elif step.error:
            log.warning("batch_failed", extra={"shard": shard.id, "done": len(step.done), "error": step.error})
        if step.passed:
            self._checkpoint.move(shard.id, sequence_number(step.passed[-1]))

    def _notice(self, error: Exception | None) -> None:
        """Logs trouble once when it starts, and once when it is over."""
        trouble = _word(error) if error else ""
        if error:
            self._stream.restart()
            self._refresh_at = 0.0
        if trouble and trouble != self._trouble:
            log.warning("waiting", extra={"error": trouble, "reason": str(error)})
        elif self._trouble and not trouble:
            log.info("going_on")
        self._trouble = trouble

    def _sleep(self, seconds: float) -> None:
        """Python goes on sleeping after a signal, so this sleeps in short pieces."""
        ends_at = time.monotonic() + seconds
        while not self._stopping and (left := ends_at - time.monotonic()) > 0:
            time.sleep(min(left, LONGEST_PAUSE))


def _word(error: Exception) -> str:
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else type(error).__name__
