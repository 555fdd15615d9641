import {
  BPF_PROG_TYPE_SYSCALL,
  BPF_PROG_TYPE_TRACING,
  linkIterator,
  loadProgram,
  openIteration,
  ProgramRefused,
  runProgram,
  SharedValue,
} from "../../ffi/bpf.ts";
import { errorCode, SystemCallError } from "../../ffi/errno.ts";
import { close, read } from "../../ffi/libc.ts";
import type { TableForm } from "./page_table_layout.ts";
import type { KernelFacts } from "./kernel_facts.ts";
import { PageTablesMissing } from "./page_tables_missing.ts";
import { FUNCTION_IDS, programBtf } from "./program_btf.ts";
import { WALK_BYTES } from "./walk_memory.ts";
import { type LoopKind, STEP_FUNCTION, WalkProgram } from "./walk_program.ts";
import { because } from "../reason/reasons.ts";

/**
 * How a thread has its program run: by BPF_PROG_TEST_RUN of a SYSCALL program (Linux 5.14), or by
 * the first read(2) of an iterator over tasks (Linux 5.8), which ends then. Both run in the thread
 * that asks.
 */
export type RunKind = "syscall" | "iterator";

/** A way to walk, of which a kernel may have some. */
export interface WalkVariant {
  readonly run: RunKind;
  readonly loop: LoopKind;
}

/** The ways, best first; a kernel that has bpf_loop has SYSCALL programs, too. */
export const WALK_VARIANTS: readonly WalkVariant[] = [
  { run: "syscall", loop: "bpf_loop" },
  { run: "iterator", loop: "bounded" },
];

const NAME = "etmem_walk";

/** A walk program in the kernel, with the value that it shares with this thread. */
export class LoadedWalk implements Disposable {
  readonly value: SharedValue;
  readonly #programFd: number;
  /** Of an iterator. */
  readonly #linkFd: number;
  readonly #own: DisposableStack;
  readonly #byte = new Uint8Array(1);

  /** @throws {ProgramRefused | SystemCallError} */
  constructor(
    { run, loop }: WalkVariant,
    facts: KernelFacts,
    form: TableForm,
  ) {
    using own = new DisposableStack();
    const descriptor = (fd: number): number => own.adopt(fd, close);
    this.value = own.use(new SharedValue(NAME, WALK_BYTES));
    const isIterator = run === "iterator";
    const program = new WalkProgram({
      loop,
      result: isIterator ? 1 : 0,
      valueFd: this.value.fd,
      offsets: facts.offsets,
      form,
    }).assemble();
    this.#programFd = descriptor(loadProgram({
      name: NAME,
      type: isIterator ? BPF_PROG_TYPE_TRACING : BPF_PROG_TYPE_SYSCALL,
      instructions: program.encode(),
      ...(isIterator && { attachBtfId: facts.taskIteratorId() }),
      ...(loop === "bpf_loop" && {
        functions: {
          btf: programBtf(),
          infos: Uint32Array.from([
            [0, FUNCTION_IDS.main],
            [program.positionOf(STEP_FUNCTION), FUNCTION_IDS.step],
          ].flat()),
        },
      }),
    }));
    this.#linkFd = isIterator ? descriptor(linkIterator(this.#programFd)) : -1;
    this.#own = own.move();
  }

  /** Has the program run once, in this thread. @throws {SystemCallError} */
  run(): void {
    if (this.#linkFd < 0) {
      runProgram(this.#programFd);
      return;
    }
    const fd = openIteration(this.#linkFd);
    try {
      read(fd, this.#byte, 1);
    } catch (error) {
      // The program ends the iteration like this at the first task.
      if (errorCode(error) !== "EAGAIN") throw error;
    } finally {
      close(fd);
    }
  }

  [Symbol.dispose](): void {
    this.#own.dispose();
  }
}

/**
 * Loads the best variant that this kernel takes.
 * @throws {PageTablesMissing} with what the kernel said of the last one. @throws {SystemCallError}
 */
export function loadWalk(
  facts: KernelFacts,
  form: TableForm,
  variants: readonly WalkVariant[] = WALK_VARIANTS,
): LoadedWalk {
  let refusal: unknown;
  for (const variant of variants) {
    try {
      return new LoadedWalk(variant, facts, form);
    } catch (error) {
      if (!(error instanceof ProgramRefused || isRefusal(error))) throw error;
      refusal = error;
    }
  }
  const { message } = refusal as Error;
  throw new PageTablesMissing(because("bpf_refused", message), { cause: refusal });
}

/** Kernels say EINVAL of a program type or a flag that they do not know. */
function isRefusal(error: unknown): error is SystemCallError {
  return error instanceof SystemCallError && ["EINVAL", "E2BIG", "EACCES"].includes(error.code);
}
