/** The record that `map` and `add` see under test: one object for all records of a block, overwritten after each. */
import { Buffer } from "node:buffer";
import type { BlockContext, RecordView } from "../analysis.ts";
import { InvalidRecord } from "../analysis.ts";

const TAB = 0x09;
/** No UTF-8 text has it: who reads a record's bytes after the callback sees that something is wrong. */
const OVERWRITTEN = 0xff;

export class TestRecord implements RecordView {
  readonly block: BlockContext;
  bytes: Uint8Array = new Uint8Array();
  id = "";
  ordinal = -1;
  offset = 0;

  constructor(block: BlockContext) {
    this.block = block;
  }

  /** The next record: a string or bytes as they are, anything else as JSON. */
  load(content: unknown): void {
    this.offset += this.ordinal < 0 ? 0 : this.bytes.length + 1;
    this.ordinal++;
    this.id = `record-${this.ordinal}`;
    if (typeof content === "string") this.bytes = Buffer.from(content);
    else this.bytes = content instanceof Uint8Array ? Buffer.from(content) : Buffer.from(JSON.stringify(content));
  }

  overwrite(): void {
    this.bytes.fill(OVERWRITTEN);
  }

  text(): string {
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length).toString();
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- as the interface has it.
  json(): any {
    try {
      return JSON.parse(this.text()) as unknown;
    } catch (error) {
      throw new InvalidRecord("invalid-json", error instanceof Error ? error.message : String(error));
    }
  }

  fields(): readonly string[] {
    return this.text().split(String.fromCharCode(TAB));
  }
}
