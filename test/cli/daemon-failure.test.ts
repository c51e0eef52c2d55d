/** A daemon that cannot begin says why as every line of its log is said: in JSON. */
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { master } from "../../cli/commands/master.ts";
import { worker } from "../../cli/commands/worker.ts";
import { atEnd } from "../support/cleanup.ts";
import { tempDir } from "../support/temp.ts";
import { capturedIo } from "./captured-io.ts";

async function takenPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  atEnd(() => void server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return address.port;
}

describe("a daemon whose port is taken", function failureSuite() {
  this.timeout(30_000);

  for (const [name, command] of [
    ["master", master],
    ["worker", worker],
  ] as const) {
    it(`is a ${name} that failed, in its log, and ends with the code of a wrong flag`, async () => {
      const port = await takenPort();
      const captured = capturedIo(tempDir("taken-port"));
      assert.equal(await command({ metricsPort: String(port) }, captured.io), 2);
      const lines = captured.err().trimEnd().split("\n");
      const events = lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
      assert.deepEqual(
        events.map(({ event }) => event),
        ["settings", "daemon-failed", "daemon-ended"],
      );
      const { level, daemon, code, message, hint, [name]: id } = events[1] ?? {};
      assert.deepEqual([level, daemon, code, typeof id], ["error", name, "usage", "string"]);
      assert.equal(message, `The port ${port} for /healthz and /metrics is in use`);
      assert.match(String(hint), /--metrics-port/);
      assert.equal(events[2]?.["status"], 2);
    });
  }
});
