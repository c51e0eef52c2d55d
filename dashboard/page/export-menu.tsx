/** What can be taken away from a figure: its numbers, its drawing, and a link that shows it alone, to be embedded. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { JSX, RefObject } from "preact";
import type { Picture } from "../parts/picture.ts";
import { drawingOf, savePng, saveSvg, saveText } from "../parts/save.tsx";
import { EmbedDialog } from "./embed-dialog.tsx";

interface ExportMenuProps {
  readonly frame: RefObject<HTMLElement | null>;
  /** Of the figure inside of another page. */
  readonly title: string;
  /** Null where the figure has no drawing. */
  readonly picture: (() => Picture) | null;
  readonly csv: () => string;
  readonly json: () => string;
  readonly name: (ending: string) => string;
  /** The address that shows the figure alone. */
  readonly address: () => string;
}

export function ExportMenu(props: ExportMenuProps): JSX.Element {
  const { frame, title, picture, csv, json, name, address } = props;
  const [said, setSaid] = useState("");
  const [isEmbedding, setEmbedding] = useState(false);
  const details = useRef<HTMLDetailsElement>(null);
  const close = (): void => {
    if (details.current !== null) details.current.open = false;
  };
  /** What was chosen goes away with its menu: the focus stays at what opened it, and comes back there from a dialog. */
  const chosen = (): void => {
    close();
    details.current?.querySelector("summary")?.focus();
  };
  useEffect(() => {
    const outside = (event: Event): void => {
      if (event.target instanceof Node && details.current?.contains(event.target) === false) close();
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, []);
  const drawn = (make: () => Picture, save: (drawing: string) => void | Promise<void>): void => {
    const svg = frame.current?.querySelector<SVGSVGElement>("svg.drawing");
    chosen();
    if (svg === null || svg === undefined) {
      setSaid("The chart is not shown: switch from the table to it");
      return;
    }
    setSaid("");
    void Promise.resolve(save(drawingOf(svg, make()))).catch((error: unknown) =>
      setSaid(error instanceof Error ? error.message : String(error)),
    );
  };
  const text = (type: string, ending: string, make: () => string): void => {
    chosen();
    setSaid("");
    saveText(name(ending), type, make());
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
          if (event.key === "Escape" && event.currentTarget.open) chosen();
        }}
      >
        <summary class="button">Export</summary>
        <div class="menu-items">
          <button type="button" onClick={() => text("text/csv;charset=utf-8", "csv", csv)}>
            Numbers as CSV
          </button>
          <button type="button" onClick={() => text("application/json", "json", json)}>
            Numbers as JSON
          </button>
          {picture === null ? null : (
            <>
              <button type="button" onClick={() => drawn(picture, (drawing) => saveSvg(name("svg"), drawing))}>
                Chart as SVG
              </button>
              <button
                type="button"
                onClick={() => drawn(picture, async (drawing) => await savePng(name("png"), drawing))}
              >
                Chart as PNG
              </button>
            </>
          )}
          <button
            type="button"
            onClick={() => {
              chosen();
              setEmbedding(true);
            }}
          >
            Embed it
          </button>
          <a href={address()} target="_blank" rel="noreferrer" onClick={chosen}>
            Show it alone
          </a>
        </div>
      </details>
      {isEmbedding ? <EmbedDialog title={title} address={address()} onClose={() => setEmbedding(false)} /> : null}
    </>
  );
}
