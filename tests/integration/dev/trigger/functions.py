"""Functions for the trigger to call in another process: each says in $SEEN what it was given."""

import json
import os
import time
from pathlib import Path
from typing import Any


def recording(event: dict[str, Any], _: object) -> None:
    with Path(os.environ["SEEN"]).open("a") as file:
        for record in event["Records"]:
            file.write(json.dumps(record["dynamodb"]["Keys"]) + "\n")


def slow(event: dict[str, Any], context: object) -> None:
    time.sleep(0.02)
    recording(event, context)
