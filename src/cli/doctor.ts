import { type DoctorOrder, runDoctor } from "../doctor/run_doctor.ts";
import type { ServerAnswer } from "../doctor/patient.ts";
import { formatCount } from "../text/quantities.ts";
import type { ClientSurroundings } from "./command.ts";
import { NoAnswer } from "./connection.ts";
import { DocumentRefused, fetchStatus } from "./fetch_document.ts";
import { diagnosisDocument, formatDiagnosis } from "./format_diagnosis.ts";
import type { Outcome } from "./read_answer.ts";

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
  try {
    return { status: await fetchStatus(socket, {}, giveUpMs) };
  } catch (error) {
    if (error instanceof NoAnswer) return { problem: error.message };
    if (!(error instanceof DocumentRefused)) throw error;
    return { problem: `Cannot use the server "${socket}": ${error.message}` };
  }
}
