import { type RefObject, useEffect, useRef } from "react";

type List = { hasNextPage: boolean; isFetchingNextPage: boolean; isFetchNextPageError: boolean; fetchNextPage: () => unknown };

/** The end of a list that has another page: it comes when one scrolls near, or presses. */
export function MoreBelow({ list, text = "Show more" }: { list: List; text?: string }) {
  const end = useRef<HTMLDivElement>(null);
  useNear(end, list);
  if (!list.hasNextPage) return null;
  return (
    <div ref={end} className="more">
      <button type="button" className="button quiet" disabled={list.isFetchingNextPage} onClick={() => list.fetchNextPage()}>
        {list.isFetchingNextPage ? "Loading" : text}
      </button>
    </div>
  );
}

/** Asks for the next page when `end` is within a screen of being seen. After a failure only a person asks again. */
function useNear(end: RefObject<HTMLElement | null>, list: List): void {
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = list;
  useEffect(() => {
    if (!end.current || !hasNextPage || isFetchingNextPage || isFetchNextPageError) return;
    const root = end.current.closest(".scroller");
    const near = (seen: IntersectionObserverEntry[]) => seen.some((each) => each.isIntersecting) && fetchNextPage();
    const observer = new IntersectionObserver(near, { root, rootMargin: "800px 0px" });
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [end, hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage]);
}
