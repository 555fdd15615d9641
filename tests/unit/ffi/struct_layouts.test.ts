import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { IoVector } from "../../../ffi/process_madvise.ts";
import { compile } from "../../tools/fixtures/compile.ts";

const program = compile(join(import.meta.dir, "../../tools/fixtures/struct_layouts.c"));
const layout = JSON.parse(Bun.spawnSync([program]).stdout.toString()) as Record<string, number>;

describe("the C compiler's layout", () => {
  test("of struct iovec is that of IoVector", () => {
    const vector = new IoVector();
    vector.set(2, 0x1234_5678_9abc_d000, 0xfe_dcba_9876_5000);
    const bytes = new DataView(vector.words.buffer);
    const at = 2 * layout["struct iovec"]!;
    expect(bytes.getBigUint64(at + layout["struct iovec.iov_base"]!, true))
      .toBe(BigInt(0x1234_5678_9abc_d000));
    expect(bytes.getBigUint64(at + layout["struct iovec.iov_len"]!, true))
      .toBe(0xfe_dcba_9876_5000n);
    expect(vector.from(2).byteOffset).toBe(at);
  });

  test("of struct ucred is three numbers of 32 bits", () => {
    expect([
      layout["struct ucred"],
      layout["struct ucred.pid"],
      layout["struct ucred.uid"],
      layout["struct ucred.gid"],
    ]).toEqual([12, 0, 4, 8]);
  });

  test("of struct timespec is two numbers of 64 bits", () => {
    expect([
      layout["struct timespec"],
      layout["struct timespec.tv_sec"],
      layout["struct timespec.tv_nsec"],
    ]).toEqual([16, 0, 8]);
  });

  test("of the types in prototypes is 64 bits", () => {
    expect([layout["off_t"], layout["size_t"], layout["long"]]).toEqual([8, 8, 8]);
  });
});
