/** A counting proxy (bench/counting-proxy.ts) that is closed at the end of the test. */
import { startCountingProxy as start, type CountingProxy } from "../../bench/counting-proxy.ts";
import { atEnd } from "./cleanup.ts";

export type { Counted, CountingProxy } from "../../bench/counting-proxy.ts";

export async function startCountingProxy(target: string): Promise<CountingProxy> {
  const proxy = await start(target);
  atEnd(proxy.close);
  return proxy;
}
