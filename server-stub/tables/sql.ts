/** A name in SQL: xCAT has columns whose names are words of the language (`key`, `groups`, `disable`). */
export function quote(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
