import { openHost, openNamespace } from "../../../qemu/bench/place.ts";

/** For place.test.ts: opens a place, runs a program there, and waits to be ended in one of several ways. */
const [kind, ending] = process.argv.slice(2);
const place = kind === "namespace" ? await openNamespace() : openHost();
place.spawn(["sleep", "4242.25"], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
console.log("running");
switch (ending) {
  case "throw":
    throw new Error("nobody foresaw this");
  case "exit":
    process.exit(3);
    break;
  default:
    await Bun.sleep(60_000);
}
