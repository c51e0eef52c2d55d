/**
 * Saves what a figure shows as a file. A drawing is saved with the colours that it has on the page: styles are written into
 * attributes, for a file has neither this page's style sheet nor, in a picture of a page with a policy, any style of its own.
 */
import { wrapped } from "./wrap.ts";

/** What makes the look of what charts draw. */
const looks = [
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-width",
  "stroke-dasharray",
  "stroke-linejoin",
  "stroke-opacity",
  "opacity",
  "font-family",
  "font-size",
  "font-weight",
  "text-anchor",
] as const;

/** Twice as many pixels: sharp on screens of today. */
const pixelRatio = 2;
/** Around the drawing; a name of thousands of characters leaves room for it. */
const marginPx = 8;
const title = { sizePx: 13, linePx: 18, linesMax: 4 };
const caption = { sizePx: 11, linePx: 15, linesMax: 12 };
const svgNamespace = "http://www.w3.org/2000/svg";

export function saveText(name: string, type: string, text: string): void {
  saveBlob(name, new Blob([text], { type }));
}

function saveBlob(name: string, blob: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // The browser reads it after the click has been handled.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** The drawing with text above and below: what it shows, and what its numbers are of. */
export function drawingOf(svg: SVGSVGElement, shows: string, isOf: string): string {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const [from, to] = [svg.querySelectorAll("*"), copy.querySelectorAll("*")];
  for (const [i, element] of from.entries()) {
    const style = getComputedStyle(element);
    for (const look of looks) to[i]?.setAttribute(look, style.getPropertyValue(look));
    to[i]?.removeAttribute("class");
  }
  for (const element of copy.querySelectorAll("[data-save='no']")) element.remove();
  const { width, height } = svg.getBoundingClientRect();
  const paper = document.createElementNS(svgNamespace, "rect");
  const [above, below] = [linesOf(shows, width, title), linesOf(isOf, width, caption)];
  const [top, bottom] = [above.length * title.linePx + marginPx, below.length * caption.linePx + marginPx];
  const size = { width: String(width), height: String(height + top + bottom) };
  const shown = { x: "0", y: String(-top), ...size };
  for (const [name, value] of Object.entries({ ...shown, fill: colourOf("--card") })) {
    paper.setAttribute(name, value);
  }
  copy.prepend(paper);
  for (const [i, line] of above.entries()) {
    copy.append(textAt(line, (i + 1 - above.length) * title.linePx - 2, title.sizePx, colourOf("--ink")));
  }
  for (const [i, line] of below.entries()) {
    const y = height + (i + 1) * caption.linePx;
    copy.append(textAt(line, y, caption.sizePx, colourOf("--ink-soft")));
  }
  copy.setAttribute("xmlns", svgNamespace);
  copy.setAttribute("viewBox", `0 ${-top} ${size.width} ${size.height}`);
  copy.setAttribute("width", size.width);
  copy.setAttribute("height", size.height);
  copy.removeAttribute("class");
  return new XMLSerializer().serializeToString(copy);
}

/** What a token of the style sheet is in the theme that is shown: a file knows no themes. */
function colourOf(token: string): string {
  const probe = document.createElement("i");
  probe.style.color = `var(${token})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** As many as the width of the drawing asks for. */
function linesOf(
  text: string,
  width: number,
  { sizePx, linesMax }: { readonly sizePx: number; readonly linesMax: number },
): string[] {
  const pen = document.createElement("canvas").getContext("2d");
  if (pen === null) return [text];
  pen.font = `${sizePx}px sans-serif`;
  return wrapped(text, linesMax, (line) => pen.measureText(line).width <= width - 2 * marginPx);
}

function textAt(content: string, y: number, size: number, fill: string): SVGTextElement {
  const text = document.createElementNS(svgNamespace, "text");
  const attributes = { x: String(marginPx), y: String(y), fill, "font-size": `${size}px`, "font-family": "sans-serif" };
  for (const [name, value] of Object.entries(attributes)) text.setAttribute(name, value);
  text.textContent = content;
  return text;
}

export function saveSvg(name: string, drawing: string): void {
  saveText(name, "image/svg+xml", drawing);
}

/** Rejects when the browser cannot draw it. */
export async function savePng(name: string, drawing: string): Promise<void> {
  const url = URL.createObjectURL(new Blob([drawing], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = image.width * pixelRatio;
    canvas.height = image.height * pixelRatio;
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/png"));
    if (blob === null) throw new Error("the browser made no picture of it");
    saveBlob(name, blob);
  } finally {
    URL.revokeObjectURL(url);
  }
}
