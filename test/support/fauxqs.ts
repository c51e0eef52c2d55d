/**
 * fauxqs, a server that speaks S3 and SQS, in this process: on a free loopback port, stopped at the end of the test or of the run.
 *
 * Its own `startFauxqs` listens on all addresses of the machine; so only the application is taken from it, and bound here. The
 * published version accepts `If-Match` and `If-None-Match` on writes and ignores both: no work store, but data and queues.
 */
import type { AddressInfo } from "node:net";
import { buildApp } from "fauxqs";
import { atEnd } from "./cleanup.ts";

export interface Fauxqs {
  readonly endpoint: string;
}

export async function startFauxqs(): Promise<Fauxqs> {
  const app = buildApp({ logger: false });
  await app.listen({ port: 0, host: "127.0.0.1" });
  atEnd(async () => {
    app.server.closeAllConnections();
    await app.close();
  });
  return { endpoint: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}` };
}
