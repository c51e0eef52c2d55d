/** `/healthz` and `/metrics` as they are served: who is answered, with what, and that nobody holds up the end. */
import assert from "node:assert/strict";
import { request } from "node:http";
import { connect } from "node:net";
import { Health } from "../../../cli/metrics/health.ts";
import { startMetricsServer, type MetricsServer } from "../../../cli/metrics/server.ts";
import { atEnd } from "../../support/cleanup.ts";
import { ManualClock } from "../../support/manual-clock.ts";

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
}

function ask(port: number, path: string, options: { method?: string; host?: string } = {}): Promise<Answer> {
  const { method = "GET", host } = options;
  const headers = host === undefined ? {} : { host };
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path, method, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (more: string) => (text += more));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    sent.on("error", reject).end();
  });
}

describe("the server of /healthz and /metrics", () => {
  let health: Health;
  let server: MetricsServer;

  beforeEach(async () => {
    health = new Health({ daemon: "worker", id: "w", version: "1", clock: new ManualClock(), scale: 1 });
    server = await startMetricsServer({
      port: 0,
      health: () => health.report(),
      metrics: async () => await Promise.resolve({ type: "text/plain; version=0.0.4", text: "a 1\n" }),
    });
    atEnd(() => server.stop());
  });

  it("answers 503 with why until the daemon is well, and 200 then", async () => {
    const before = await ask(server.port, "/healthz");
    assert.deepEqual([before.status, (JSON.parse(before.text) as { status: string }).status], [503, "starting"]);
    health.started();
    const after = await ask(server.port, "/healthz?from=probe");
    assert.deepEqual([after.status, (JSON.parse(after.text) as { status: string }).status], [200, "ok"]);
    assert.equal(after.headers["cache-control"], "no-store");
    const metrics = await ask(server.port, "/metrics");
    assert.deepEqual(
      [metrics.status, metrics.text, metrics.headers["content-type"]],
      [200, "a 1\n", "text/plain; version=0.0.4"],
    );
  });

  it("takes GET and HEAD, these two paths, and this machine's own names", async () => {
    health.started();
    const head = await ask(server.port, "/metrics", { method: "HEAD" });
    assert.deepEqual([head.status, head.text, head.headers["content-length"]], [200, "", "4"]);
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
      const refused = await ask(server.port, "/metrics", { method });
      assert.deepEqual([refused.status, refused.headers["allow"]], [405, "GET, HEAD"], method);
    }
    for (const path of ["/", "/metrics/", "/healthz/../metrics", "/settings", "/%6detrics"])
      assert.equal((await ask(server.port, path)).status, 404, path);
    for (const host of ["evil.example", `evil.example:${server.port}`, "127.0.0.1.evil.example"])
      assert.equal((await ask(server.port, "/metrics", { host })).status, 403, host);
    for (const host of ["localhost", `localhost:${server.port}`, "[::1]"])
      assert.equal((await ask(server.port, "/metrics", { host })).status, 200, host);
  });

  it("names the port that is taken", async () => {
    const other = startMetricsServer({
      port: server.port,
      health: () => health.report(),
      metrics: async () => await Promise.reject(new Error("not asked")),
    });
    await assert.rejects(other, (error: { code?: string; message?: string }) => {
      assert.equal(error.code, "usage");
      assert.match(error.message ?? "", new RegExp(`The port ${server.port} for /healthz and /metrics is in use`));
      return true;
    });
  });

  it("ends although somebody holds a connection and says nothing", async () => {
    const idle = connect(server.port, "127.0.0.1");
    atEnd(() => void idle.destroy());
    const closed = new Promise<void>((resolve) => idle.on("error", () => undefined).on("close", () => resolve()));
    await new Promise<void>((resolve) => idle.once("connect", () => resolve()));
    idle.write("GET /metrics HTTP/1.1\r\nHost: localhost\r\n");
    await server.stop();
    await closed;
  });

  it("closes each connection behind its answer", async () => {
    health.started();
    const answer = await ask(server.port, "/healthz");
    assert.equal(answer.headers["connection"], "close");
  });
});
