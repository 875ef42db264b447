import { expect, test } from "bun:test";
import { constants } from "node:os";
import { errnoName, errnoNumber, errnoText, errorReason, SystemError } from "../../../agent/kernel/errno.ts";

/** A number with two names has the one that the code compares with: a retry on EAGAIN was once never made. */
const rows: readonly [number, string][] = [
  [constants.errno.EAGAIN, "EAGAIN"],
  [constants.errno.EDEADLK, "EDEADLK"],
  [constants.errno.ENOENT, "ENOENT"],
  [116, "ESTALE"],
  [4711, "errno 4711"],
];

for (const [number, name] of rows) {
  test(`${number} is ${name}`, () => {
    expect(errnoName(number)).toBe(name);
  });
}

test("a failed call says itself, its number's name and what that means", () => {
  const error = new SystemError("openat(3, x)", errnoNumber("ENOENT"));
  expect(error.message).toBe("openat(3, x): ENOENT, no such file or directory");
  expect(error.code).toBe("ENOENT");
  expect(errorReason(error)).toBe("ENOENT, no such file or directory");
  expect(errnoText(constants.errno.EACCES)).toBe("permission denied");
});
