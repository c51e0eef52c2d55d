import assert from "node:assert/strict";
import * as fc from "fast-check";
import {
  bareEtag,
  decodeListed,
  fitsUrl,
  fitsXml,
  isNewBucketName,
  mayExist,
  parseS3Place,
  quotedEtag,
} from "../../../shared/aws/keys.ts";
import { failsWith } from "../../support/blob-store-helpers.ts";
import { openS3 } from "../../support/s3-on-moto.ts";

/** As AWS does: a space as `+`, `/` and unreserved characters as they are, all else as percent escapes of UTF-8. */
function asAws(key: string): string {
  return Array.from(Buffer.from(key), (byte) => {
    const character = String.fromCharCode(byte);
    if (character === " ") return "+";
    return /[A-Za-z0-9/_.~-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }).join("");
}

const anyKey = fc.string({ unit: "binary", minLength: 1, maxLength: 40 });

describe("keys in S3", () => {
  it("come out of a list as they went in, whatever they hold", () => {
    fc.assert(
      fc.property(anyKey, (key) => {
        assert.equal(decodeListed(asAws(key)), key);
        assert.equal(decodeListed(encodeURIComponent(key)), key);
      }),
    );
    for (let byte = 0; byte < 0x80; byte++) {
      const key = `a${String.fromCharCode(byte)}b`;
      assert.equal(decodeListed(asAws(key)), key);
    }
    assert.equal(decodeListed("a+b%2Bc%2525+"), "a b+c%25 ");
    assert.equal(decodeListed("%c3%a9/%F0%9F%98%80"), "é/😀");
  });

  it("are refused when a list does not encode them", async () => {
    for (const text of ["100%", "%zz", "%FF"]) await failsWith("invalid-format", (async () => decodeListed(text))());
  });

  it("know which of them XML and URLs can carry, and which S3 cannot hold", () => {
    for (const key of ["a", "a b", "<&>\"'", "é😀", "a\\b"]) assert.ok(fitsXml(key), key);
    for (const key of ["a\u0000", "\n", "a\rb", "\u007F", "\u0085", "\uFFFE"])
      assert.ok(!fitsXml(key), JSON.stringify(key));
    for (const key of ["a", "...", "a/..b/.c", "%2e%2e"]) assert.ok(fitsUrl(key), key);
    for (const key of [".", "a/..", "../a", "a/./b"]) assert.ok(!fitsUrl(key), key);
    const place = parseS3Place("s3://bucket/pre");
    assert.ok(mayExist(place, "a".repeat(1_020)));
    for (const key of ["", "a".repeat(1_021), "é".repeat(511), "\uD800"]) assert.ok(!mayExist(place, key));
  });

  it("read places, and refuse what is none", async () => {
    assert.deepEqual(parseS3Place("s3://b"), { bucket: "b", root: "", name: "s3://b" });
    assert.deepEqual(parseS3Place("s3://b/"), { bucket: "b", root: "", name: "s3://b" });
    assert.deepEqual(parseS3Place("s3://b/p/q/"), { bucket: "b", root: "p/q/", name: "s3://b/p/q" });
    for (const text of ["s3:b", "s3://", "s3:///p", "file:/x"])
      await failsWith("usage", (async () => parseS3Place(text))());
  });

  it("refuse directory buckets by name, and ARNs; take an access point by its alias", async () => {
    for (const bucket of ["b--usw2-az1--x-s3", "points--usw2-az1--xa-s3"]) {
      const error = await failsWith("store-unfit", (async () => parseS3Place(`s3://${bucket}/p`))());
      assert.match(
        `${error.message} ${error.hint}`,
        /^s3:\/\/\w+--usw2-az1--xa?-s3\/p is in a directory bucket.*general/,
      );
      await failsWith("store-unfit", openS3("http://127.0.0.1:9", `s3://${bucket}`));
    }
    for (const end of [":point", "/point", "/point/object/p"]) {
      const text = `s3://arn:aws:s3:eu-west-1:123456789012:accesspoint${end}`;
      assert.match((await failsWith("usage", (async () => parseS3Place(text))())).hint ?? "", /-s3alias/);
    }
    const alias = "point-0123456789abcdefghijklmnopqrstuvwxyz-s3alias";
    assert.deepEqual(parseS3Place(`s3://${alias}/p`), { bucket: alias, root: "p/", name: `s3://${alias}/p` });
    for (const bucket of ["x-s3", "my-x-s3", "b--x-s3b"]) assert.equal(parseS3Place(`s3://${bucket}`).bucket, bucket);
  });

  it("know which names S3 gives to new buckets", () => {
    for (const bucket of ["abc", "a".repeat(63), "1-2.3", "my-runs"]) assert.ok(isNewBucketName(bucket), bucket);
    for (const bucket of ["ab", "a".repeat(64), "Abc", "a_b", "-ab", "ab.", "a..b", "127.0.0.1", "a b", "abc\n"])
      assert.ok(!isNewBucketName(bucket), bucket);
  });

  it("take quotes off etags and put them on, and change nothing else", () => {
    assert.equal(bareEtag('"abc-2"', "s"), "abc-2");
    assert.equal(bareEtag("abc", "s"), "abc");
    assert.equal(quotedEtag("abc-2"), '"abc-2"');
  });
});
