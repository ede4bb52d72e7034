"""What the API and the stream function take of the table, in request units: the one place where it is written down.

tests/integration/bench/test_cost.py counts the same on an engine, and docs/scale.md reckons with it. A write unit is
1 KB, a read unit 4 KB, half of one where the read need not be consistent; a transaction takes twice as many.
"""

from __future__ import annotations

from dataclasses import dataclass

# A message of 80 characters.
TEXT = "Yes! I have wanted to see the Leonids since I was a kid. At the bridge, at ten?!"
# What a list or a page holds where nobody says how much.
PAGE = 20
UNREAD_ROWS = 5


@dataclass(frozen=True)
class Units:
    read: float = 0
    write: float = 0

    def __add__(self, other: Units) -> Units:
        return Units(self.read + other.read, self.write + other.write)

    def __mul__(self, times: float) -> Units:
        return Units(self.read * times, self.write * times)

    def __str__(self) -> str:
        found = [f"{self.write:g} write"] * bool(self.write) + [f"{self.read:g} read"] * bool(self.read)
        return f"{' and '.join(found) or 'no'} units"


# Of a row that gets a new message: the row itself, and its entry in the index, which is taken away and put anew.
ROW_WRITES, INDEX_WRITES = 1, 2
# Of a row whose marker moves, the entry stays where it is and is put once. Other devices are left a note.
NOTE = Units(write=1)
MARKER = Units(write=ROW_WRITES + 1) + NOTE
SEND_KEY = Units(write=1)
COUNT = Units(read=0.5)
FIRST_PAGE = Units(read=2)
LIST = Units(read=1.5)

# A send, where the message group is there.
SEND = Units(read=1, write=1)

REQUESTS = {
    "A first page": FIRST_PAGE,
    "A older page": FIRST_PAGE + Units(read=1),
    "B": LIST,
    f"B with {UNREAD_ROWS} unread rows": LIST + COUNT * UNREAD_ROWS,
    "C": SEND,
    "C with a key": SEND + SEND_KEY,
    "D, an existing group": SEND,
    "read marker": MARKER,
}


def spread(members: int) -> Units:
    """What the stream function takes for one message group, however many messages of it a batch holds."""
    return Units(read=1, write=members * (ROW_WRITES + INDEX_WRITES))


def message(members: int, batch: int = 1) -> Units:
    """A message, of which the function is given `batch` at once, from the send to the last member's row."""
    return SEND + spread(members) * (1 / batch)


def start(members: int) -> Units:
    """A message group with its first message, as DynamoDB counts it: each item twice, entries of the index once."""
    return Units(write=2 * (members + 2) + members)


# D looks before for the sender's row, and for that of a block.
NEW_DIRECT_GROUP = Units(read=2) + start(2)


# Beside the five patterns, as tests/integration/lib/test_ddb_units.py counts it

EDIT = Units(read=1, write=1)
MUTE = HIDE = Units(write=ROW_WRITES + 1)
# Two rows in a transaction: one's own moves in the index, the other person's stays where it is.
BLOCK = Units(read=1, write=2 * 2 * ROW_WRITES + INDEX_WRITES + 1)
UNBLOCK = BLOCK + Units(read=1)
# Of whom there is no message group with, the row is put without a transaction, and taken away in one that also looks.
BLOCK_A_STRANGER = Units(read=1, write=ROW_WRITES + 1)
UNBLOCK_A_STRANGER = Units(read=2, write=2 * (ROW_WRITES + 1) + 1)
# Of the index and of the changes; more for each message group and each message in which something has happened.
CATCH_UP = Units(read=0.5 + 1)


def spread_of_an_edit(members: int) -> Units:
    """What the stream function takes for an edit of the newest message: the rows stay where they are in the index."""
    return Units(read=1, write=members * (ROW_WRITES + 1)) + NOTE * members


def change(rows: int) -> Units:
    """A message group is changed together with so many rows: each item twice, entries of the index once."""
    return Units(read=2, write=2 * (1 + rows) + rows)
