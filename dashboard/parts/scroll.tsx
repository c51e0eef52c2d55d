/** Room for a table that may be wider or longer than what is there for it: reached with the keyboard, and named. tables.css shows that it goes on. */
import type { ComponentChildren, JSX } from "preact";

interface ScrollProps {
  /** What is in it, for those who do not see it. */
  readonly label: string;
  /** It may be long: then it scrolls by itself below its heading. */
  readonly isTall?: boolean;
  readonly children: ComponentChildren;
}

export function Scroll({ label, isTall = false, children }: ScrollProps): JSX.Element {
  return (
    <div class={isTall ? "scroll tall" : "scroll"} tabIndex={0} role="region" aria-label={label}>
      {children}
    </div>
  );
}
