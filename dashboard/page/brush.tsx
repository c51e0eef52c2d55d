/**
 * Chooses a range of dates on the lower chart, and points at a date on all of it.
 *
 *   pointer             drag: a range; drag an end: moves it; click: that date alone
 *   finger              drag: the same; tap: reads the date out until another one is tapped, and chooses nothing
 *   keyboard            each end is a slider: arrows by a date, Page keys by ten, Home and End
 *
 * While it is dragged at most one change is given per frame of the screen, and while a key is held one per step. The last one says that
 * it moved: only this goes into the address, which browsers let nobody change too often.
 */
import { useEffect, useRef } from "preact/hooks";
import type { JSX } from "preact";
import { movedBy } from "../parts/slider-keys.ts";
import * as words from "../parts/words.ts";
import { dotPx, type EvolutionGeometry } from "./evolution-geometry.ts";

/** Null: no limit. */
export interface DateRange {
  readonly from: string | null;
  readonly to: string | null;
}

/** `moving`: another one follows. `moved`: the brush rests, for now. `chosen`: by something else than the brush. */
export type RangeStep = "moving" | "moved" | "chosen";

interface BrushProps {
  readonly geometry: EvolutionGeometry;
  readonly dates: readonly string[];
  readonly range: DateRange;
  /** The date that is pointed at; null for none. */
  readonly hovered: string | null;
  readonly onRange: (range: DateRange, step: RangeStep) => void;
  readonly onHover: (date: string | null) => void;
}

/** A finger that moved less tapped. */
const tapPx = 10;
/** So near to an end a drag moves that end: a finger is no finer. */
const gripPx = 12;

