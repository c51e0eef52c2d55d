/**
 * Points at a bucket of a drawing, to have it read out.
 *
 *   pointer             the bucket below it
 *   finger              the bucket that was tapped, until something else is
 *   keyboard            a slider over the buckets that are drawn: arrows by one, Page keys by ten, Home and End, Escape to leave it
 */
import type { JSX } from "preact";
import type { Box } from "../parts/axes.ts";
import { movedBy } from "../parts/slider-keys.ts";
import type { Buckets } from "./distribution-geometry.ts";

interface BucketPointerProps {
  readonly box: Box;
  readonly buckets: Buckets;
  /** The one that is read out; null for none. */
  readonly bucket: number | null;
  readonly onBucket: (bucket: number | null) => void;
  /** What is read out, for those who do not see it. */
  readonly text: string;
}

export function BucketPointer({ box, buckets, bucket, onBucket, text }: BucketPointerProps): JSX.Element {
  const { first, last, at, edge } = buckets;
  const point = (event: PointerEvent): void => {
    const left = (event.currentTarget as SVGElement).ownerSVGElement?.getBoundingClientRect().left ?? 0;
    onBucket(at(event.clientX - left));
  };
  const move = (event: KeyboardEvent): void => {
    const next = movedBy(event.key, (bucket ?? first) - first, last - first + 1);
    if (next !== null) {
      event.preventDefault();
      onBucket(first + next);
    } else if (event.key === "Escape") onBucket(null);
  };
  const height = box.bottom - box.top;
  return (
    <g data-save="no">
      {bucket === null ? null : (
        <rect class="pointed" x={edge(bucket)} width={edge(bucket + 1) - edge(bucket)} y={box.top} height={height} />
      )}
      <rect
        class="pointing"
        role="slider"
        tabIndex={0}
        aria-label="Bucket"
        aria-valuemin={first}
        aria-valuemax={last}
        aria-valuenow={bucket ?? first}
        // While nothing is read out, the number alone.
        aria-valuetext={text || undefined}
        x={box.left}
        width={box.right - box.left}
        y={box.top}
        height={height}
        onPointerDown={point}
        onPointerMove={point}
        onPointerLeave={(event) => {
          if (event.pointerType !== "touch") onBucket(null);
        }}
        onKeyDown={move}
        // By keyboard only: a pointer says itself where it is.
        onFocus={(event) => {
          if (event.currentTarget.matches(":focus-visible")) onBucket(bucket ?? first);
        }}
        onBlur={() => onBucket(null)}
      />
    </g>
  );
}
