/**
 * Sends a request to an abstract socket and reads the answer to its end.
 * @returns how long that takes, from before the connection, in ms.
 * @throws {Error} when there is no answer.
 */
export async function timedRequestMs(name: string, request: string): Promise<number> {
  const ended = Promise.withResolvers<void>();
  const begin = performance.now();
  let bytes = 0;
  await Bun.connect({
    unix: `\0${name}`,
    allowHalfOpen: true,
    socket: {
      open(socket) {
        socket.write(request);
      },
      data(_socket, piece) {
        bytes += piece.length;
      },
      end(socket) {
        socket.end();
        ended.resolve();
      },
      close() {
        ended.resolve();
      },
      error(_socket, error) {
        ended.reject(error);
      },
    },
  });
  await ended.promise;
  if (bytes === 0) throw new Error(`the server "${name}" gave no answer`);
  return performance.now() - begin;
}
