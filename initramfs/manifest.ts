import { printable } from "../agent/errors.ts";
import { alignColumns } from "../agent/text-table.ts";
import { INITRD_LIMIT, type InitrdManifest } from "./initrd.ts";

const LARGEST = 8;

/** What was built, as lines for a person: a row for each segment, the largest members, the total. */
export function formatManifest(manifest: InitrdManifest): string {
  const { segments, modules, absentModules, absentFirmware, total } = manifest;
  const members = segments.flatMap((segment) => segment.members);
  const largest = members.toSorted((a, b) => b.bytes - a.bytes).slice(0, LARGEST);
  const firmware = members.filter((member) => member.path.startsWith("lib/firmware/"));
  const rows = [
    ["segment", "members", "unpacked", "compressed", ""],
    ...segments.map((segment) => [
      segment.name,
      String(segment.members.length),
      megabytes(segment.uncompressed),
      megabytes(segment.compressed),
      segment.cached ? "unchanged" : "",
    ]),
    [
      "total",
      String(members.length),
      megabytes(sum(segments.map((s) => s.uncompressed))),
      megabytes(total),
      "",
    ],
  ];
  const lines = [
    `${manifest.out}, for kernel ${manifest.kernel}`,
    ...table(rows).map((row) => `  ${row}`),
    "largest members",
    ...table(largest.map(({ path, bytes }) => [`/${path}`, megabytes(bytes)])).map((row) => `  ${row}`),
    `${modules.length} modules: ${modules.join(" ")}`,
    ...(absentModules.length === 0 ? [] : [`not in this kernel: ${absentModules.join(" ")}`]),
    ...(firmware.length === 0
      ? []
      : [`${firmware.length} firmware files, ${megabytes(sum(firmware.map((file) => file.bytes)))}`]),
    ...(absentFirmware.length === 0 ? [] : [`firmware not on this host: ${absentFirmware.join(" ")}`]),
    `${megabytes(total)} of at most ${megabytes(INITRD_LIMIT)}`,
  ];
  return lines.map(printable).join("\n");
}

/** What a person must not overlook, each a line. */
export function warnings(manifest: InitrdManifest): string[] {
  const found: string[] = [];
  if (!manifest.ca) {
    found.push(
      "NO CA IN THIS INITRD: a node can boot from it only with statelite.tls=insecure, believing any server. " +
        "Give the PEM file of xcatd's CA with --ca (on a management node /etc/xcat/ca/ca-cert.pem)",
    );
  }
  if (manifest.clientKey) {
    found.push(
      "THE NODES' KEY IS IN THIS INITRD: whoever can fetch it can say to be a node. Serve it to the boot network " +
        "alone, and let the server ask for the address, too",
    );
  }
  if (manifest.total > INITRD_LIMIT) {
    found.push(
      `LARGER THAN ${megabytes(INITRD_LIMIT)}: slow to load over TFTP; leave out modules, or compress more with --level 19`,
    );
  }
  return found;
}

function megabytes(bytes: number): string {
  return bytes < 100_000 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(2)} MB`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** First column to the left, the others to the right. */
function table(rows: readonly (readonly string[])[]): string[] {
  return alignColumns(rows, { toTheRight: (_, column) => column > 0 });
}
