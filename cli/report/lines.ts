/** How numbers, sizes and times look to people. */

const units = ["B", "KB", "MB", "GB", "TB"] as const;

/** `12.3 MB`, of 1,000 each. */
export function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** `1,234,567`. */
export function countText(count: number): string {
  return String(Math.round(count)).replaceAll(/\B(?=(\d{3})+$)/g, ",");
}

/** `1 block`, `2 blocks`. */
export function counted(count: number, one: string, many: string = `${one}s`): string {
  return `${countText(count)} ${count === 1 ? one : many}`;
}

/** `8 s`, `3 min 20 s`, `2 h 5 min`. */
export function timeText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
  return minutes % 60 === 0 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `2026-01-31 12:05:09 UTC`: the same on every machine. `?` for what no calendar has: times are read from files that anybody may write. */
export function whenText(ms: number): string {
  const at = new Date(ms);
  return Number.isNaN(at.getTime()) ? "?" : `${at.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
