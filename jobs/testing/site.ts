/** Where tests render to: the files and notes of one unit. */
import { Buffer } from "node:buffer";
import type { Site } from "../analysis.ts";

export class TestSite implements Site {
  /** By name, as text. */
  readonly files: Record<string, string> = {};
  readonly notes: Record<string, unknown> = {};

  write(name: string, content: string | Uint8Array): void {
    if (Object.hasOwn(this.files, name)) throw new Error(`the file ${name} is written twice`);
    const text = typeof content === "string" ? content : Buffer.from(content).toString();
    // Also of a name that objects have already.
    Object.defineProperty(this.files, name, { value: text, enumerable: true, configurable: true, writable: true });
  }

  note(name: string, value: unknown): void {
    this.notes[name] = value;
  }

  /** Throws unless `other`, which `renderEncoded` wrote, has the same files and notes. */
  mustEqual(other: TestSite): void {
    const names = new Set([...Object.keys(this.files), ...Object.keys(other.files)]);
    for (const name of names) {
      const mine = Object.hasOwn(this.files, name) ? this.files[name] : undefined;
      const others = Object.hasOwn(other.files, name) ? other.files[name] : undefined;
      if (mine !== others)
        throw new Error(`renderEncoded writes another ${name} than render: ${others} instead of ${mine}`);
    }
    const [notes, otherNotes] = [JSON.stringify(this.notes), JSON.stringify(other.notes)];
    if (notes !== otherNotes)
      throw new Error(`renderEncoded notes other things than render: ${otherNotes} instead of ${notes}`);
  }
}
