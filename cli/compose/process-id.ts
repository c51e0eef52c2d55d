/**
 * Names of processes: `<host>-<pid>-<start>-<random>`. The name says whether the process is one of this machine and has died:
 * then what it held may be given back at once, instead of when its leases run out. `start` tells a process from a later one
 * with the same number, where the system says it (Linux).
 */
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { codeOf } from "../../shared/errors.ts";
import type { Random } from "../../shared/ports/clock.ts";

/** Long names of machines are cut: the name is a part of keys. */
const hostCharsMax = 40;
const randomDigits = 8;
const namePattern = /^(.+)-([1-9][0-9]*)-([0-9]+)-[0-9a-f]{8}$/;

function host(): string {
  const name = hostname()
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "");
  return (name === "" ? "host" : name).slice(0, hostCharsMax);
}

/** In ticks since the machine started; "0" where the system does not say. Null when there is no such process. */
function startOf(pid: number): string | null {
  if (process.platform !== "linux") return isThere(pid) ? "0" : null;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field, the program's name, may hold anything; the 22nd is the start, the third the state.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? null : (fields[19] ?? "0");
  } catch {
    return null;
  }
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

export function newProcessName(random: Random): string {
  return `${host()}-${process.pid}-${startOf(process.pid) ?? "0"}-${random.hex(randomDigits)}`;
}

/** True only when the name is one of this machine's and its process is gone. */
export function isDeadHere(name: string): boolean {
  const match = namePattern.exec(name);
  if (match === null || match[1] !== host()) return false;
  return startOf(Number(match[2])) !== match[3];
}
