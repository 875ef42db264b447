/** What nodes may say of themselves; xCAT's words, without those that only its own probes set (ping, noping, sshd …). */
const statusWords: ReadonlySet<string> = new Set([
  ...["configuring", "standingby", "shell", "installing", "installed"],
  ...["netbooting", "booting", "booted", "postbooting", "failed"],
]);

export function isStatus(word: string): boolean {
  return statusWords.has(word);
}

/** Local time, `11-21-2026 07:30:00`, as xCAT writes `statustime`. */
export function formatStatusTime(at: Date): string {
  const two = (number: number): string => String(number).padStart(2, "0");
  const day = `${two(at.getMonth() + 1)}-${two(at.getDate())}-${at.getFullYear()}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}
