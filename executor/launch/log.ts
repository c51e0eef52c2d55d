/** The attempt's log as JSON lines: rejections, each once however often its block was redone, and what was printed. */

/** Printed text of one attempt, all passes together. */
const printedCharsMax = 1024 * 1024;

/** An attempt may be redone 33 times; what is logged twice is dropped, and this bounds the rest. */
const linesMax = 4_000;

export class AttemptLog {
  readonly #lines = new Set<string>();
  readonly #printed: string[] = [];
  #room = printedCharsMax;

  line(line: string): void {
    if (this.#lines.size < linesMax) this.#lines.add(line);
  }

  printed(text: string): void {
    const kept = text.slice(0, Math.max(0, this.#room));
    this.#room -= kept.length;
    for (const line of kept.split("\n")) if (line !== "") this.#printed.push(JSON.stringify({ printed: line }));
  }

  bytes(): Uint8Array {
    return Buffer.from([...this.#lines, ...this.#printed].map((line) => `${line}\n`).join(""));
  }
}
