import { runDaemon } from "../../src/daemon/run_daemon.ts";

/** `unprivileged_server.ts OPTION...`: etmemd as a user that is not root. */
process.setgid?.(65534);
process.setuid?.(65534);
process.exit(await runDaemon(process.argv.slice(2)));
