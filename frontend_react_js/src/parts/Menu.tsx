/** A button that opens a short list of actions. Escape and a click elsewhere close it: the browser's own popover. */
import { type ReactNode, useId, useRef, useState } from "react";
import { flushSync } from "react-dom";

export type MenuItem = { text: string; act: () => void; danger?: boolean };
type Props = { label: string; button: ReactNode; items: MenuItem[]; className?: string };

export function Menu({ label, button, items, className = "" }: Props) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  // Hundreds of messages have one, so it has something in it only while it is open.
  const [isOpen, setOpen] = useState(false);
  const choose = (act: () => void) => {
    list.current?.hidePopover();
    act();
  };
  return (
    <div className={`menu ${className}`}>
      <button type="button" className="menu-button" aria-expanded={isOpen} popoverTarget={id}>
        <span className="sr-only">{label}</span>
        {button}
      </button>
      <div
        ref={list}
        id={id}
        popover="auto"
        className="menu-list"
        onBeforeToggle={({ newState }) => flushSync(() => setOpen(newState === "open"))}
        onToggle={place}
      >
        {isOpen &&
          items.map(({ text, act, danger }) => (
            <button key={text} type="button" className={danger ? "danger" : ""} onClick={() => choose(act)}>
              {text}
            </button>
          ))}
      </div>
    </div>
  );
}

const GAP = 6;

/** Beside its button, and within the window. */
function place({ currentTarget: list, newState }: React.ToggleEvent<HTMLDivElement>): void {
  if (newState !== "open") return;
  const button = list.previousElementSibling?.getBoundingClientRect() ?? new DOMRect();
  const isRoomBelow = button.bottom + GAP + list.offsetHeight < window.innerHeight;
  const top = isRoomBelow ? button.bottom + GAP : button.top - GAP - list.offsetHeight;
  const left = Math.min(button.left, window.innerWidth - list.offsetWidth - GAP);
  list.style.setProperty("--top", `${Math.max(top, GAP)}px`);
  list.style.setProperty("--left", `${Math.max(left, GAP)}px`);
  list.querySelector("button")?.focus();
}
