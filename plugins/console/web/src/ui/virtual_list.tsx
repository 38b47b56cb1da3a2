// A long list of rows of one height, of which only those in view exist.
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

const beyond = 6; // rows kept above and below what is seen

interface Props<T> {
  items: T[];
  rowHeight: number;
  keyOf: (item: T) => string;
  render: (item: T, index: number) => ComponentChildren;
  label: string;
  current?: string; // key of the item to keep in view
  onEnd: (() => void) | undefined; // the last items are in view
}

export function VirtualList<T>({ items, rowHeight, keyOf, render, label, current, onEnd }: Props<T>) {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 800 });
  const frame = useRef(0);

  useLayoutEffect(() => {
    const element = box.current!;
    const measure = (): void => setView({ top: element.scrollTop, height: element.clientHeight });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => {
      observer.disconnect();
      cancelAnimationFrame(frame.current);
    };
  }, []);

  const index = current === undefined ? -1 : items.findIndex((item) => keyOf(item) === current);
  useEffect(() => {
    const element = box.current;
    if (!element || index < 0) return;
    const top = index * rowHeight;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + rowHeight > element.scrollTop + element.clientHeight) {
      element.scrollTop = top + rowHeight - element.clientHeight;
    }
  }, [current, index]);

  const first = Math.max(0, Math.floor(view.top / rowHeight) - beyond);
  const last = Math.min(items.length, Math.ceil((view.top + view.height) / rowHeight) + beyond);
  const atEnd = last === items.length;
  useEffect(() => {
    if (atEnd) onEnd?.();
  }, [atEnd, items.length]);
  const onScroll = (): void => {
    cancelAnimationFrame(frame.current);
    frame.current = requestAnimationFrame(() => {
      const element = box.current;
      if (element) setView({ top: element.scrollTop, height: element.clientHeight });
    });
  };
  return (
    <div class="virtual" ref={box} onScroll={onScroll} tabIndex={-1}>
      <ul class="virtual-rows" aria-label={label} style={{ height: `${items.length * rowHeight}px` }}>
        {items.slice(first, last).map((item, i) => (
          <li
            key={keyOf(item)}
            class="virtual-row"
            aria-setsize={items.length}
            aria-posinset={first + i + 1}
            style={{ transform: `translateY(${(first + i) * rowHeight}px)`, height: `${rowHeight}px` }}
          >
            {render(item, first + i)}
          </li>
        ))}
      </ul>
    </div>
  );
}
