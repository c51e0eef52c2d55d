/**
 * `npm run liblzma -- --source xz-5.8.3.tar.xz --zig /path/to/zig`: compiles shared/codecs/liblzma.wasm from liblzma's own sources,
 * unchanged, and says whether that is the file which the checkout has; `--write` puts it there (docs/decisions/0003-codecs.md).
 *
 *   --source   the release as its makers publish it (Debian's xz-utils_5.8.3.orig.tar.xz is the same file)
 *   --zig      the compiler: of the package `ziglang` of PyPI, 0.15.2; other versions give other bytes
 *
 * The same sources and compiler give the same bytes, on any machine and from any folder. Only needed for a newer liblzma.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { liblzmaFile } from "../shared/codecs/liblzma.ts";

const release = "xz-5.8.3";
const sourceSha256 = "fff1ffcf2b0da84d308a14de513a1aa23d4e9aa3464d17e64b9714bfdd0bbfb6";
const zigVersion = "0.15.2";

const words = (text: string): string[] => text.trim().split(/\s+/);

const machines = words("x86 arm armthumb arm64 powerpc ia64 sparc riscv");

/** Below src/liblzma: what decodes `.lzma` and `.xz`, with all of its filters and checks, and nothing that encodes. */
const sources = words(`
  common/common common/auto_decoder common/alone_decoder common/stream_decoder common/stream_flags_common
  common/stream_flags_decoder common/block_decoder common/block_header_decoder common/block_util common/filter_common
  common/filter_decoder common/filter_flags_decoder common/index_hash common/vli_decoder common/vli_size
  check/check check/crc32_fast check/crc64_fast check/sha256 lz/lz_decoder lzma/lzma_decoder lzma/lzma2_decoder
  delta/delta_common delta/delta_decoder simple/simple_coder simple/simple_decoder
`).concat(machines.map((machine) => `simple/${machine}`));

const decoders = ["LZMA1", "LZMA2", "DELTA", ...machines.map((machine) => machine.toUpperCase())];

/** The last one: bits without branches, in C, which liblzma has for machines without its assembler. 1.1 times as fast. */
const defines = words(`
  HAVE_STDINT_H HAVE_STDBOOL_H HAVE_STRING_H HAVE_INTTYPES_H HAVE_DECODERS NDEBUG
  HAVE_CHECK_CRC32 HAVE_CHECK_CRC64 HAVE_CHECK_SHA256 TUKLIB_FAST_UNALIGNED_ACCESS LZMA_RANGE_DECODER_CONFIG=3
`).concat(decoders.map((name) => `HAVE_DECODER_${name}`));

const flags = words(`
  -target wasm32-wasi -mexec-model=reactor -mcpu=generic+bulk_memory -std=gnu99 -O3
  -fvisibility=hidden -Wl,--strip-all -Wl,--gc-sections -Wl,--max-memory=268435456
`);

const exported = words("lzma_auto_decoder lzma_code lzma_end malloc free");

const target = join(dirname(dirname(fileURLToPath(import.meta.url))), "shared/codecs", liblzmaFile);

/** Answers with the module's bytes. Throws what tar or the compiler says. */
function compile(source: string, zig: string, folder: string): Buffer {
  execFileSync("tar", ["-xf", source, "-C", folder], { stdio: "inherit" });
  const root = join(release, "src");
  const include = words("api common check lz lzma rangecoder delta simple").map((name) => `liblzma/${name}`);
  const args = [
    "cc",
    ...flags,
    ...exported.map((name) => `-Wl,--export=${name}`),
    ...defines.map((name) => `-D${name}`),
    ...[...include, "common"].map((name) => `-I${root}/${name}`),
    "-o",
    liblzmaFile,
    ...sources.map((name) => `${root}/liblzma/${name}.c`),
  ];
  execFileSync(zig, args, { cwd: folder, stdio: "inherit" });
  return readFileSync(join(folder, liblzmaFile));
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function check(what: string, found: string, expected: string): void {
  if (found !== expected) throw new Error(`${what} is ${found}, not ${expected}`);
}

function main(): void {
  const { values } = parseArgs({
    options: {
      source: { type: "string", default: `${release}.tar.xz` },
      zig: { type: "string", default: "zig" },
      write: { type: "boolean", default: false },
    },
  });
  const source = resolve(values.source);
  // A bare name is looked for in PATH.
  const zig = values.zig.includes("/") ? resolve(values.zig) : values.zig;
  if (!existsSync(source)) {
    throw new Error(`${source} is not there: get ${release}.tar.xz from https://tukaani.org/xz/, or say --source FILE`);
  }
  check(`the SHA-256 of ${source}`, sha256(readFileSync(source)), sourceSha256);
  check(`the version of ${zig}`, versionOf(zig), zigVersion);
  const folder = mkdtempSync(join(tmpdir(), "spotfold-liblzma-"));
  try {
    const bytes = compile(source, zig, folder);
    if (values.write) writeFileSync(target, bytes);
    check(`the SHA-256 of ${target}`, sha256(readFileSync(target)), sha256(bytes));
    console.log(`${target} is what these sources give: ${bytes.length} bytes, SHA-256 ${sha256(bytes)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function versionOf(zig: string): string {
  try {
    return execFileSync(zig, ["version"], { encoding: "utf8" }).trim();
  } catch (error) {
    const how = `pip install ziglang==${zigVersion}, and say where it is with --zig`;
    throw new Error(`${zig} does not run: ${how}`, { cause: error });
  }
}

try {
  main();
} catch (error) {
  console.error(`liblzma: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
