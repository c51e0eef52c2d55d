/** Names of published folders. Clients read them from the pointer and take nothing from them. */

/** Two such parts, stamp and suffix stay far below what a file system's name or a key's segment may have. */
const PART_LENGTH_MAX = 60;

/** `<stamp>-<version>-<channel>-<suffix>`. Whatever could mean something in a path or URL becomes `_`; the suffix keeps names apart. */
export function folderName(channel: string, version: string, stamp: string, suffix: string): string {
  return `${stamp}-${harmless(version)}-${harmless(channel)}-${suffix}`;
}

function harmless(part: string): string {
  return part.replaceAll(/[^A-Za-z0-9_.-]/g, "_").slice(0, PART_LENGTH_MAX);
}
