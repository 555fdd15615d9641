/**
 * Makes one executable of a driver and its scenarios. @throws {Error} with the bundler's messages.
 */
export async function compileDriver(entrypoint: string, outfile: string): Promise<void> {
  const built = await Bun.build({
    entrypoints: [entrypoint],
    compile: { outfile, autoloadDotenv: false, autoloadBunfig: false },
    throw: false,
  });
  if (!built.success) throw new AggregateError(built.logs, `Cannot compile "${entrypoint}"`);
}
