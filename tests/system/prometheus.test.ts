import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fetchStatus } from "../../src/cli/fetch_document.ts";
import { Exporter } from "../../src/metrics/exporter.ts";
import { statusFamilies } from "../../src/metrics/status_families.ts";
import type { ServerStatus } from "../../src/status/server_status.ts";
import { findPrometheus, Prometheus } from "../tools/fixtures/prometheus.ts";
import { waitFor } from "../tools/fixtures/wait_for.ts";
import { fullStatus } from "../unit/metrics/full_status.ts";
import { askStatus } from "./ask_status.ts";
import { freshName, ServerProcess, slideConfig } from "./server_process.ts";

const PACKAGING = join(import.meta.dir, "../../packaging/prometheus");
const ALERTS = join(PACKAGING, "etmem_alerts.yml");
const DASHBOARD = join(PACKAGING, "etmem_dashboard.json");
/** What a dashboard's variables stand for when everything is shown. */
const ALL = /\$(instance|project)\b/g;
/** A metric of ours with its matchers. */
const SELECTOR = /\betmem_[a-z_]+(\{[^}]*\})?/g;
/** What goes on while a project is stopped. */
const MOVING = "etmem_task_round_age_seconds";

const promtool = findPrometheus("promtool");
const missing = promtool === null ? "there is no Prometheus" : undefined;
if (missing !== undefined) console.log(`Prometheus: left out: ${missing}`);

const compareText = (a: string, b: string): number => a < b ? -1 : Number(a > b);

/** An exporter within this process. */
function exporterOf(fetch: (rounds: number) => Promise<ServerStatus>): Exporter {
  return new Exporter({ address: "127.0.0.1", port: 0, fetch, say: () => {} });
}

const addressOf = ({ url }: Exporter): string => new URL(url).host;

interface Dashboard {
  readonly panels: readonly { readonly targets: readonly { readonly expr: string }[] }[];
}

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly expr: string }[] }[];
}

function dashboardExpressions(): string[] {
  const { panels } = JSON.parse(readFileSync(DASHBOARD, "utf8")) as Dashboard;
  return panels.flatMap(({ targets }) => targets.map(({ expr }) => expr.replaceAll(ALL, ".*")));
}

function alertExpressions(): string[] {
  const { groups } = Bun.YAML.parse(readFileSync(ALERTS, "utf8")) as Rules;
  return groups.flatMap(({ rules }) => rules.map(({ expr }) => expr));
}

describe.skipIf(missing !== undefined)("with Prometheus", () => {
  const name = freshName();
  const own = new AsyncDisposableStack();
  let prometheus: Prometheus;

  beforeAll(async () => {
    const full = own.use(exporterOf(() => Promise.resolve(fullStatus())));
    const real = own.use(exporterOf((rounds) => fetchStatus(name, { rounds }, 5000)));
    prometheus = own.use(
      await Prometheus.start({ full: addressOf(full), real: addressOf(real) }),
    );
  });
  afterAll(() => own[Symbol.asyncDispose]());

  /** Waits until an expression has a series. */
  function seriesOf(expression: string): Promise<unknown> {
    return waitFor(
      `a series of ${expression}`,
      async () => (await prometheus.query(expression)).length > 0,
    );
  }

  for (const expression of dashboardExpressions()) {
    test(`the dashboard's ${expression} has a series`, async () => {
      await seriesOf(expression);
    });
  }

  for (const expression of alertExpressions()) {
    test(`what the alert ${expression} looks at has a series`, async () => {
      const selectors = expression.match(SELECTOR) ?? [];
      expect(selectors).not.toEqual([]);
      for (const selector of selectors) await seriesOf(selector);
      await prometheus.query(expression);
    });
  }

  test("promtool finds nothing wrong with the alert rules, nor with the metrics", async () => {
    const rules = Bun.spawnSync([promtool!, "check", "rules", ALERTS]);
    expect(rules.exitCode).toBe(0);
    using exporter = exporterOf(() => Promise.resolve(fullStatus()));
    const text = await (await fetch(exporter.url)).bytes();
    const check = Bun.spawnSync([promtool!, "check", "metrics"], { stdin: text });
    expect([check.stdout.toString(), check.stderr.toString()]).toEqual(["", ""]);
    expect(check.exitCode).toBe(0);
  });

  test("its values are those of status --json, and a server that is killed and started again is seen", async () => {
    await waitFor("etmem_up to be 0", () => isUp("0"));
    {
      await using server = await ServerProcess.start({ name });
      await waitFor("etmem_up to be 1", () => isUp("1"));
      const file = server.file("p.conf", slideConfig("p", "a", "b"));
      for (
        const words of [["obj", "add", "-f", file], ["project", "start", "--dry-run", "-n", "p"]]
      ) {
        expect(await server.etmem(...words)).toMatchObject({ status: 0 });
      }
      await waitFor(
        "a round",
        async () =>
          (await askStatus(name)).projects[0]!.engines[0]!.tasks.every(({ total }) =>
            total.rounds > 0
          ),
      );
      expect(await server.etmem("project", "stop", "-n", "p")).toMatchObject({ status: 0 });
      const wanted = taskSamples(await askStatus(name));
      expect(wanted.size).toBeGreaterThan(50);
      await waitFor("the values of the stopped project", async () => {
        const found = await queriedSamples();
        return found.size === wanted.size &&
          [...wanted].every(([key, value]) => found.get(key) === value);
      });
      server.kill("SIGKILL");
      await server.exited;
      await waitFor("etmem_up to be 0", () => isUp("0"));
    }
    await using _again = await ServerProcess.start({ name });
    await waitFor("etmem_up to be 1", () => isUp("1"));
  });

  async function isUp(value: string): Promise<boolean> {
    const [sample] = await prometheus.query('etmem_up{job="real"}');
    return sample?.value[1] === value;
  }

  async function queriedSamples(): Promise<Map<string, number>> {
    const samples = await prometheus.query('{job="real",__name__=~"etmem_(task|project)_.*"}');
    return new Map(samples.flatMap(({ metric, value }) => {
      const { __name__: metricName = "", job: _job, instance: _instance, ...labels } = metric;
      return metricName === MOVING ? [] : [[keyOf(metricName, labels), Number(value[1])]];
    }));
  }

  /** What a status says of tasks and projects, by name and labels. */
  function taskSamples(status: ServerStatus): Map<string, number> {
    return new Map(
      statusFamilies(status).flatMap((family) => {
        if (!/^etmem_(task|project)_/.test(family.name) || family.name === MOVING) return [];
        const full = family.type === "counter" ? `${family.name}_total` : family.name;
        return family.samples.map(({ labels, sharedLabels, value }) =>
          [keyOf(full, { ...sharedLabels, ...labels }), value] as const
        );
      }),
    );
  }

  function keyOf(metric: string, labels: Readonly<Record<string, string>>): string {
    // Prometheus does not keep a label that is empty.
    const kept = Object.entries(labels).filter(([, value]) => value !== "");
    return `${metric} ${kept.map((label) => label.join("=")).toSorted(compareText).join()}`;
  }
});
