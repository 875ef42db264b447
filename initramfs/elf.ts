/**
 * What the initrd must hold beside a program: its interpreter and the libraries that it names (elf(5)).
 * Little-endian ELF of 64 bits, as every machine that Bun compiles for.
 */

export interface ElfNeeds {
  /** `e_machine`: 62 is x86-64, 183 is AArch64. */
  readonly machine: number;
  /** The dynamic loader (PT_INTERP); absent in libraries and static programs. */
  readonly interpreter?: string;
  /** DT_NEEDED, in order. */
  readonly libraries: readonly string[];
}

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_INTERP = 3;
const DT_NEEDED = 1;
const DT_STRTAB = 5;
const MAX_HEADERS = 1024;

interface ProgramHeader {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

/** Undefined where the bytes are no such ELF file, or a damaged one. */
export function elfNeeds(bytes: Uint8Array): ElfNeeds | undefined {
  const is64LittleEndian = Buffer.from(bytes.subarray(0, 6)).toString("hex") === "7f454c460201";
  if (!is64LittleEndian || bytes.length < 64) return undefined;
  try {
    return read(bytes);
  } catch (error) {
    // A view refuses offsets outside the file: a truncated or hostile file.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function read(bytes: Uint8Array): ElfNeeds | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (at: number) => Number(view.getBigUint64(at, true));
  const headers: ProgramHeader[] = [];
  const count = Math.min(view.getUint16(56, true), MAX_HEADERS);
  for (let index = 0; index < count; index++) {
    const at = word(32) + index * view.getUint16(54, true);
    headers.push({
      type: view.getUint32(at, true),
      offset: word(at + 8),
      address: word(at + 16),
      size: word(at + 32),
    });
  }
  const interpreter = headers.find((header) => header.type === PT_INTERP);
  const dynamic = headers.find((header) => header.type === PT_DYNAMIC);
  const names: number[] = [];
  let strings = 0;
  for (let at = dynamic?.offset ?? 0, end = at + (dynamic?.size ?? 0); at < end; at += 16) {
    if (word(at) === DT_NEEDED) names.push(word(at + 8));
    if (word(at) === DT_STRTAB) strings = word(at + 8);
  }
  const table = fileOffset(headers, strings);
  if (names.length > 0 && table === undefined) return undefined;
  return {
    machine: view.getUint16(18, true),
    libraries: names.map((name) => text(bytes, (table ?? 0) + name)),
    ...(interpreter === undefined ? {} : { interpreter: text(bytes, interpreter.offset) }),
  };
}

/** DT_STRTAB is an address in memory; where it lies in the file the load segments say. */
function fileOffset(headers: readonly ProgramHeader[], address: number): number | undefined {
  const segment = headers.find(
    (h) => h.type === PT_LOAD && h.address <= address && address < h.address + h.size,
  );
  return segment === undefined ? undefined : address - segment.address + segment.offset;
}

function text(bytes: Uint8Array, start: number): string {
  const end = bytes.indexOf(0, start);
  if (start >= bytes.length || end < 0) throw new RangeError("string outside the file");
  return Buffer.from(bytes.subarray(start, end)).toString();
}
