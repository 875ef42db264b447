import { formatParameter, type Parameter } from "./parameters.ts";

/** What is loaded, and with what. */
export interface BootedImage {
  /** Below the TFTP directory, without a slash before it. */
  readonly kernel: string;
  readonly initrd: string;
  readonly parameters: readonly Parameter[];
}

/** What a node is to do when it is switched on. */
export type BootState =
  | (BootedImage & {
      readonly kind: "image";
      /** For people and `stat`: `statelite rhels9-x86_64-compute`. */
      readonly label: string;
      /** Where the web server shows the TFTP directory. */
      readonly httpPort: string;
    })
  /** From its own disk. */
  | { readonly kind: "boot" };

/** x86 kernels read no more (COMMAND_LINE_SIZE), the final NUL included. */
const longestCommandLine = 2048 - 1;

/**
 * The parameters as one line.
 *
 * @throws Error where a boot loader or the kernel would take it for something else
 */
export function commandLine({ parameters, ...image }: BootedImage): string {
  for (const parameter of parameters) {
    const word = formatParameter(parameter);
    const name = parameter[0];
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
    if (/[\u0000-\u001f\u007f]/.test(word)) throw new Error(`${name}: a control character in its value`);
    // Whatever follows would be a value of the boot loader's, or a command; the kernel has no way to write a quote.
    const [, own] = /(\$\{|(?:^|\s)(?:#|;|&&|\|\|)(?=\s|$))/.exec(word) ?? [];
    if (own !== undefined) throw new Error(`${name}: "${own.trim()}", which means something to boot loaders`);
    if (/^[^"]*"/.test(parameter[1] === true ? name : parameter[1]))
      throw new Error(`${name}: a quote in its value`);
  }
  const line = parameters.map(formatParameter).join(" ");
  const length = line.length + addedByLoader(image).length;
  if (length > longestCommandLine)
    throw new Error(`a command line of ${length} bytes; the kernel reads ${longestCommandLine}`);
  return line;
}

/** The most that any of the boot loaders puts to it: pxelinux says what it has loaded. */
function addedByLoader({ kernel, initrd }: Pick<BootedImage, "kernel" | "initrd">): string {
  return `BOOT_IMAGE=${kernel} initrd=${initrd}  BOOTIF=01-xx-xx-xx-xx-xx-xx`;
}

/** For pxelinux (IPAPPEND 2 adds `BOOTIF`). */
export function pxelinuxConfiguration(state: BootState): string {
  const head = `#${labelOf(state)}\nDEFAULT xCAT\nLABEL xCAT\n`;
  if (state.kind === "boot") return `${head} LOCALBOOT 0\n`;
  const { kernel, initrd } = state;
  return `${head} KERNEL ${kernel}\n APPEND initrd=${initrd} ${commandLine(state)}\n IPAPPEND 2\n`;
}

/**
 * For iPXE and xCAT's build of it, xNBA, which alone has xCAT's own `netX/machyp`; both have the form of settings that
 * stands for it here. `next-server` is what DHCP gave, so that one file serves behind every service
 * node. A kernel that UEFI starts looks for its initrd by the name in its own command line.
 */
export function xnbaConfiguration(state: BootState, firmware: "bios" | "uefi"): string {
  const head = `#!gpxe\n#${labelOf(state)}\n`;
  if (state.kind === "boot") return `${head}exit\n`;
  const { kernel, initrd, httpPort } = state;
  const at = `http://\${next-server}:${httpPort}/tftpboot`;
  const named = firmware === "uefi" ? " initrd=initrd" : "";
  return `${head}imgfetch -n kernel ${at}/${kernel}
imgload kernel
imgargs kernel ${commandLine(state)}${named} BOOTIF=01-\${netX/mac:hexhyp}
imgfetch -n initrd ${at}/${initrd}
imgexec kernel
`;
}

function labelOf(state: BootState): string {
  return state.kind === "boot" ? "boot" : state.label;
}

/** What `stat` says of a configuration: its line for people. Undefined where it has none. */
export function readLabel(configuration: string): string | undefined {
  return /^(?:#!gpxe\n)?#([^\n]{1,200})\n/.exec(configuration)?.[1];
}
