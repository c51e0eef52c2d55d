/**
 * Where `render` puts one unit's files: names are checked, nothing leaves the unit's folder, counts and bytes are bounded.
 * Files go to a sink; the site itself touches no disk. A name or a limit that is refused throws into `render`, and so fails
 * the unit: half a folder is never published.
 */
import type { Site } from "../../jobs/analysis.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { sortTexts } from "../../shared/segment/order.ts";

/** Files of one unit. The dashboard of the reference has about 1,000; a store's listing of ten times that is still quick. */
export const siteFilesMax = 20_000;
/** Of one unit's files together: a unit is rendered whole at each publication that touches it. */
export const siteBytesMax = 4 * 2 ** 30;
/** Notes become a part of coverage.json, which every reader fetches. */
export const siteNotesBytesMax = 1024 * 1024;
/** What a file system takes for one name, less what temporary names add. */
const fileNameBytesMax = 200;

export interface SiteFile {
  readonly name: string;
  /** Bytes of the unit that were written before it: where it is when all lie one behind the other. */
  readonly at: number;
  readonly bytes: number;
}

export interface SiteOptions {
  /** Names that no file may have: the pointer, coverage.json. */
  readonly reserved: readonly string[];
  readonly put: (name: string, content: Uint8Array) => void;
}

/** A name without folders, control characters, or a meaning of its own to a file system. */
export function isPlainFileName(name: string): boolean {
  if (name === "" || name.startsWith(".") || Buffer.byteLength(name) > fileNameBytesMax) return false;
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused.
  return name.isWellFormed() && !/[/\\\u0000-\u001f\u007f]/.test(name);
}

export class CheckedSite implements Site {
  readonly #options: SiteOptions;
  readonly #files = new Map<string, SiteFile>();
  readonly #notes = new Map<string, unknown>();
  #bytes = 0;
  #notesBytes = 0;

  constructor(options: SiteOptions) {
    this.#options = options;
  }

  write(name: string, content: string | Uint8Array): void {
    if (typeof name !== "string" || !isPlainFileName(name)) {
      throw refused(`${JSON.stringify(name)} is not a plain file name`);
    }
    if (this.#options.reserved.includes(name)) throw refused(`${name} is written by the publisher itself`);
    if (this.#files.has(name)) throw refused(`${name} is written twice`);
    if (this.#files.size >= siteFilesMax) throw refused(`more than ${siteFilesMax} files`);
    if (typeof content !== "string" && !(content instanceof Uint8Array))
      throw refused(`${name} is neither text nor bytes`);
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    const at = this.#bytes;
    this.#bytes += bytes.length;
    if (this.#bytes > siteBytesMax) throw refused(`more than ${siteBytesMax} bytes`);
    this.#options.put(name, bytes);
    this.#files.set(name, { name, at, bytes: bytes.length });
  }

  note(name: string, value: unknown): void {
    const json = JSON.stringify(value) as string | undefined;
    if (json === undefined) throw refused(`the note ${JSON.stringify(name)} has no JSON value`);
    this.#notesBytes += json.length + name.length;
    if (this.#notesBytes > siteNotesBytesMax) throw refused(`more than ${siteNotesBytesMax} bytes of notes`);
    this.#notes.set(name, JSON.parse(json));
  }

  /** What was written, in the order of names. */
  get files(): readonly SiteFile[] {
    return sortTexts([...this.#files.keys()]).map((name) => this.#files.get(name) as SiteFile);
  }

  get notes(): Readonly<Record<string, unknown>> {
    return Object.fromEntries(this.#notes);
  }
}

function refused(what: string): SpotfoldError {
  return new SpotfoldError("analysis-failed", `a published unit cannot hold this: ${what}`);
}
