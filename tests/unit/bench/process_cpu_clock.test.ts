import { expect, test } from "bun:test";
import { processCpuSeconds } from "../../../bench/process_cpu_clock.ts";

test("processCpuSeconds() counts what a process used, its ended threads included", async () => {
  const before = processCpuSeconds(process.pid);
  const source = "const start = process.cpuUsage(); while (process.cpuUsage(start).user < 1e5);";
  const worker = new Worker(URL.createObjectURL(new Blob([source])));
  await new Promise((resolve) => worker.addEventListener("close", resolve));
  const { user, system } = process.cpuUsage();
  const used = processCpuSeconds(process.pid);
  expect(used - before).toBeGreaterThan(0.04);
  expect(Math.abs(used - (user + system) / 1e6)).toBeLessThan(0.5);
});

test("processCpuSeconds() throws when there is no such process", () => {
  expect(() => processCpuSeconds(4_194_303)).toThrow("ESRCH");
});
