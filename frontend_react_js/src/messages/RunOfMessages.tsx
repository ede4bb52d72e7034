import { memo, useState } from "react";
import type { Message } from "../api/types.ts";
import { clockTime, wholeTime } from "../lib/time.ts";
import { Icon } from "../parts/Icon.tsx";
import { Menu } from "../parts/Menu.tsx";
import { Avatar, LinkedText } from "../parts/small.tsx";
import { EditMessage } from "./EditMessage.tsx";
import type { Run } from "./runs.ts";
import { useDelete } from "./useChanges.ts";

type Props = { run: Run; isOwn: boolean; isGroup: boolean };

/** What one person said without a pause. */
export const RunOfMessages = memo(({ run: { sender, messages }, isOwn, isGroup }: Props) => {
  const showsWho = isGroup && !isOwn;
  return (
    <div className={isOwn ? "run own" : "run"}>
      {showsWho && <Avatar name={sender.display_name} of={sender.handle} />}
      <div className="run-messages">
        <p className={showsWho ? "run-name" : "sr-only"}>{isOwn ? "You" : sender.display_name}</p>
        {messages.map((message) => (
          <Said key={message.uuid} message={message} isOwn={isOwn} isLast={message === messages.at(-1)} />
        ))}
      </div>
    </div>
  );
});

/** A message as it is now, beside it when it was said, and what can be done with it. */
const Said = memo(({ message, isOwn, isLast }: { message: Message; isOwn: boolean; isLast: boolean }) => {
  const [isEditing, setEditing] = useState(false);
  if (isEditing) return <EditMessage message={message} done={() => setEditing(false)} />;
  const isGone = Boolean(message.deleted_at);
  return (
    <div className="said">
      <div className={isGone ? "bubble bubble-gone" : "bubble text"} data-uuid={message.uuid}>
        {isGone ? "Message deleted" : <LinkedText text={message.message} />}
      </div>
      <p className="said-at">
        {message.edited_at && !isGone && <span title={wholeTime(message.edited_at)}>edited </span>}
        <time dateTime={message.created_at} title={wholeTime(message.created_at)} className={isLast ? "" : "sr-only"}>
          {clockTime(message.created_at)}
        </time>
      </p>
      {isOwn && !isGone && message.rev !== undefined && <Actions message={message} edit={() => setEditing(true)} />}
    </div>
  );
});

function Actions({ message, edit }: { message: Message; edit: () => void }) {
  const remove = useDelete(message);
  return (
    <Menu
      label="What to do with this message"
      className="said-actions"
      button={<Icon name="more" />}
      items={[
        { text: "Edit", act: edit },
        { text: "Delete", act: remove, danger: true },
      ]}
    />
  );
}
