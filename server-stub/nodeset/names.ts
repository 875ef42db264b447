/** Whether it may be a file's name: one that leads nowhere else. */
export function isPlainName(name: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9._+-]{0,200}$/.test(name);
}

/** Under these pxelinux looks for any node's configuration: no node's own file may stand in for them. */
export function isTaken(node: string): boolean {
  return node === "default" || /^[0-9A-F]{1,8}$/.test(node) || /^[0-9a-f]{2}(?:-[0-9a-f]{2}){6}$/.test(node);
}
