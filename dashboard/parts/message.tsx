/** Instead of what cannot be shown: what is the matter, and what may be done about it. */
import type { ComponentChildren, JSX } from "preact";

interface MessageProps {
  readonly title: string;
  readonly text: string;
  readonly hint?: string;
  /** Something failed, rather than being empty. */
  readonly isBad?: boolean;
  /** Buttons. */
  readonly children?: ComponentChildren;
}

export function Message({ title, text, hint, isBad = false, children }: MessageProps): JSX.Element {
  return (
    <section class={`message ${isBad ? "bad" : ""}`} role={isBad ? "alert" : "status"}>
      <h2>{title}</h2>
      <p>{text}</p>
      {hint === undefined ? null : <p class="soft">What to do: {hint}</p>}
      {children}
    </section>
  );
}

interface NoticeProps {
  readonly text: string;
  readonly action: string;
  readonly onAction: () => void;
}

/** Beside what is shown: something that the reader may want to know, with one thing to do. */
export function Notice({ text, action, onAction }: NoticeProps): JSX.Element {
  return (
    <div class="message notice" role="status">
      <p>{text}</p>
      <button type="button" class="button" onClick={onAction}>
        {action}
      </button>
    </div>
  );
}
