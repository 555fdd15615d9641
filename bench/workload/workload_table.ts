/** What is asked of one or more processes; requests.h says what each word means. */
export interface Workload {
  readonly name: string;
  /** For the heading of its table. */
  readonly about: string;
  readonly processes: number;
  /** Of each process. */
  readonly pages: number;
  /** Requests a second, of each process. */
  readonly rate: number;
  readonly draw: string;
  /** Pages a request; 1 when left out. */
  readonly touches?: number;
  /** The exponent where pages are drawn by Zipf's law. */
  readonly theta?: number;
  /** Neighbours have neighbouring ranks. */
  readonly ranked?: true;
  /** Mappings of each process; 1 when left out. */
  readonly vmas?: number;
}

/** 256 MiB of 4 KiB. */
const PAGES = 65_536;
const RATE = 2000;
const MANY = 64;

/** Hot pages that each are touched four times a second. */
function cycle(hotPages: number): { readonly rate: number; readonly touches: number } {
  return { rate: RATE, touches: Math.ceil(4 * hotPages / RATE) };
}

const one = { processes: 1, pages: PAGES, rate: RATE };

/** All workloads. */
export const WORKLOADS: readonly Workload[] = [
  {
    ...one,
    name: "zipf",
    about: "256 MiB, each request a page drawn by Zipf(0.99), 2000 requests a second",
    draw: "zipf:0.99",
    theta: 0.99,
  },
  {
    ...one,
    name: "areas",
    about: "the same in 1024 VMAs, neighbours with neighbouring ranks",
    draw: "zipf:0.99",
    theta: 0.99,
    ranked: true,
    vmas: 1024,
  },
  {
    ...one,
    name: "idle",
    about: "256 MiB, mostly idle: Zipf(1.2), 200 requests a second",
    rate: 200,
    draw: "zipf:1.2",
    theta: 1.2,
  },
  {
    ...one,
    name: "shifting",
    about: "256 MiB, 2000 requests a second evenly to 16 MiB, half of which shifts every 60 s",
    draw: "hot:4096:60",
  },
  {
    ...one,
    name: "first",
    about: "256 MiB, the first eighth hot, each hot page touched 4 times a second",
    draw: "first:8",
    ...cycle(PAGES / 8),
  },
  {
    ...one,
    name: "every2",
    about: "256 MiB, every second page hot, each hot page touched 4 times a second",
    draw: "every:2",
    ...cycle(PAGES / 2),
  },
  {
    ...one,
    name: "every16",
    about: "256 MiB, every 16th page hot, each hot page touched 4 times a second",
    draw: "every:16",
    ...cycle(PAGES / 16),
  },
  {
    name: "many",
    about: `${MANY} processes of 4 MiB, each with Zipf(0.99) and 31 requests a second`,
    processes: MANY,
    pages: PAGES / MANY,
    rate: Math.floor(RATE / MANY),
    draw: "zipf:0.99",
    theta: 0.99,
  },
];

/** How long, and by which numbers. */
export interface Course {
  readonly seconds: number;
  readonly seed: number;
}

/** The options by which workload.c and model.c know a workload. */
export function shapeArguments(workload: Workload, { seconds, seed }: Course): string[] {
  const { draw, pages, rate, touches = 1, ranked = false } = workload;
  const values = { draw, pages, rate, seconds, touches, seed };
  return [
    ...Object.entries(values).flatMap(([name, value]) => [`--${name}`, String(value)]),
    ...(ranked ? ["--ranked"] : []),
  ];
}
