import { type RefObject, useCallback, useLayoutEffect, useRef, useState } from "react";

const NEAR_PX = 60;

/** The place in a box that is counted from below (0 is the end, above it is negative): it stays at the end if it is
 * there, and on what is being read if it is not, whatever is added below. */
export function useScroll(box: RefObject<HTMLDivElement | null>, newest: string, sending: number) {
  const [isAtEnd, setAtEnd] = useState(true);
  const before = useRef({ newest, sending, height: 0 });

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const was = before.current;
    before.current = { newest, sending, height: element.scrollHeight };
    if (sending > was.sending) element.scrollTop = 0;
    else if (newest !== was.newest && element.scrollTop < -NEAR_PX) {
      element.scrollTop -= element.scrollHeight - was.height;
    }
  }, [box, newest, sending]);

  // The height before the next change, whatever else changes it: older messages, another width.
  useLayoutEffect(() => {
    before.current.height = box.current?.scrollHeight ?? 0;
  });

  const onScroll = useCallback(() => setAtEnd((box.current?.scrollTop ?? 0) >= -NEAR_PX), [box]);
  const toEnd = useCallback(() => box.current?.scrollTo({ top: 0, behavior: "smooth" }), [box]);
  return { isAtEnd, onScroll, toEnd };
}
