import { existsSync } from "node:fs";
import { createConnection } from "node:net";
import { poll, within } from "../time.ts";

/**
 * Gives QEMU one command over its control socket (QMP: docs/interop/qmp-intro of QEMU's manual): greeting, capabilities,
 * command, each a line of JSON.
 *
 * @throws Error where QEMU refuses, or says nothing for 10 s
 */
export async function control(
  socket: string,
  command: string,
  given: Readonly<Record<string, unknown>>,
): Promise<void> {
  const lines = ["qmp_capabilities", command].map((execute) =>
    JSON.stringify(execute === command ? { execute, arguments: given } : { execute }),
  );
  // A machine that was just switched on has not made it yet.
  await poll(() => existsSync(socket) || undefined, 10);
  const connection = createConnection(socket);
  try {
    await within(
      new Promise<void>((resolve, reject) => {
        let text = "";
        connection.on("error", reject);
        connection.on("close", () => reject(new Error(`QEMU closed ${socket}: ${text}`)));
        connection.on("data", (bytes) => {
          text += bytes.toString();
          for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
            const answer = text.slice(0, end);
            text = text.slice(end + 1);
            if (answer.includes('"event"')) continue;
            if (answer.includes('"error"')) reject(new Error(`QEMU: ${answer.trim()}`));
            const next = lines.shift();
            if (next === undefined) resolve();
            else connection.write(`${next}\n`);
          }
        });
      }),
      10,
      `have QEMU do ${command}`,
    );
  } finally {
    connection.destroy();
  }
}
