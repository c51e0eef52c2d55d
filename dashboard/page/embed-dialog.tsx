/** How a figure gets into another page: what to put there, and what the server has to allow. */
import { useEffect, useRef } from "preact/hooks";
import type { JSX } from "preact";
import { useCopy } from "../parts/copy.tsx";
import { embedCode } from "./embed.ts";

interface EmbedDialogProps {
  readonly title: string;
  readonly address: string;
  readonly onClose: () => void;
}

export function EmbedDialog({ title, address, onClose }: EmbedDialogProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const { copy, said } = useCopy("It could not be copied: mark the text above, and copy it");
  useEffect(() => dialog.current?.showModal(), []);
  const code = embedCode(address, title);
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="embed-title" onClose={onClose}>
      <div class="dialog-head">
        <h2 id="embed-title">Embed this figure</h2>
        <button type="button" class="button" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </div>
      <div class="dialog-body">
        <label class="field">
          <span class="label">HTML for the other page</span>
          <textarea class="embed-code" readOnly rows={6} spellcheck={false} value={code} />
        </label>
        {copy === null ? (
          <p class="soft">
            The browser lets this page copy nothing, since it came without TLS: mark the text above, and copy it. The
            link is what stands in <code>src</code>.
          </p>
        ) : (
          <div class="embed-tools">
            <button type="button" class="button" onClick={() => copy(code, "HTML copied")}>
              Copy the HTML
            </button>
            <button type="button" class="button" onClick={() => copy(address, "Link copied")}>
              Copy the link
            </button>
            <span class="said" role="status">
              {said}
            </span>
          </div>
        )}
        <p>It shows the figure, what its numbers are of, and a link to all of this page. It follows newer data.</p>
        <p class="soft">
          The server of this page decides which pages may show it in a frame. Pages of the same origin always may under{" "}
          <code>spotfold serve</code>; others are named with <code>--allow-frames https://example.org</code>. Any other
          server must not send <code>X-Frame-Options</code>, and where it sends a <code>Content-Security-Policy</code>{" "}
          with <code>frame-ancestors</code>, that has to name the other page's origin. A bucket sends neither: every
          page may.
        </p>
      </div>
    </dialog>
  );
}
