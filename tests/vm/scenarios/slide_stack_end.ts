import { PAGE_BYTES, swapOut, SWAPPED, whereabouts } from "../guest/address_space.ts";
import { setKernelSwap, swapOnZram } from "../guest/machine.ts";
import { Server } from "../guest/server.ts";
import { demand, note } from "../guest/demand.ts";
import {
  MIB,
  slideConfig,
  startProject,
  startTarget,
  stopProject,
  TASK,
} from "../guest/slide_trial.ts";
import type { Scenario } from "../scenario.ts";

/** Where user space ends on x86_64, and the stack with it where addresses are not random. */
const USER_END = 0x7fff_ffff_f000;

/**
 * A stack that ends where user space does, and of which every second page is in swap:
 * the others go too.
 */
function stackEnd(name: string, stackBytes: number, rounds: number): Scenario {
  return {
    name,
    deadlineSeconds: 300,
    async run(): Promise<void> {
      swapOnZram(512);
      setKernelSwap(false);
      const options = { sizeBytes: 8 * MIB, hot: "every:2", stackBytes } as const;
      using target = await startTarget(options, ["setarch", "-R"]);
      const start = target.processes()[0]?.stackStart ?? 0;
      const above = USER_END - start - stackBytes;
      demand(above >= 0 && above < 16 * PAGE_BYTES, `${above} bytes are above the cold stack`);
      const pages = stackBytes / PAGE_BYTES;
      const inSwap = (): number =>
        whereabouts(target.pid, start, stackBytes).filter((where) => where === SWAPPED).length;

      const second = (_: unknown, n: number): number => start + 2 * n * PAGE_BYTES;
      swapOut(target.pid, Array.from({ length: pages / 2 }, second));
      const holes = inSwap();
      demand(holes === pages / 2, `${holes} of ${pages / 2} pages were swapped out by hand`);

      const server = await Server.start();
      await server.add(slideConfig(target.pid));
      await startProject(server);
      const task = await server.untilRounds(TASK, rounds);
      await stopProject(server);
      const gone = inSwap();
      note({ pages, gone, rounds: task.rounds });
      for (const { number, scan_errors: errors } of task.rounds) {
        demand(errors === 0, `${errors} scan errors in round ${number}`);
      }
      demand(gone === pages, `only ${gone} of ${pages} cold pages of the stack are in swap`);
      const bad = await target.verify();
      demand(bad === 0, `the contents of ${bad} pages are wrong`);
    },
  };
}

export const slideStackEnd: readonly Scenario[] = [
  stackEnd("slide_stack_end", MIB, 1),
  // More runs than an answer can hold: the last pages are first looked at once those below are
  // gone, in round 2, and seem used in that one, for nobody has cleared their accessed bits before.
  stackEnd("slide_stack_end_full", 4 * MIB, 3),
];
