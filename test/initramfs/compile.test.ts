import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CompileSpec, compile } from "../../initramfs/compile.ts";
import { refusal } from "./refusal.ts";
import { scratch } from "./scratch.ts";

/** A program whose worker is started by another file than its main one, as the agent's is. */
function makeProject(folder: string): CompileSpec {
  const put = (path: string, text: string) => {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  put("src/main.ts", `import { start } from "./deep/threads.ts";\nstart(await Promise.resolve("main"));\n`);
  put(
    "src/deep/threads.ts",
    `export function start(who: string) {
      const worker = new Worker(new URL("./worker.ts", import.meta.url).href);
      worker.onmessage = (event) => { console.log(who, event.data, process.env["STRAY"] ?? "clean"); process.exit(); };
      worker.onerror = (event) => { console.log(event.message); process.exit(1); };
    }`,
  );
  put("src/deep/worker.ts", `postMessage("worker");\n`);
  return {
    project: folder,
    entrypoints: ["src/main.ts", "src/deep/worker.ts"],
    inputs: ["src"],
    out: join(folder, "out/program"),
    cacheDir: join(folder, "out/cache"),
  };
}

describe("compile", () => {
  test("worker and main file are in the one binary, which reads no .env beside it", async () => {
    using folder = scratch();
    const spec = makeProject(folder.path);
    expect(await compile(spec)).toBe(true);
    rmSync(join(folder.path, "src"), { recursive: true });
    writeFileSync(join(folder.path, ".env"), "STRAY=stray\n");
    const { stdout } = Bun.spawnSync([spec.out], { cwd: folder.path, env: {} });
    expect(stdout.toString()).toBe("main worker clean\n");
  });

  test("compiles once, again for other content, and where the output is gone or another", async () => {
    using folder = scratch();
    const spec = makeProject(folder.path);
    const again = async (change: () => void) => {
      change();
      return await compile(spec);
    };
    expect(await compile(spec)).toBe(true);
    expect(await again(() => {})).toBe(false);
    expect(await again(() => writeFileSync(join(folder.path, "src/deep/more.ts"), "export {};\n"))).toBe(
      true,
    );
    expect(await again(() => rmSync(spec.out))).toBe(true);
    expect(await again(() => writeFileSync(spec.out, "another"))).toBe(true);
    expect(existsSync(spec.out)).toBe(true);
  });

  test("the bytes do not depend on where the checkout lies", async () => {
    using here = scratch();
    using there = scratch();
    const specs = [makeProject(here.path), makeProject(there.path)];
    for (const spec of specs) await compile(spec);
    const [first, second] = specs.map((spec) => readFileSync(spec.out));
    expect(first?.equals(second ?? Buffer.alloc(0))).toBe(true);
  });

  test("what does not compile is refused with the compiler's words, and the old program stays", async () => {
    using folder = scratch();
    const spec = makeProject(folder.path);
    await compile(spec);
    const before = readFileSync(spec.out);
    writeFileSync(join(folder.path, "src/main.ts"), `import "./nowhere.ts";\n`);
    const problem = await refusal(() => compile(spec));
    expect(problem.doing).toBe("compile program");
    expect(problem.found).toContain("nowhere.ts");
    expect(readFileSync(spec.out).equals(before)).toBe(true);
  });

  test("a missing source is refused by its name", async () => {
    using folder = scratch();
    const problem = await refusal(() =>
      compile({ ...makeProject(folder.path), entrypoints: ["src/other.ts"] }),
    );
    expect(problem).toMatchObject({ code: "source-missing", on: "src/other.ts" });
  });
});
