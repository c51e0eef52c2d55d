/**
 * Calendar days as text: `YYYYMMDD`, in UTC. Compared as strings they are in order of time. No time zones, no clock: the
 * caller passes the time in.
 */

const dayMs = 86_400_000;

/** A date of which a key has shown some parts so far; each is the digits as written. */
export interface DateParts {
  year?: string;
  month?: string;
  day?: string;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Whether the parts that are known can belong to a day that exists. Year 0 does not. */
export function mayBeDate(parts: DateParts): boolean {
  if (parts.year !== undefined && Number(parts.year) === 0) return false;
  if (parts.month === undefined) return parts.day === undefined || (Number(parts.day) >= 1 && Number(parts.day) <= 31);
  const month = Number(parts.month);
  if (month < 1 || month > 12) return false;
  if (parts.day === undefined) return true;
  // A leap year stands in for a year that is not known yet.
  const year = parts.year === undefined ? 2000 : Number(parts.year);
  return Number(parts.day) >= 1 && Number(parts.day) <= daysIn(year, month);
}

/** `YYYYMMDD` of a day that exists. */
export function isDate(text: string): boolean {
  return (
    /^[0-9]{8}$/.test(text) && mayBeDate({ year: text.slice(0, 4), month: text.slice(4, 6), day: text.slice(6, 8) })
  );
}

/** The last day of the month of a day that exists. */
export function lastDayOfMonth(date: string): string {
  return date.slice(0, 6) + String(daysIn(Number(date.slice(0, 4)), Number(date.slice(4, 6))));
}

/**
 * The first and last text that a date with these parts may have, bounds included; the last day is 31 for every month,
 * which is right for comparing. Null while the year is not known.
 */
export function rangeOf(parts: DateParts): { readonly min: string; readonly max: string } | null {
  if (parts.year === undefined) return null;
  if (parts.month === undefined) return { min: `${parts.year}0101`, max: `${parts.year}1231` };
  const month = parts.year + parts.month;
  return parts.day === undefined
    ? { min: `${month}01`, max: `${month}31` }
    : { min: month + parts.day, max: month + parts.day };
}

/** The day that `atMs` (ms since the epoch) falls on. */
export function dateOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10).replaceAll("-", "");
}

/** Days since the epoch; for distances between dates. */
export function dayNumber(date: string): number {
  const at = new Date(0).setUTCFullYear(
    Number(date.slice(0, 4)),
    Number(date.slice(4, 6)) - 1,
    Number(date.slice(6, 8)),
  );
  return at / dayMs;
}

/** The day `days` after `date` (before it, when negative). */
export function addDays(date: string, days: number): string {
  return dateOf((dayNumber(date) + days) * dayMs);
}
