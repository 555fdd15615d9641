import { mock } from "bun:test";

// For `bun test --preload`: the page size is TEST_PAGE_SIZE bytes, as on kernels of aarch64 that
// Bun's engine refuses to start on. Only for tests that look at no real memory.
const libc = { ...await import("../../../ffi/libc.ts") };
const PAGE_SIZE = Number(process.env["TEST_PAGE_SIZE"]);
await mock.module("../../../ffi/libc.ts", () => ({ ...libc, PAGE_SIZE }));
