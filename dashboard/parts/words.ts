/** Numbers, dates and buckets as the pages write them: one way everywhere, whatever the reader's language is set to. */
const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const precise = new Intl.NumberFormat("en", { maximumSignificantDigits: 4 });

/** A whole number: 12,345. */
export function count(n: number): string {
  return grouped.format(n);
}

/** Where there is little room: 12.3K. */
export function compact(n: number): string {
  return Math.abs(n) < 1000 ? precise.format(n) : short.format(n);
}

/** A statistic: four digits that count, and all whole ones. Null is what cannot be known. */
export function value(n: number | null): string {
  if (n === null) return "unknown";
  return Math.abs(n) >= 1000 ? grouped.format(n) : precise.format(n);
}

/** With a sign, for differences. */
export function signed(n: number): string {
  const text = value(Math.abs(n));
  if (text === "0") return "0";
  return `${n > 0 ? "+" : "\u2212"}${text}`;
}

/** A share from 0 to 1, in percent. */
export function percent(share: number): string {
  const hundredths = share * 100;
  if (hundredths > 0 && hundredths < 0.01) return "< 0.01 %";
  return `${hundredths >= 10 ? hundredths.toFixed(1) : precise.format(Number(hundredths.toFixed(2)))} %`;
}

/** At an axis, where a label says no more than its tick. */
export function percentTick(share: number): string {
  return `${precise.format(Number((share * 100).toFixed(6)))} %`;
}

/** One noun or many. */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** A noun that data has in the plural ("pings"), as it is said of so many. English, and no more of it than its regular endings. */
export function nounFor(n: number, many: string): string {
  if (n !== 1 || /(?:ser|spec)ies$/.test(many)) return many;
  // Caches, which have an e of their own, and batches, which have none.
  return many.replace(/(?:(?<=[^aeiou])ies|(?<=ss|x|(?<![^aeiou][ai])ch|sh)es|(?<=[^s])s)$/, (ending) =>
    ending === "ies" ? "y" : "",
  );
}

/** 2013-12-01 of 20131201. */
export function date(text: string): string {
  return /^\d{8}$/.test(text) ? `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}` : text;
}

/** 20131201 of 2013-12-01, or null when it is none. */
export function dateOfInput(text: string): string | null {
  const bare = text.replaceAll("-", "");
  return /^\d{8}$/.test(bare) ? bare : null;
}

/** A time in UTC to the minute, of ISO 8601. */
export function time(iso: string): string {
  const known = new Date(iso);
  return Number.isNaN(known.getTime())
    ? "an unknown time"
    : `${known.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** The bucket's bounds: [3, 7), or from 7 on where there is no upper one. */
export function bounds({ from, to }: { readonly from: number; readonly to: number | null }): string {
  return to === null ? `${value(from)} or more` : `[${value(from)}, ${value(to)})`;
}
