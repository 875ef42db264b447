/**
 * Sends lines to a port of loopback where nobody listens, in a process of its own: exceptions that nobody catches are
 * seen as the agent would see them, and in a test they are not.
 */
import { BootLog } from "../../../agent/log.ts";
import { RemoteLog } from "../../../agent/syslog/remote-log.ts";

process.on("uncaughtException", (error) => {
  console.log(`not caught: ${String(error)}`);
  process.exit(1);
});

const gone = await Bun.udpSocket({ hostname: "127.0.0.1" });
const { port } = gone;
gone.close();
const remote = new RemoteLog(new BootLog({ console: () => undefined, now: () => 0, verbose: false }));
remote.start({ host: "logs", port, from: "n01", resolve: () => Promise.resolve(["127.0.0.1"]) }, 0);
// That one line was refused is heard before the next.
for (let n = 0; n < 20; n++) {
  remote.add({ severity: "info", id: "x", text: `line ${n}` });
  await remote.flush();
  await Bun.sleep(5);
}
console.log("all said");
