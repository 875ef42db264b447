import manifest from "../package.json" with { type: "json" };

/** The version of the agent, the server and the initrd: they are released together. */
export const VERSION: string = manifest.version;
