/** What can be taken away from a figure: its numbers, its drawing, and a link that shows it alone, to be embedded. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { JSX, RefObject } from "preact";
import { drawingOf, savePng, saveSvg, saveText } from "../parts/save.tsx";

interface ExportMenuProps {
  readonly frame: RefObject<HTMLElement | null>;
  /** What stands above a saved drawing, and below it. */
  readonly title: string;
  readonly caption: string;
  /** Null where the figure has no rows of its own, and no drawing either. */
  readonly csv: (() => string) | null;
  readonly json: () => string;
  readonly name: (ending: string) => string;
  /** The address that shows the figure alone. */
  readonly address: () => string;
}

export function ExportMenu({ frame, title, caption, csv, json, name, address }: ExportMenuProps): JSX.Element {
  const [said, setSaid] = useState("");
  const details = useRef<HTMLDetailsElement>(null);
  const close = (): void => {
    if (details.current !== null) details.current.open = false;
  };
  useEffect(() => {
    const outside = (event: Event): void => {
      if (event.target instanceof Node && details.current?.contains(event.target) === false) close();
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, []);
  const drawn = (save: (drawing: string) => void | Promise<void>): void => {
    const svg = frame.current?.querySelector<SVGSVGElement>("svg.drawing");
    close();
    if (svg === null || svg === undefined) {
      setSaid("The chart is not shown: switch from the table to it");
      return;
    }
    setSaid("");
    void Promise.resolve(save(drawingOf(svg, title, caption))).catch((error: unknown) =>
      setSaid(error instanceof Error ? error.message : String(error)),
    );
  };
  const text = (type: string, ending: string, make: () => string): void => {
    close();
    setSaid("");
    saveText(name(ending), type, make());
  };
  const copy = (): void => {
    close();
    void navigator.clipboard.writeText(address()).then(
      () => setSaid("Link copied"),
      () => setSaid("The link could not be copied: open it, and copy its address"),
    );
  };
  return (
    <>
      <span class="said" role="status">
        {said}
      </span>
      <details
        ref={details}
        class="menu"
        onKeyDown={(event) => {
          if (event.key !== "Escape" || !event.currentTarget.open) return;
          close();
          event.currentTarget.querySelector("summary")?.focus();
        }}
      >
        <summary class="button">Export</summary>
        <div class="menu-items">
          {csv === null ? null : (
            <button type="button" onClick={() => text("text/csv;charset=utf-8", "csv", csv)}>
              Numbers as CSV
            </button>
          )}
          <button type="button" onClick={() => text("application/json", "json", json)}>
            Numbers as JSON
          </button>
          {csv === null ? null : (
            <>
              <button type="button" onClick={() => drawn((drawing) => saveSvg(name("svg"), drawing))}>
                Chart as SVG
              </button>
              <button type="button" onClick={() => drawn(async (drawing) => await savePng(name("png"), drawing))}>
                Chart as PNG
              </button>
            </>
          )}
          <button type="button" onClick={copy}>
            Copy a link to embed
          </button>
          <a href={address()} target="_blank" rel="noreferrer" onClick={close}>
            Show it alone
          </a>
        </div>
      </details>
    </>
  );
}
