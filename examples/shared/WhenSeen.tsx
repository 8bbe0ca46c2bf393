import { useEffect, useRef } from "react";

/** The end of a list, which asks for the next page a little before somebody sees it. */
export function WhenSeen({ onSeen }: { onSeen: () => unknown }) {
  const element = useRef<HTMLDivElement>(null);
  const latest = useRef(onSeen);
  latest.current = onSeen;
  useEffect(() => {
    const observer = new IntersectionObserver(
      (entries) => {
        if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
        observer.disconnect();
        latest.current();
      },
      { rootMargin: "400px" },
    );
    if (element.current) observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  return (
    <div ref={element} className="end" aria-busy="true">
      Loading…
    </div>
  );
}
