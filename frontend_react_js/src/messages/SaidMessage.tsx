import { memo, useState } from "react";
import type { Message } from "../api/types.ts";
import { clockTime, wholeTime } from "../lib/time.ts";
import { Icon } from "../parts/Icon.tsx";
import { Menu } from "../parts/Menu.tsx";
import { Avatar, LinkedText } from "../parts/small.tsx";
import { EditMessage } from "./EditMessage.tsx";
import { useDelete } from "./useChanges.ts";

type Props = { message: Message; isFirst: boolean; isLast: boolean; isOwn: boolean; isGroup: boolean };

/** A message as it is now, beside it when it was said, and what can be done with it. */
export const SaidMessage = memo(({ message, isFirst, isLast, isOwn, isGroup }: Props) => {
  const [isEditing, setEditing] = useState(false);
  if (isEditing) return <EditMessage message={message} done={() => setEditing(false)} />;
  const showsWho = isGroup && !isOwn;
  const isGone = message.deleted_at !== null;
  const is = (name: string, yes: boolean) => (yes ? ` ${name}` : "");
  return (
    <>
      {isFirst && <p className={showsWho ? "said-by" : "sr-only"}>{isOwn ? "You" : message.display_name}</p>}
      <div className={`said${is("own", isOwn)}${is("first", isFirst)}${is("last", isLast)}${is("of-group", showsWho)}`}>
        {showsWho && isLast && <Avatar name={message.display_name} of={message.handle} />}
        <div className={isGone ? "bubble bubble-gone" : "bubble text"} data-uuid={message.uuid}>
          {isGone ? "Message deleted" : <LinkedText text={message.message} />}
        </div>
        <p className="said-at">
          {message.edited_at && !isGone && <span title={wholeTime(message.edited_at)}>edited </span>}
          <time dateTime={message.created_at} title={wholeTime(message.created_at)} className={isLast ? "" : "sr-only"}>
            {clockTime(message.created_at)}
          </time>
        </p>
        {isOwn && !isGone && <Actions message={message} edit={() => setEditing(true)} />}
      </div>
    </>
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
