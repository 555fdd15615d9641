import { doctor } from "../../src/cli/doctor.ts";

/** `unprivileged_doctor_client.ts UID`: what `etmem doctor --json` tells who is not root. */
const uid = Number(process.argv[2]);
process.setgroups?.([]);
process.setgid?.(uid);
process.setuid?.(uid);
const outcome = await doctor(
  { socket: undefined, project: undefined, file: undefined, json: true },
  {
    print: (text) => void process.stdout.write(text),
    stdout: 1,
    stderr: 2,
    complain: () => {},
    giveUpMs: 10_000,
  },
);
process.exitCode = outcome.ok ? 0 : 1;
