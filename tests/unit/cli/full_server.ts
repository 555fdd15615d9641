// A server whose thread is blocked: it takes no connection until its standard input ends,
// then answers all.
import { readSync, writeSync } from "node:fs";

const name = process.argv[2] ?? "";
Bun.listen({
  unix: `\0${name}`,
  socket: {
    data: (socket) => {
      socket.write(Uint8Array.of(0xff));
      socket.end();
    },
  },
});
// The thread is not free any more from before anybody knows of it: whom it took would make room for
// another.
writeSync(1, "listening\n");
readSync(0, new Uint8Array(1));
setTimeout(() => process.exit(0), 30_000);
