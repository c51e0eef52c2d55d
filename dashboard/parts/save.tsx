/**
 * Saves what a figure shows as a file that stands alone: the drawing, what it shows above it, what its marks mean and what its numbers
 * are of below. It is put together on the page for a moment, unseen, to have the style sheet's looks; these are then written into
 * attributes, for a file has neither this page's style sheet nor, in a picture of a page with a policy, any style of its own.
 *
 * It is light, as paper is, unless the reader chose the dark theme: what suits a screen at night suits no document.
 */
import { flow } from "./flow.ts";
import type { Mark, Picture } from "./picture.ts";
import { wrapped } from "./wrap.ts";
import { xmlText } from "./xml-text.ts";

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
const title = { look: "picture-ink", sizePx: 14, linePx: 19, linesMax: 2, weight: 600 };
const about = { look: "picture-soft", sizePx: 11.5, linePx: 16, linesMax: 6, weight: 400 };
const basis = { look: "picture-soft", sizePx: 11, linePx: 15, linesMax: 12, weight: 400 };
const legend = { look: "picture-ink", sizePx: 12, linePx: 19, linesMax: 1, weight: 400 };
/** Of a mark in the legend, and around it. */
const swatch = { widthPx: 22, boxPx: 11, gapPx: 6, betweenPx: 16 };
/** What measures a text here and what draws it in the file have it. */
const fontFamily = "sans-serif";
const svgNamespace = "http://www.w3.org/2000/svg";

type TextKind = typeof title;

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

/** The drawing with all that it needs to be understood, as SVG. */
export function drawingOf(svg: SVGSVGElement, picture: Picture): string {
  const { width, height } = svg.getBoundingClientRect();
  const copy = svg.cloneNode(true) as SVGSVGElement;
  for (const element of copy.querySelectorAll("[data-save='no']")) element.remove();
  const room = width - 2 * marginPx;
  const heads = [
    [linesOf(picture.title, room, title), title],
    [linesOf(picture.about, room, about), about],
  ] as const;
  const top = heads.reduce((sum, [lines, { linePx }]) => sum + lines.length * linePx, marginPx);
  let y = -top;
  for (const [lines, kind] of heads) {
    for (const line of lines) copy.append(textAt(line, marginPx, (y += kind.linePx) - 2, kind));
  }
  y = height + marginPx;
  y += appendLegend(copy, picture.marks, y, room);
  for (const line of linesOf(picture.basis, room, basis)) {
    copy.append(textAt(line, marginPx, (y += basis.linePx), basis));
  }
  const whole = { y: -top, width, height: y + marginPx + top };
  copy.prepend(made("rect", { class: "picture-paper", x: 0, ...whole }));
  writeLooks(copy, svg);
  setAll(copy, { xmlns: svgNamespace, viewBox: `0 ${-top} ${width} ${whole.height}`, width, height: whole.height });
  return xmlText(new XMLSerializer().serializeToString(copy));
}

/** How high it is; 0 without marks. */
function appendLegend(copy: SVGSVGElement, marks: readonly Mark[], top: number, room: number): number {
  const before = swatch.widthPx + swatch.gapPx;
  const pen = penOf(legend);
  const texts = marks.map(({ name, note }) => {
    const behind = note === "" ? "" : ` (${note})`;
    const [cut = ""] = wrapped(name, 1, (line) => pen(line + behind) <= room - before);
    return cut + behind;
  });
  const places = flow(
    texts.map((text) => before + pen(text)),
    room,
    swatch.betweenPx,
  );
  for (const [i, { shape, look, markLook }] of marks.entries()) {
    const { row, x } = places[i] ?? { row: 0, x: 0 };
    const [left, middle] = [marginPx + x, top + (row + 0.5) * legend.linePx];
    const group = made("g", { class: look });
    group.append(
      shape === "line"
        ? made("path", { class: markLook, d: `M${left},${middle}H${left + swatch.widthPx}` })
        : made("rect", {
            class: markLook,
            x: left + swatch.widthPx - swatch.boxPx,
            y: middle - swatch.boxPx / 2,
            width: swatch.boxPx,
            height: swatch.boxPx,
          }),
    );
    copy.append(group, textAt(texts[i] ?? "", left + before, middle + 4, legend));
  }
  const rows = (places.at(-1)?.row ?? -1) + 1;
  return rows * legend.linePx;
}

/** Into attributes, from how it looks beside the drawing that it is a copy of. */
function writeLooks(copy: SVGSVGElement, beside: SVGSVGElement): void {
  const root = document.documentElement;
  const isThemeChosen = root.dataset["theme"] !== undefined;
  if (!isThemeChosen) root.dataset["theme"] = "light";
  copy.classList.add("picture");
  beside.after(copy);
  try {
    for (const element of copy.querySelectorAll("*")) {
      const style = getComputedStyle(element);
      for (const look of looks) element.setAttribute(look, style.getPropertyValue(look));
    }
    for (const element of [copy, ...copy.querySelectorAll("[class]")]) element.removeAttribute("class");
  } finally {
    copy.remove();
    if (!isThemeChosen) delete root.dataset["theme"];
  }
}

/** As many as the width of the drawing asks for. */
function linesOf(text: string, room: number, kind: TextKind): string[] {
  const pen = penOf(kind);
  return wrapped(text, kind.linesMax, (line) => pen(line) <= room);
}

/** How wide a text is. */
function penOf({ sizePx, weight }: TextKind): (text: string) => number {
  const pen = document.createElement("canvas").getContext("2d");
  if (pen === null) return (text) => text.length * sizePx;
  pen.font = `${weight} ${sizePx}px ${fontFamily}`;
  return (text) => pen.measureText(text).width;
}

function textAt(content: string, x: number, y: number, { look, sizePx, weight }: TextKind): SVGElement {
  const font = { "font-family": fontFamily, "font-size": `${sizePx}px`, "font-weight": weight };
  const text = made("text", { class: look, x, y, ...font });
  text.textContent = content;
  return text;
}

function made(name: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const element = document.createElementNS(svgNamespace, name);
  setAll(element, attributes);
  return element;
}

function setAll(element: SVGElement, attributes: Readonly<Record<string, string | number>>): void {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
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
