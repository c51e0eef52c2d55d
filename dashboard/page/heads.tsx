/** What stands above figures where there are no controls to say it: on paper, and in the head of one that stands alone. */
import { useLayoutEffect } from "preact/hooks";
import type { JSX } from "preact";

export interface Heading {
  readonly title: string;
  /** Dates and filters. */
  readonly about: string;
}

interface PrintedHeadProps extends Heading {
  /** Of the figures but the evolution, where a range was chosen; "" where all are of all dates. */
  readonly aboutRange: string;
}

export function PrintedHead({ title, about, aboutRange }: PrintedHeadProps): JSX.Element {
  return (
    <div class="printed-head">
      <h2 dir="auto">{title}</h2>
      <p dir="auto">{about}</p>
      {aboutRange === "" ? null : <p dir="auto">{aboutRange}</p>}
    </div>
  );
}

interface AloneHeadProps extends Heading {
  /** Null: the figure is gone. */
  readonly onHeading: (heading: Heading | null) => void;
}

/** Tells the page's head, which lies outside of what is read, what is shown. Draws nothing. */
export function AloneHead({ title, about, onHeading }: AloneHeadProps): null {
  // Before it is seen: nothing moves.
  useLayoutEffect(() => {
    onHeading({ title, about });
    return () => onHeading(null);
  }, [title, about, onHeading]);
  return null;
}
