const WIDTHS = ["w-5", "w-7", "w-4 own", "w-6", "w-8 own", "w-5"];

/** Where messages will be. */
export function WaitingThread() {
  return (
    <div className="thread-waiting" role="status" aria-label="Loading messages">
      {WIDTHS.map((width, at) => (
        <span key={at} className={`waiting-bubble ${width}`} aria-hidden="true" />
      ))}
    </div>
  );
}
