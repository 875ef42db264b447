import { expect, test } from "bun:test";
import { BootLog } from "../../../agent/log.ts";
import { QueryFailure } from "../../../agent/xcat/failure.ts";
import { askInTurn, type RoundsWorld } from "../../../agent/xcat/rounds.ts";
import { seeded, VirtualTime } from "./virtual-time.ts";
import { problemsOf } from "./world.ts";

const silent = { protocol: "xcatd", host: "10.0.0.1", port: 3001 } as const;

function worldOf(clock: VirtualTime, seed: number): RoundsWorld {
  return {
    clock,
    resolve: () => Promise.reject(new Error("no names here")),
    random: seeded(seed),
    log: new BootLog({ console: () => {}, now: () => 0, verbose: false }),
  };
}

test("a silent server is not asked once more in a time that is too short for any answer", async () => {
  for (let seed = 0; seed < 50; seed++) {
    const time = new VirtualTime();
    const shares: number[] = [];
    const asked = askInTurn(
      "ask",
      { servers: [silent], within: 20_000 },
      worldOf(time, seed),
      async (_, __, within) => {
        shares.push(within);
        await time.sleep(Math.min(within, 3000));
        throw new QueryFailure("unreachable", `no connection within ${within / 1000} s`, "look at it");
      },
    );
    expect(await time.until(problemsOf(asked))).toHaveLength(1);
    expect(shares.length).toBeGreaterThan(2);
    expect(Math.min(...shares)).toBeGreaterThanOrEqual(1000);
  }
});

test("however little time there is, a server is asked once", async () => {
  const time = new VirtualTime();
  const asked = askInTurn("ask", { servers: [silent], within: 500 }, worldOf(time, 1), () =>
    Promise.resolve("told"),
  );
  expect(await time.until(asked)).toBe("told");
});
