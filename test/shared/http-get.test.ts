import assert from "node:assert/strict";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { httpGet } from "../../shared/http-get.ts";
import { atEnd } from "../support/cleanup.ts";

/** More than sockets and streams keep for a reader who does not read. */
const body = Buffer.alloc(4 * 1_048_576, "x");

const head = (status: number, length: number, more = ""): string =>
  `HTTP/1.1 ${status} Something\r\nContent-Length: ${length}\r\n${more}\r\n`;

/** A URL that is answered by `answer`. */
async function serve(answer: (socket: Socket, request: string) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("data", (request) => answer(socket, request.toString()));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  atEnd(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/blob`;
}

async function bytesOf(stream: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0;
  for await (const chunk of stream) bytes += chunk.length;
  return bytes;
}

describe("httpGet", () => {
  it("waits for its reader, also when the server has closed the connection by then", async () => {
    for (const size of [64 * 1024, body.length]) {
      const url = await serve((socket) => {
        socket.write(head(200, size, "Connection: close\r\n"));
        socket.end(body.subarray(0, size));
      });
      const answer = await httpGet(url);
      await sleep(100);
      assert.equal(await bytesOf(answer.body), size);
    }
  });

  it("sends its headers, and takes what comes as it is", async () => {
    let asked = "";
    const url = await serve((socket, request) => {
      asked = request;
      socket.end(`${head(206, 3, "Content-Encoding: gzip\r\n")}abc`);
    });
    const answer = await httpGet(url, { "if-match": '"e"', range: "bytes=5-" });
    assert.equal(answer.status, 206);
    assert.equal(await bytesOf(answer.body), 3);
    assert.match(asked, /^GET \/blob HTTP\/1\.1\r\n/);
    assert.match(asked, /if-match: "e"\r\nrange: bytes=5-\r\n/i);
  });

  it("follows no redirect", async () => {
    const url = await serve((socket) => void socket.end(head(307, 0, "Location: http://127.0.0.1:1/\r\n")));
    const { status, body: nothing } = await httpGet(url);
    assert.equal(status, 307);
    nothing.destroy();
  });

  it("fails when the connection is cut, before or after the answer", async () => {
    const cut = await serve((socket) => {
      socket.write(head(200, body.length));
      socket.write(body.subarray(0, 1_000), () => socket.resetAndDestroy());
    });
    const begun = httpGet(cut);
    await assert.rejects(begun.then(async (answer) => await bytesOf(answer.body)));
    const short = await serve((socket) => void socket.end(`${head(200, 10)}abc`));
    await assert.rejects(bytesOf((await httpGet(short)).body));
    await assert.rejects(httpGet(await serve((socket) => void socket.destroy())));
    await assert.rejects(httpGet("http://127.0.0.1:1/nobody"), { code: "ECONNREFUSED" });
  });

  it("fails when the server is silent while its reader waits, and only then", async () => {
    await assert.rejects(httpGet(await serve(() => undefined), {}, 100), /silent/);
    const half = await serve((socket) => void socket.write(`${head(200, 10)}abc`));
    await assert.rejects(bytesOf((await httpGet(half, {}, 100)).body), /silent/);
    const whole = await serve((socket) => {
      socket.write(head(200, body.length));
      socket.write(body);
    });
    const answer = await httpGet(whole, {}, 100);
    await sleep(350);
    assert.equal(await bytesOf(answer.body), body.length);
  });
});
