/** Begins to listen on one address. Rejects with the system's error (`EADDRINUSE`, `EACCES`, ...): callers know whose port it is. */
import type { Server } from "node:http";

/** `port` 0: any that is free. */
export async function listen(server: Server, port: number, host: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, host, exclusive: true }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
