/** One task of a project of the soak. */
interface TaskPlan {
  readonly name: string;
  /** The targets' name; by pid, each target has a task of its own. */
  readonly target: string;
  readonly threads: number;
  readonly T: number;
}

/** A project of the soak. */
export interface ProjectPlan {
  readonly name: string;
  readonly loop: number;
  readonly intervalS: number;
  readonly sleepS: number;
  readonly tasks: readonly TaskPlan[];
  /** Its tasks are by pid: one for each target of that name. */
  readonly byPid?: true;
  /** It is deleted while it runs, without being stopped before. */
  readonly isFleeting?: true;
}

/**
 * All projects: tasks by pid, by name, with several threads, with descendants,
 * and two at the same processes.
 */
export const PROJECTS: readonly ProjectPlan[] = [
  {
    name: "exact",
    loop: 2,
    intervalS: 1,
    sleepS: 1,
    byPid: true,
    tasks: [{ name: "by_pid", target: "soak-pid", threads: 1, T: 1 }],
  },
  {
    name: "alpha",
    loop: 1,
    intervalS: 1,
    sleepS: 1,
    tasks: [{ name: "one", target: "soak-a", threads: 1, T: 1 }],
  },
  {
    name: "family",
    loop: 3,
    intervalS: 1,
    sleepS: 2,
    tasks: [{ name: "four", target: "soak-b", threads: 4, T: 2 }],
  },
  {
    name: "both",
    loop: 1,
    intervalS: 2,
    sleepS: 1,
    tasks: [
      { name: "two", target: "soak-a", threads: 2, T: 1 },
      { name: "three", target: "soak-c", threads: 3, T: 1 },
      { name: "nobody", target: "soak-none", threads: 1, T: 1 },
    ],
  },
  {
    name: "fleeting",
    loop: 1,
    intervalS: 1,
    sleepS: 1,
    isFleeting: true,
    tasks: [{ name: "one", target: "soak-d", threads: 2, T: 1 }],
  },
];

/**
 * How long other projects' tasks with the same targets may have a
 * process, in a round of each, in ms.
 */
export function othersMs(plan: ProjectPlan, target: string): number {
  return PROJECTS.filter((other) => other !== plan).flatMap((other) =>
    other.tasks.filter((task) => task.target === target).map(() =>
      (other.loop + 1) * other.intervalS * 1000
    )
  ).reduce((sum, ms) => sum + ms, 0);
}

type Group = readonly [name: string, keys: Readonly<Record<string, string | number>>];

/** The configuration file of a project. @param pids of the targets of a project by pid. */
export function configOf(plan: ProjectPlan, pids: readonly number[]): string {
  const { name: project, loop, intervalS: interval, sleepS: sleep } = plan;
  const tasks = plan.tasks.flatMap(({ name, target, threads, T }): Group[] => {
    const keys = { project, engine: "slide", T, max_threads: threads };
    return plan.byPid === true
      ? pids.map((value, i) => ["task", { ...keys, name: `${name}_${i}`, type: "pid", value }])
      : [["task", { ...keys, name, type: "name", value: target }]];
  });
  const groups: Group[] = [
    ["project", { name: project, loop, interval, sleep }],
    ["engine", { name: "slide", project }],
    ...tasks,
  ];
  return groups.map(([name, keys]) =>
    [`[${name}]`, ...Object.entries(keys).map(([key, value]) => `${key}=${value}`), ""].join("\n")
  ).join("\n");
}
