/**
 * A network that is left by a proxy only, with a CA of its own: a certificate for `s3.test`, which no DNS knows, and a proxy
 * that makes tunnels to a server of the test, whatever host they are asked for. `needs("openssl")`.
 */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { connect } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { atEnd } from "./cleanup.ts";
import { tempDir } from "./temp.ts";

export const privateHost = "s3.test";

export interface Certificate {
  readonly key: string;
  readonly cert: string;
  /** Of the certificate, which is its own CA. */
  readonly file: string;
}

export async function makeCertificate(): Promise<Certificate> {
  const folder = tempDir("tls");
  const [key, file] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  const names = ["-subj", `/CN=${privateHost}`, "-addext", `subjectAltName=DNS:${privateHost}`];
  const out = ["-keyout", key, "-out", file];
  await promisify(execFile)("openssl", ["req", "-x509", ...curve, "-nodes", "-days", "2", ...names, ...out]);
  return { key: readFileSync(key, "utf8"), cert: readFileSync(file, "utf8"), file };
}

export interface Tunnel {
  /** `host:port` that was asked for. */
  readonly to: string;
  /** `user:password`, where they were sent. */
  readonly user: string | undefined;
}

export interface TunnelProxy {
  /** `127.0.0.1:port`. */
  readonly host: string;
  readonly tunnels: readonly Tunnel[];
}

/** Every tunnel ends at `port` here, or is refused with a status. Closed at the end of the test. */
export async function startTunnelProxy(
  end: { readonly port: number } | { readonly status: number },
): Promise<TunnelProxy> {
  const tunnels: Tunnel[] = [];
  const sockets = new Set<Socket>();
  const kept = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on("error", () => socket.destroy()).on("close", () => sockets.delete(socket));
  };
  const server = createServer((_, response) => void response.writeHead(405).end());
  server.on("connect", (request, socket: Socket, rest: Buffer) => {
    const basic = /^Basic (.+)$/.exec(request.headers["proxy-authorization"] ?? "")?.[1];
    const user = basic === undefined ? undefined : Buffer.from(basic, "base64").toString();
    tunnels.push({ to: request.url ?? "", user });
    kept(socket);
    if ("status" in end) {
      socket.end(`HTTP/1.1 ${end.status} Refused\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const target = kept(connect(end.port, "127.0.0.1"));
    target.on("close", () => socket.destroy());
    socket.on("close", () => target.destroy());
    socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
    target.write(rest);
    socket.pipe(target).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  atEnd(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, tunnels };
}
