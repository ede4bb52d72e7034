import { memo } from "react";
import type { Message } from "../api/types.ts";
import { clockTime, wholeTime } from "../lib/time.ts";
import { Avatar, LinkedText } from "../parts/small.tsx";
import type { Run } from "./runs.ts";

type Props = { run: Run; isOwn: boolean; isGroup: boolean };

/** What one person said without a pause. */
export const RunOfMessages = memo(({ run: { sender, messages }, isOwn, isGroup }: Props) => {
  const last = messages.at(-1) ?? sender;
  const showsWho = isGroup && !isOwn;
  return (
    <div className={isOwn ? "run own" : "run"}>
      {showsWho && <Avatar name={sender.display_name} of={sender.handle} />}
      <div className="run-messages">
        <p className={showsWho ? "run-name" : "sr-only"}>{isOwn ? "You" : sender.display_name}</p>
        {messages.map((message) => (
          <Bubble key={message.uuid} message={message} />
        ))}
        <p className="run-time">
          <time dateTime={last.created_at} title={wholeTime(last.created_at)}>
            {clockTime(last.created_at)}
          </time>
        </p>
      </div>
    </div>
  );
});

const Bubble = memo(({ message }: { message: Message }) => (
  <div className="bubble text" data-uuid={message.uuid}>
    <LinkedText text={message.message} />
  </div>
));
