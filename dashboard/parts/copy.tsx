/** Copying a text, and what came of it, for those who do not see it either. */
import { useState } from "preact/hooks";

/** Of a page that came neither over TLS nor from this machine, browsers take nothing: there is no clipboard then. */
const clipboard = navigator.clipboard as Clipboard | undefined;

export interface Copying {
  /** Null where the browser copies nothing: a button would do nothing, so leave it out, and show the text to be marked. */
  readonly copy: ((text: string, done: string) => void) | null;
  /** `done` of the last text that was copied, or that it was not; "" at first. For an element with role="status". */
  readonly said: string;
}

/** `failed`: what to say when the browser refuses. */
export function useCopy(failed: string): Copying {
  const [said, say] = useState("");
  const copy = (text: string, done: string): void => {
    clipboard?.writeText(text).then(
      () => say(done),
      () => say(failed),
    );
  };
  return { copy: clipboard === undefined ? null : copy, said };
}
