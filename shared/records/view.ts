/**
 * The record as an analysis sees it (`RecordView` of the analysis type): one object, pointed at record after record. Nothing
 * is made of the bytes before it is asked for; what was made is kept until the next record.
 */
import type { Line, RecordFormat } from "./format.ts";

/**
 * What `json()` throws. The analysis type has a class of this name and shape, and so does every bundle (its own copy): who
 * catches one tells it by its name.
 */
class InvalidRecord extends Error {
  readonly reason: string;

  constructor(reason: string, message: string) {
    super(message);
    this.name = "InvalidRecord";
    this.reason = reason;
  }
}

/** Of a JSON error's text no more is passed on: it quotes the data. */
const MESSAGE_CHARACTERS_MAX = 160;

export interface ViewedBlock {
  readonly key: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

export class View {
  readonly block: ViewedBlock;
  ordinal = 0;
  offset = 0;
  readonly #line: Line;
  readonly #format: RecordFormat;
  #bytes: Buffer | undefined;
  #text: string | undefined;
  #json: unknown;
  #parsed = false;

  /** `line` is where the splitter keeps the bounds of the record in hand. */
  constructor(block: ViewedBlock, format: RecordFormat, line: Line) {
    this.block = block;
    this.#format = format;
    this.#line = line;
  }

  /** Points at the record that `line` now holds. */
  move(ordinal: number, offset: number): void {
    this.ordinal = ordinal;
    this.offset = offset;
    this.#bytes = undefined;
    this.#text = undefined;
    this.#json = undefined;
    this.#parsed = false;
  }

  get bytes(): Uint8Array {
    return (this.#bytes ??= this.#line.bytes.subarray(this.#line.start, this.#line.end));
  }

  get id(): string {
    return this.#line.bytes.toString("utf8", this.#line.idStart, this.#line.idEnd);
  }

  /** Bytes that are not UTF-8 become U+FFFD. */
  text(): string {
    return (this.#text ??= this.#line.bytes.toString("utf8", this.#line.start, this.#line.end));
  }

  json(): unknown {
    if (!this.#parsed) {
      try {
        this.#json = JSON.parse(this.text());
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        throw new InvalidRecord("invalid-json", message.slice(0, MESSAGE_CHARACTERS_MAX));
      }
      this.#parsed = true;
    }
    return this.#json;
  }

  fields(): readonly string[] {
    return this.#format.fields(this);
  }
}
