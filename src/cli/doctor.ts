import { type DoctorOrder, runDoctor } from "../doctor/run_doctor.ts";
import type { ServerAnswer } from "../doctor/patient.ts";
import { formatRequestV2 } from "../rpc/request_v2.ts";
import { formatCount } from "../text/quantities.ts";
import type { ClientSurroundings } from "./command.ts";
import { Connection, NoAnswer } from "./connection.ts";
import { diagnosisDocument, formatDiagnosis } from "./format_diagnosis.ts";
import { type Outcome, readAnswerV2 } from "./read_answer.ts";
import { readStatus } from "./read_status.ts";

/** Carries out `etmem doctor`. @throws {OutputError} */
export async function doctor(
  order: DoctorOrder & { readonly json: boolean },
  { print, giveUpMs }: ClientSurroundings,
): Promise<Outcome> {
  const diagnosis = await runDoctor(order, (socket) => askStatus(socket, giveUpMs));
  print(
    order.json ? `${JSON.stringify(diagnosisDocument(diagnosis))}\n` : formatDiagnosis(diagnosis),
  );
  const hinders = diagnosis.findings.filter(({ weight }) => weight === "hinders").length;
  if (hinders === 0) return { ok: true };
  return {
    ok: false,
    message: `etmem: ${formatCount(hinders, "thing hinders", "things hinder")} etmem here`,
  };
}

/** Asks a server for its status, without showing anything. */
async function askStatus(socket: string, giveUpMs: number): Promise<ServerAnswer> {
  let connection: Connection | undefined;
  try {
    connection = await Connection.open(socket, giveUpMs);
    connection.send(formatRequestV2({ command: "status" }));
    let document = "";
    const outcome = await readAnswerV2(connection, {
      text: () => {},
      document: (text) => document += text,
    });
    if (!outcome.ok) return { problem: outcome.message || "it refuses without giving a reason" };
    return { status: readStatus(document, (status) => status) };
  } catch (error) {
    if (error instanceof NoAnswer) return { problem: error.message };
    if (error instanceof SyntaxError) {
      return { problem: `it sent a document that ${error.message}` };
    }
    throw error;
  } finally {
    connection?.close();
  }
}
