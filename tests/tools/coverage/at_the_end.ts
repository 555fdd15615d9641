import { afterAll } from "bun:test";

// Goes before the tests of an instrumented copy: `bun test` ends without an event for the process.
afterAll(() => {
  const dump: unknown = Reflect.get(globalThis, "dumpCoverage");
  if (typeof dump === "function") dump();
});
