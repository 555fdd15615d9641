import { serveJobs } from "../worker/serve_jobs.ts";
import { JOBS, type Jobs } from "./jobs.ts";

serveJobs<Jobs>(JOBS);
