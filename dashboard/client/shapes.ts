/** Small checks of parsed JSON: what is read from a published site is anybody's until it was looked at. */
import { SiteFault, unexpected } from "./site-fault.ts";

export type Json = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isText(value: unknown): value is string {
  return typeof value === "string";
}

export function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isText);
}

/** Finite ones: JSON has numbers that no double holds. */
export function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every(Number.isFinite);
}

/** YYYYMMDD of a day that the calendar has. */
export function isDay(text: string): boolean {
  if (!/^\d{8}$/.test(text)) return false;
  const iso = text.replace(/(....)(..)/, "$1-$2-");
  const time = Date.parse(iso);
  // 30 February is the second of March to some.
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(iso);
}

/** A whole number from 0. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** An own member: `__proto__` is a name like any other. */
export function memberOf(object: Json, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** A name that leads nowhere else: no folders, no hidden files. Whatever else is in it is encoded in an address. */
export function isFileName(name: string): boolean {
  return /^[^./\\][^/\\]*$/.test(name);
}

/** That a file is an object of the version which is read here. Throws a SiteFault. */
export function requireFormat(file: string, json: unknown, format: number): asserts json is Json {
  if (!isObject(json)) throw unexpected(file, "is not an object");
  const found = memberOf(json, "format");
  if (found === format) return;
  const which = found === undefined ? "says no version" : `is of version ${JSON.stringify(found)}`;
  const hint = "publish the aggregate, or load the page, with the newer Spotfold";
  throw new SiteFault("version", file, `${which}; version ${format} is read here`, hint);
}