export function Brush({ geometry, dates, range, hovered, onRange, onHover }: BrushProps): JSX.Element | null {
  const { submissions: box, values, nearest, xOf } = geometry;
  /** The date that stays while the other end is dragged. */
  const anchor = useRef<string | null>(null);
  /** Where the drag began. */
  const start = useRef(0);
  const frame = useRef(0);
  const pending = useRef<DateRange | null>(null);
  // Taken away while it moves, it rests: else the figures would stay at where it was.
  useEffect(
    () => () => {
      cancelAnimationFrame(frame.current);
      if (pending.current !== null) onRange(pending.current, "moved");
      pending.current = null;
    },
    [onRange],
  );

  const [first, last] = [dates[0], dates.at(-1)];
  if (first === undefined || last === undefined) return null;
  const inside = dates.filter((date) => date >= (range.from ?? first) && date <= (range.to ?? last));
  const [from, to] = [inside[0] ?? first, inside.at(-1) ?? last];
  const isAll = range.from === null && range.to === null;
  const half = Math.max(3, (box.right - box.left) / dates.length / 2);
  const [left, right] = [Math.max(box.left, xOf(from) - half), Math.min(box.right, xOf(to) + half)];

  const between = (a: string, b: string): DateRange => {
    const [low, high] = a <= b ? [a, b] : [b, a];
    const isWhole = low === first && high === last && dates.length > 1;
    return isWhole ? { from: null, to: null } : { from: low, to: high };
  };
  const follow = (next: DateRange): void => {
    pending.current = next;
    cancelAnimationFrame(frame.current);
    frame.current = requestAnimationFrame(() => onRange(next, "moving"));
  };
  /** What was reached holds, so that page and address agree. */
  const rest = (): void => {
    cancelAnimationFrame(frame.current);
    if (pending.current !== null) onRange(pending.current, "moved");
    pending.current = null;
    anchor.current = null;
  };
  const dateAt = (event: PointerEvent): string => nearest(placeOf(event)) ?? first;
  const isTap = (event: PointerEvent): boolean =>
    event.pointerType === "touch" && pending.current === null && Math.abs(placeOf(event) - start.current) < tapPx;
  const point = (event: PointerEvent): void => onHover(dateAt(event));
  const leave = (event: PointerEvent): void => {
    if (event.pointerType !== "touch") onHover(null);
  };
  const onPointerDown = (event: PointerEvent & { currentTarget: SVGRectElement }): void => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    const x = placeOf(event);
    const grips = isAll ? [] : [Math.abs(x - left) < gripPx ? to : null, Math.abs(x - right) < gripPx ? from : null];
    anchor.current = grips.find((grip) => grip !== null) ?? dateAt(event);
    start.current = x;
    point(event);
    if (!isTap(event)) follow(between(anchor.current, dateAt(event)));
  };
  const onPointerMove = (event: PointerEvent): void => {
    point(event);
    if (anchor.current !== null && !isTap(event)) follow(between(anchor.current, dateAt(event)));
  };
  const onPointerUp = (event: PointerEvent): void => {
    if (anchor.current === null) return;
    if (!isTap(event)) pending.current = between(anchor.current, dateAt(event));
    rest();
  };
  const move = (event: KeyboardEvent, end: "from" | "to"): void => {
    const current = dates.indexOf(end === "from" ? from : to);
    const next = movedBy(event.key, current, dates.length);
    if (next === null) return;
    event.preventDefault();
    const date = dates[next] ?? first;
    const moved = end === "from" ? (date <= to ? date : to) : date >= from ? date : from;
    pending.current = end === "from" ? between(moved, to) : between(from, moved);
    onRange(pending.current, "moving");
    onHover(moved);
  };
  return (
    <g class="brush" data-save="no">
      {isAll ? null : (
        <>
          {[values, box].flatMap(({ top, bottom }) => [
            <rect class="outside" x={box.left} width={Math.max(0, left - box.left)} {...fading(top, bottom)} />,
            <rect class="outside" x={right} width={Math.max(0, box.right - right)} {...fading(top, bottom)} />,
          ])}
          <rect class="inside" x={left} width={Math.max(0, right - left)} y={box.top} height={box.bottom - box.top} />
        </>
      )}
      {hovered === null ? null : (
        <line class="cursor" x1={xOf(hovered)} x2={xOf(hovered)} y1={values.top} y2={box.bottom} />
      )}
      <rect
        class="pointing"
        x={box.left}
        y={values.top}
        width={box.right - box.left}
        height={Math.max(0, box.top - values.top)}
        onPointerDown={point}
        onPointerMove={point}
        onPointerLeave={leave}
      />
      <rect
        class="dragging"
        x={box.left}
        y={box.top}
        width={box.right - box.left}
        height={box.bottom - box.top}
        onPointerDown={onPointerDown}
        onPointerMove={onPointerMove}
        onPointerUp={onPointerUp}
        // The browser took the finger for something else.
        onPointerCancel={rest}
        onPointerLeave={leave}
      />
      {dates.length > 1
        ? [["from", from, left] as const, ["to", to, right] as const].map(([end, date, x]) => (
            <rect
              key={end}
              class={isAll ? "grip" : "grip set"}
              role="slider"
              tabIndex={0}
              aria-label={end === "from" ? "First date" : "Last date"}
              aria-valuemin={0}
              aria-valuemax={dates.length - 1}
              aria-valuenow={dates.indexOf(date)}
              aria-valuetext={words.date(date)}
              x={x - 3}
              y={box.top}
              width={6}
              height={box.bottom - box.top}
              rx={3}
              onKeyDown={(event) => move(event, end)}
              onKeyUp={rest}
              onFocus={() => onHover(date)}
              onBlur={() => {
                rest();
                onHover(null);
              }}
            />
          ))
        : null}
    </g>
  );
}

/** Over dots at the edges of a chart, too. */
function fading(top: number, bottom: number): { readonly y: number; readonly height: number } {
  return { y: top - dotPx, height: bottom - top + 2 * dotPx };
}

/** In the drawing's pixels, from its left. */
function placeOf(event: PointerEvent): number {
  const svg = (event.currentTarget as SVGElement).ownerSVGElement;
  return event.clientX - (svg?.getBoundingClientRect().left ?? 0);
}
