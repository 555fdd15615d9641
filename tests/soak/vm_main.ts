import { setKernelSwap, swapOnZram } from "../vm/guest/machine.ts";
import { Random } from "./random.ts";
import { reportLines } from "./report.ts";
import { Soak } from "./soak.ts";
import { SoakServer } from "./soak_server.ts";

/**
 * The soak inside the test VM, whose kernel has the etmem interface: nobody else swaps there, and the kernel does
 * not by itself. Its argument is soak_SECONDS_SEED.
 */
const BIN = "/tmp/bin";
const SWAP_MIB = 768;

const [, seconds = "60", seed = "1"] = (process.argv[2] ?? "").split("_");
swapOnZram(SWAP_MIB);
setKernelSwap(false);
const server = await SoakServer.start(BIN, () => {});
const checks = await new Soak(
  { seconds: Number(seconds), rests: 0, pace: 5 },
  server,
  `${BIN}/soak_target`,
  new Random(Number(seed)),
).run(new AbortController().signal);
await server.release();
for (const line of reportLines(checks)) console.log(line);
process.exit(0);
