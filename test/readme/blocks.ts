/** The fenced blocks of a Markdown text: files that a reader writes, commands that they run, and what is printed then. */

export type Step =
  | { readonly kind: "file"; readonly name: string; readonly text: string; readonly line: number }
  | {
      readonly kind: "commands";
      readonly text: string;
      /** Lines that are shown below it; empty when none are. */
      readonly shown: readonly string[];
      readonly line: number;
    };

interface Fence {
  readonly language: string;
  readonly text: string;
  readonly line: number;
}

function fencesOf(markdown: string): Fence[] {
  const fences: Fence[] = [];
  let open: { language: string; lines: string[]; line: number } | null = null;
  for (const [index, line] of markdown.split("\n").entries()) {
    if (!line.startsWith("```")) open?.lines.push(line);
    else if (open === null) open = { language: line.slice(3).trim(), lines: [], line: index + 1 };
    else {
      fences.push({ language: open.language, text: `${open.lines.join("\n")}\n`, line: open.line });
      open = null;
    }
  }
  if (open !== null) throw new Error(`the block that begins in line ${open.line} has no end`);
  return fences;
}

/** A block names its file in a comment in its first two lines: `// name.ts`. */
const fileName = /^(?:\{\n)?\s*\/\/ ([\w.-]+\.(?:ts|json))\b/;

export function stepsOf(markdown: string): Step[] {
  const steps: Step[] = [];
  const fences = fencesOf(markdown);
  for (const [index, { language, text, line }] of fences.entries()) {
    const next = fences[index + 1];
    const name = fileName.exec(text)?.[1];
    if (language === "sh") {
      const shown = next?.language === "text" ? next.text.split("\n").filter((shown) => shown.trim() !== "") : [];
      steps.push({ kind: "commands", text: text.trim(), shown, line });
    } else if (name !== undefined) {
      steps.push({ kind: "file", name, text, line });
    }
  }
  return steps;
}

/** Relative links, without their anchors. */
export function linksOf(markdown: string): string[] {
  return [...markdown.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => (match[1] ?? "").replace(/#.*$/, ""))
    .filter((link) => link !== "" && !/^[a-z]+:/.test(link));
}

/** A line without what differs from one run and machine to the next: ids, digests of places, times, ports, numbers of cores. */
export function shapeOf(line: string): string {
  return line
    .trimEnd()
    .replaceAll(/\b\d{8}-\d{6}-[0-9a-f]{8}\b/g, "<run>")
    .replaceAll(/(?<=[a-z]-)[0-9a-f]{8}\b/g, "<digest>")
    .replaceAll(/\b(in|took) \d+(?:\.\d+)? (?:s|min|h)(?: \d+ (?:s|min))?/g, "$1 <time>")
    .replaceAll(/"seconds":[\d.]+/g, '"seconds":<time>')
    .replaceAll(/\bin \d+ jobs?\b/g, "in <jobs>")
    .replaceAll(/127\.0\.0\.1:\d+/g, "127.0.0.1:<port>");
}

/** Also without numbers: of data that a random generator makes, which may be tuned. */
export function roughShapeOf(line: string): string {
  return shapeOf(line)
    .replaceAll(/\b[0-9a-f]{32}\b/g, "<hex>")
    .replaceAll(/\d[\d,.]*/g, "<n>")
    .replaceAll(/ +/g, " ");
}
