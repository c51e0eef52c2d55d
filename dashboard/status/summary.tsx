/** The page in one line, each piece a link to its section. */
import type { VNode } from "preact";
import type { StatusDocument } from "./document.ts";
import { focusOn } from "./focus-on.tsx";
import { summaryOf } from "./overview.ts";

export function Summary({ document }: { readonly document: StatusDocument }): VNode {
  return (
    <nav class="summary" aria-label="Summary">
      <ul>
        {summaryOf(document).map(({ text, heading, isBad }) => (
          <li key={heading}>
            <a
              href={`#${heading}`}
              class={isBad ? "is-bad" : ""}
              onClick={() => focusOn(window.document.getElementById(heading))}
            >
              {text}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
