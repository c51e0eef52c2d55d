/** Makes PNG files smaller without changing a pixel: browsers compress for speed, files in a repository are read for years. */
import { crc32, deflateSync, inflateSync } from "node:zlib";

const signatureBytes = 8;
/** Length and type before a chunk's data; a checksum behind it. */
const [headBytes, sumBytes] = [8, 4];

/** Throws a RangeError or zlib's error for what is no whole PNG. */
export function smallerPng(png: Buffer): Buffer {
  const kept: Buffer[] = [png.subarray(0, signatureBytes)];
  const pixels: Buffer[] = [];
  for (let at = signatureBytes; at < png.length;) {
    const dataBytes = png.readUInt32BE(at);
    const end = at + headBytes + dataBytes + sumBytes;
    const type = png.toString("latin1", at + 4, at + headBytes);
    if (type === "IDAT") pixels.push(png.subarray(at + headBytes, end - sumBytes));
    if (type === "IEND") kept.push(chunk("IDAT", smallest(inflateSync(Buffer.concat(pixels)))));
    if (type === "IHDR" || type === "IEND") kept.push(png.subarray(at, end));
    at = end;
  }
  const smaller = Buffer.concat(kept);
  return smaller.length < png.length ? smaller : png;
}

function smallest(bytes: Buffer): Buffer {
  const tried = [0, 1, 3].map((strategy) => deflateSync(bytes, { level: 9, memLevel: 9, strategy }));
  return tried.reduce((best, own) => (own.length < best.length ? own : best));
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const [size, sum] = [Buffer.alloc(4), Buffer.alloc(sumBytes)];
  size.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([size, named, sum]);
}
