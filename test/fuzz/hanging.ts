import { Watchdog } from "./watchdog.ts";

/** For fuzz.test.ts: an input that hangs. */

const watchdog = new Watchdog(Number(process.argv[2]));
watchdog.begin({ text: "harmless" });
watchdog.end();
watchdog.begin({ text: "endless" });
for (;;);
