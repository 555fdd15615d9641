import { RawClient, SHOW_V1 } from "./raw_client.ts";

/**
 * `unprivileged_client.ts SOCKET UID GID`: connects as another user, and prints what it is told.
 */
const [name = "", uid = "", gid = ""] = process.argv.slice(2);
process.setgroups?.([]);
process.setgid?.(Number(gid));
process.setuid?.(Number(uid));
using client = await RawClient.connect(name);
if (uid === "0" && gid === "0") client.send(SHOW_V1);
process.stdout.write(await client.answer());
