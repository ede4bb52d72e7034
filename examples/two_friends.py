#!/usr/bin/env python3
"""Two friends, and a third, walk through the whole API against a running `bin/dev`, and tell what they hear.

Needs the standard library and requests only: it is how any client talks to the API. It makes three new people each
time, so that it can be run as often as one likes.
"""

from __future__ import annotations

import argparse
import sys
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

try:
    from examples.cast import Friend, OutOfScript, Stage
except ModuleNotFoundError as missing:
    sys.exit(f"two_friends: {missing.name} is not there. Run it by .venv/bin/python examples/two_friends.py")

STACK = Path(__file__).resolve().parents[1] / ".dev" / "stack.env"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--env", type=Path, default=STACK, help="settings of the running system (default: .dev/stack.env)"
    )
    stack_env: Path = parser.parse_args().env
    try:
        stage = Stage.of(stack_env)
        play(stage)
    except OutOfScript as problem:
        print(f"two_friends: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print(f"\nThat was all: {stage.asked} requests, all as expected.")
    return 0


def play(stage: Stage) -> None:
    ada, grace, mary = (stage.newcomer(name) for name in ("Ada Lovelace", "Grace Hopper", "Mary Somerville"))
    find_each_other(stage, ada, grace)
    group = begin(stage, ada, grace)
    read_and_answer(stage, ada, grace, group)
    send_twice(stage, ada, group)
    change_ones_mind(stage, ada, grace, group)
    look_around(stage, ada, group)
    listen(stage, ada, grace, group)
    three_of_them(stage, ada, grace, mary)
    let_it_expire(stage, ada, grace, group)
    quiet(stage, ada, grace, group)
    block(stage, ada, mary)
    rename(stage, grace, ada)


def find_each_other(stage: Stage, ada: Friend, grace: Friend) -> None:
    stage.scene("They sign up, sign in, and find each other")
    found = ada.get(f"/api/users/search?term={grace.handle[:-2]}")
    stage.expect(grace.handle in {each["handle"] for each in found}, "the search finds Grace by how her handle begins")
    ada.get(f"/api/users/@{grace.handle}/short")
    stage.expect(ada.get(f"/api/message_groups?with={grace.handle}") == [], "they have not written to each other yet")


def begin(stage: Stage, ada: Friend, grace: Friend) -> str:
    stage.scene("Ada writes first, which starts their message group")
    sent = ada.post("/api/messages", {"handle": grace.handle, "message": "Hello Grace, it is Ada."})
    group: str = sent["message_group_uuid"]
    stage.until(lambda: any(each["uuid"] == group for each in grace.look("/api/message_groups")), "Grace's list has it")
    return group


def read_and_answer(stage: Stage, ada: Friend, grace: Friend, group: str) -> None:
    stage.scene("Grace reads, marks it as read, and answers")
    (row,) = grace.get("/api/message_groups?unread=1")
    stage.expect(row["unread_count"] == 1, "one message is unread")
    (first,) = grace.get(f"/api/messages/{group}")
    grace.post(f"/api/message_groups/{group}/read", {"message_uuid": first["uuid"]})
    grace.post("/api/messages", {"message_group_uuid": group, "message": "Ada! How is the engine?"})
    stage.until(lambda: ada.look("/api/message_groups")[0]["unread_count"] == 1, "Ada's list follows")


def send_twice(stage: Stage, ada: Friend, group: str) -> None:
    stage.scene("The net is bad: Ada's client sends again, with the same Idempotency-Key")
    body = {"message_group_uuid": group, "message": "It turns, mostly."}
    key = {"Idempotency-Key": str(uuid.uuid4())}
    once, again = ada.post("/api/messages", body, key), ada.post("/api/messages", body, key)
    stage.expect(once["uuid"] == again["uuid"], "it is one message")
    ada.post("/api/messages", body | {"message": "Something else"}, key, status=409)


def change_ones_mind(stage: Stage, ada: Friend, grace: Friend, group: str) -> None:
    stage.scene("Ada edits a message, and deletes another")
    sent = ada.post("/api/messages", {"message_group_uuid": group, "message": "I have wirtten a program."})
    place, unseen = f"/api/messages/{group}/{sent['uuid']}", {"If-Match": '"0"'}
    ada.patch(place, {"message": "I have written a program."}, unseen)
    ada.patch(place, {"message": "An edit that missed the first one"}, unseen, status=412)
    grace.patch(place, {"message": "Not hers to change"}, status=403)
    slip = ada.post("/api/messages", {"message_group_uuid": group, "message": "Oops, wrong window."})
    gone = ada.delete(f"/api/messages/{group}/{slip['uuid']}")
    stage.expect((gone["message"], gone["rev"]) == ("", 1), "it keeps its place and has no text")


def look_around(stage: Stage, ada: Friend, group: str) -> None:
    stage.scene("Ada pages through what was said")
    page = ada.get(f"/api/messages/{group}?limit=2")
    oldest, middle = ada.get(f"/api/messages/{group}?limit=100")[-1], page[-1]
    ada.get(f"/api/messages/{group}?limit=2&before={middle['uuid']}")
    ada.get(f"/api/messages/{group}?limit=2&after={oldest['uuid']}")
    ada.get(f"/api/messages/{group}?limit=3&around={middle['uuid']}")


def listen(stage: Stage, ada: Friend, grace: Friend, group: str) -> None:
    stage.scene("Grace listens; then her train is in a tunnel, and she misses nothing")
    stream = grace.listen()
    stream.hears("ready")
    sent = ada.post("/api/messages", {"message_group_uuid": group, "message": "Are you there?"})
    stream.hears("message", sent["uuid"])
    stream.close()
    place = f"/api/messages/{group}/{sent['uuid']}"
    edited = ada.patch(place, {"message": "Are you in the tunnel?"})
    missed = ada.post("/api/messages", {"message_group_uuid": group, "message": "Yes, you are."})
    stage.until(lambda: grace.look("/api/message_groups")[0]["last_message_uuid"] == missed["uuid"], "the list follows")
    back = grace.listen(after=stream)
    heard = {back.hears()["uuid"], back.hears()["uuid"]}
    stage.expect(heard == {edited["uuid"], missed["uuid"]}, "with Last-Event-ID she hears both, once")
    grace.post(f"/api/message_groups/{group}/read", {"message_uuid": missed["uuid"]})
    back.hears("read")
    back.close()


def three_of_them(stage: Stage, ada: Friend, grace: Friend, mary: Friend) -> None:
    stage.scene("A message group of three")
    body = {"handles": [grace.handle, mary.handle], "title": "Engines", "message": "Welcome, both of you."}
    group = ada.post("/api/message_groups", body)["message_group_uuid"]
    place = f"/api/message_groups/{group}"
    whole = mary.get(place)
    stage.expect(len(whole["members"]) == 3, "all three are in it")
    grace.patch(place, {"title": "Analytical engines"})
    grace.delete(f"{place}/members/@{mary.handle}", status=403)
    ada.delete(f"{place}/members/@{mary.handle}")
    mary.get(f"/api/messages/{group}", status=404)
    grace.post(f"{place}/members", {"handles": [mary.handle]})
    mary.post("/api/messages", {"message_group_uuid": group, "message": "Back again."})
    grace.delete(f"{place}/members/@{grace.handle}")
    grace.post("/api/messages", {"message_group_uuid": group, "message": "I have left."}, status=404)


def let_it_expire(stage: Stage, ada: Friend, grace: Friend, group: str) -> None:
    stage.scene("From now on their messages live for an hour")
    place = f"/api/message_groups/{group}"
    stage.expect(grace.patch(place, {"ttl": "1-hour"})["ttl"] == "1-hour", "both see it")
    sent = ada.post("/api/messages", {"message_group_uuid": group, "message": "This tape destroys itself."})
    stage.expect(bool(sent["expires_at"]), "a message says when it ends")
    grace.patch(place, {"ttl": "off"})


def quiet(stage: Stage, ada: Friend, grace: Friend, group: str) -> None:
    stage.scene("Grace mutes, and hides until there is something new")
    place = f"/api/message_groups/{group}"
    grace.put(f"{place}/mute")
    newest = grace.look(f"/api/messages/{group}")[0]["uuid"]
    stage.until(
        lambda: newest in {each["last_message_uuid"] for each in grace.look("/api/message_groups")}, "all is in"
    )
    grace.post(f"{place}/hide", {})
    stage.until(lambda: not any(each["uuid"] == group for each in grace.look("/api/message_groups")), "it is hidden")
    ada.post("/api/messages", {"message_group_uuid": group, "message": "Something new."})
    stage.until(lambda: any(each["uuid"] == group for each in grace.look("/api/message_groups")), "it is back")
    stage.expect(grace.get(place)["muted"], "and still muted")
    grace.delete(f"{place}/mute")


def block(stage: Stage, ada: Friend, mary: Friend) -> None:
    stage.scene("Ada blocks Mary, who cannot tell")
    ada.put(f"/api/blocks/@{mary.handle}")
    sent = mary.post("/api/messages", {"handle": ada.handle, "message": "Ada?"})
    stage.expect(mary.get(f"/api/messages/@{ada.handle}")[0]["uuid"] == sent["uuid"], "to Mary it looks as ever")
    stage.expect(ada.get(f"/api/messages/@{mary.handle}") == [], "Ada hears nothing")
    ada.post("/api/messages", {"handle": mary.handle, "message": "Hello"}, status=409)
    stage.until(lambda: len(ada.look("/api/blocks")) == 1, "her list of blocks has Mary")
    ada.delete(f"/api/blocks/@{mary.handle}")
    mary.post("/api/messages", {"handle": ada.handle, "message": "And now?"})
    stage.expect(len(ada.get(f"/api/messages/@{mary.handle}")) == 1, "Ada hears what is sent from then on")


def rename(stage: Stage, grace: Friend, ada: Friend) -> None:
    stage.scene("Grace has a new name, which her next message carries")
    grace.put("/api/profile/update", {"display_name": "Admiral Hopper", "bio": "Compilers."})
    shown = ada.get(f"/api/users/@{grace.handle}/short")
    stage.expect(shown["display_name"] == "Admiral Hopper", "Ada sees it")


if __name__ == "__main__":
    sys.exit(main())
