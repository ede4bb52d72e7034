import { useState } from "react";
import type { MessageGroup } from "../api/types.ts";
import { Icon } from "../parts/Icon.tsx";
import { Menu } from "../parts/Menu.tsx";
import { GroupDialog } from "./GroupDialog.tsx";
import { useRowChanges } from "./useGroupChanges.ts";

/** What can be done with a conversation, in its head. */
export function GroupMenu({ row }: { row: MessageGroup }) {
  const [isOpen, setOpen] = useState(false);
  const { mute, hide, block } = useRowChanges(row);
  const blocking = { text: row.blocked ? "Unblock" : `Block ${row.display_name}`, act: block, danger: !row.blocked };
  return (
    <>
      <Menu
        label="About this conversation"
        className="group-menu"
        button={<Icon name="more" />}
        items={[
          { text: row.kind === "group" ? "People and settings" : "Settings", act: () => setOpen(true) },
          { text: row.muted ? "Unmute" : "Mute", act: mute },
          { text: "Hide until the next message", act: hide },
          ...(row.kind === "direct" ? [blocking] : []),
        ]}
      />
      {isOpen && <GroupDialog uuid={row.uuid} close={() => setOpen(false)} />}
    </>
  );
}
