/** Where the stores of tests' processes lie, so that what they call can be told by its part (aws-calls.ts). */

const stores = new Set<string>();
const webs = new Set<string>();

const asPrefix = (place: string): string => `${place.replace(/^s3:\/\//, "").replace(/\/+$/, "")}/`;

/** Of a process that a test starts: its environment and its arguments. */
export function notePlaces(env: Readonly<Record<string, string | undefined>>, args: readonly string[]): void {
  for (const [known, variable, flag] of [
    [stores, "SPOTFOLD_STORE", "--store"],
    [webs, "SPOTFOLD_WEB", "--web"],
  ] as const) {
    const given = args.indexOf(flag) < 0 ? env[variable] : args[args.indexOf(flag) + 1];
    if (given?.startsWith("s3://") === true) known.add(asPrefix(given));
  }
}

/** The part that `bucket/key` lies in, and the key in it; undefined where no store of a process was named. */
export function partOf(path: string): { readonly part: "store" | "web"; readonly key: string } | undefined {
  const inside = (places: ReadonlySet<string>): string | undefined =>
    [...places].toSorted((a, b) => b.length - a.length).find((prefix) => `${path}/`.startsWith(prefix));
  const store = inside(stores);
  if (store !== undefined) return { part: "store", key: path.slice(store.length) };
  const web = inside(webs);
  return web === undefined ? undefined : { part: "web", key: path.slice(web.length) };
}
