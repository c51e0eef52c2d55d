/**
 * A file that appears whole or not at all, and never in place of another: written under a name of its own, made durable, and
 * linked to its name, which fails when that is taken, whoever was quicker.
 */
import { link, open, rm } from "node:fs/promises";
import { codeOf } from "../../shared/errors.ts";
import { translated } from "../../shared/local/system-errors.ts";
import type { Random } from "../../shared/ports/clock.ts";

const nameDigits = 8;

/** False when there is one already. Fails with what the system says, translated. */
export async function writeNew(path: string, text: string, random: Random): Promise<boolean> {
  const temporary = `${path}.${random.hex(nameDigits)}.tmp`;
  try {
    const file = await open(temporary, "wx");
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await link(temporary, path);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw translated(error, { store: `file:${path}`, path });
  } finally {
    await rm(temporary, { force: true });
  }
}
