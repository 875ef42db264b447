import type { BootContext, Phase } from "./context.ts";
import { MONITOR_GRACE } from "./monitor/monitor.ts";
import { readCommandLine } from "./phases/1-cmdline.ts";
import { startNetwork } from "./phases/2-network.ts";
import { mountRoot } from "./phases/3-mount-root.ts";
import { queryServer } from "./phases/4-query-server.ts";
import { planEntries } from "./phases/5-plan.ts";
import { applyPlan } from "./phases/6-apply.ts";
import { verifyRoot } from "./phases/7-verify.ts";
import { switchToRoot } from "./phases/8-switch-root.ts";
import type { Pause } from "./rescue.ts";
import type { Rooted, Start } from "./state.ts";

/** How many phases a whole boot has, for `3/8 mount-root`. */
const PHASES = 8;

/** A boot from the kernel's command line to the exec of the real init. Does not return. @throws BootError */
export async function boot(start: Start, context: BootContext, pause: Pause): Promise<never> {
  const run = runner(context, 1);
  const parsed = await run(readCommandLine, start);
  const connected = await run(startNetwork, parsed);
  context.monitor.tell("netbooting");
  const rooted = await run(mountRoot, connected);
  await pause(parsed.options, `the image is mounted at ${rooted.root.path}`);
  const queried = await run(queryServer, rooted);
  await pause(parsed.options, "the state and the litetree sources are mounted");
  const planned = await run(planEntries, queried);
  // Now rather than at the end: the exchange has the time of the copies, and holds nobody up.
  context.monitor.tell("booting");
  const applied = await run(applyPlan, planned);
  const verified = await run(verifyRoot, applied);
  await pause(parsed.options, "everything is placed and checked; the real init is next");
  await context.monitor.settle(MONITOR_GRACE.handOver);
  return run(switchToRoot, verified);
}

/** The part from the query to the verification, on a root that somebody else has mounted. @throws BootError */
export async function prepareRoot(rooted: Rooted, context: BootContext): Promise<void> {
  const run = runner(context, 4);
  context.monitor.tell("netbooting");
  const planned = await run(planEntries, await run(queryServer, rooted));
  context.monitor.tell("booting");
  await run(verifyRoot, await run(applyPlan, planned));
}

/** Runs phases one after the other, timed and logged alike: `3/8 mount-root 312 ms`. */
function runner(context: BootContext, first: number) {
  const { log, report, now, over } = context;
  let number = first;
  return async <Before, After>(phase: Phase<Before, After>, before: Before): Promise<After> => {
    if (over.signal.aborted) await new Promise(() => undefined);
    const start = now();
    report.phaseBegins(phase.name, start);
    const after = await phase.run(before, context);
    const end = now();
    report.phaseEnds(end);
    log.say(`${number++}/${PHASES} ${phase.name} ${Math.round(end - start)} ms`);
    return after;
  };
}
