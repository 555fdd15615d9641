/** A kind of machine that etmem is built for. */
interface Architecture {
  /** As `uname -m` and rpm have it. */
  readonly name: "x86_64" | "aarch64";
  /** As process.arch has it. */
  readonly nodeName: string;
  /** Bun's name for the executables that it compiles. */
  readonly target: "bun-linux-x64-baseline" | "bun-linux-arm64";
  /** The npm package that brings the Bun which the executable is made of. */
  readonly bunPackage: string;
}

/** All that there are. x86_64 is the baseline Bun, which needs no AVX2. */
const ARCHITECTURES: readonly Architecture[] = [
  {
    name: "x86_64",
    nodeName: "x64",
    target: "bun-linux-x64-baseline",
    bunPackage: "@oven/bun-linux-x64-baseline",
  },
  {
    name: "aarch64",
    nodeName: "arm64",
    target: "bun-linux-arm64",
    bunPackage: "@oven/bun-linux-aarch64",
  },
];

/** @param name as `uname -m` has it. @throws {RangeError} when there is none of the name. */
export function architectureOf(name: string): Architecture {
  const found = ARCHITECTURES.find((one) => one.name === name);
  if (found !== undefined) return found;
  const known = ARCHITECTURES.map((one) => one.name).join(", ");
  throw new RangeError(`Cannot build for "${name}": known are ${known}`);
}

/** The architecture of this machine. @throws {RangeError} when it is none of them. */
export function nativeArchitecture(): Architecture {
  const found = ARCHITECTURES.find((one) => one.nodeName === process.arch);
  return found ?? architectureOf(process.arch);
}
