/** How many characters are left, once it matters. */
export function CharactersLeft({ length, max, from }: { length: number; max: number; from: number }) {
  const left = max - length;
  return (
    <span className={left < 0 ? "left left-over" : "left"} role="status" aria-live="polite">
      {left <= from && (
        <>
          {left}
          <span className="sr-only"> characters left</span>
        </>
      )}
    </span>
  );
}
