/** What stands still, and the command that moves it. */
import type { VNode } from "preact";

export function Start({ said, command }: { readonly said: string; readonly command: string }): VNode {
  return (
    <div class="said">
      <p>{said} To start one:</p>
      <pre tabIndex={0} role="group" aria-label="The command that starts it">
        {command}
      </pre>
    </div>
  );
}
