import {
  convert,
  Extensions,
  IncludeProcessor,
  LoggerManager,
  MemoryLogger,
  type PreprocessorReader,
} from "@asciidoctor/core";
import { dirname } from "node:path";
import type { ManualParts } from "./manual_parts.ts";

const PART = /^(?:synopsis|command|option|exit|keys?|engines|operation|function|struct):/;

/**
 * Makes a manual page in man(7) of an AsciiDoc file.
 * @param path of the AsciiDoc file, whose other includes are files beside it.
 * @param parts where the includes of parts come from.
 * @param version of the program.
 * @throws {Error} for an unknown part, and for each warning of Asciidoctor.
 */
export async function convertManual(
  path: string,
  parts: ManualParts,
  version: string,
): Promise<string> {
  class PartProcessor extends IncludeProcessor {
    override handles(_document: unknown, target: string): boolean {
      return PART.test(target);
    }

    override process(
      _document: unknown,
      reader: PreprocessorReader,
      target: string,
      attributes: Record<string, string>,
    ): void {
      reader.pushInclude([...parts.take(target)], target, target, 1, attributes);
    }
  }
  const messages = MemoryLogger.create();
  LoggerManager.setLogger(messages);
  const page = await convert(await Bun.file(path).text(), {
    backend: "manpage",
    doctype: "manpage",
    standalone: true,
    safe: "safe",
    base_dir: dirname(path),
    extension_registry: Extensions.create("parts", function (this: Registry) {
      this.includeProcessor(new PartProcessor());
    }),
    // Without the date of the build two builds of one version are the same.
    attributes: { reproducible: "", mansource: `etmem ${version}`, manmanual: "etmem" },
  });
  const complaints = messages.getMessages().map((message) => JSON.stringify(message));
  if (complaints.length > 0) throw new Error(`Cannot convert "${path}": ${complaints.join("; ")}`);
  if (typeof page !== "string") throw new Error(`Cannot convert "${path}": there is no page`);
  return page.endsWith("\n") ? page : `${page}\n`;
}

/** What the function of a registry's group is called on. */
interface Registry {
  includeProcessor(processor: IncludeProcessor): unknown;
}
