import { describe, expect, test } from "bun:test";
import { opLines, plan, problemLines, type World } from "./world.ts";

/** Semantics section 5, the table of options: what is done for each, from each place it can come from. */
interface Row {
  readonly rule: string;
  readonly world: World;
  readonly ops?: readonly string[];
  readonly problems?: readonly string[];
}

const [a, b] = ["one", "two"];

const rows: readonly Row[] = [
  {
    rule: "tmpfs: the winner is copied and bound",
    world: { litefile: ["tmpfs /etc/a"], sources: [{ "/etc/a": a }], defaults: { "/etc/a": b } },
    ops: ["copy source1/etc/a -> tmpfs/etc/a", "bind tmpfs/etc/a -> /etc/a"],
  },
  {
    rule: "tmpfs: without a source the default is copied",
    world: { litefile: ["tmpfs /etc/a"], sources: [{}], defaults: { "/etc/a": b } },
    ops: ["copy default/etc/a -> tmpfs/etc/a", "bind tmpfs/etc/a -> /etc/a"],
  },
  ...["rw", "tempfs"].map((options) => ({
    rule: `${options} is tmpfs`,
    world: { litefile: [`${options} /etc/a`], defaults: { "/etc/a": b } },
    ops: ["copy default/etc/a -> tmpfs/etc/a", "bind tmpfs/etc/a -> /etc/a"],
  })),
  ...["link", "tmpfs,rw", ""].map((options) => ({
    rule: `"${options}": the winner is copied to where the image's symlink leads`,
    world: { litefile: [`${options} /etc/a`], sources: [{ "/etc/a": a }], defaults: { "/etc/a": b } },
    ops: ["copy source1/etc/a -> tmpfs/etc/a"],
  })),
  ...["overlay", "tmpfs,overlay", "overlay,rw"].map((options) => ({
    rule: `"${options}": the winner is shown through an overlay, which is bound`,
    world: { litefile: [`${options} /d/`], sources: [{ "/d/x": a }], defaults: { "/d/x": b } },
    ops: ["overlay source1/d below upper/0 -> tmpfs/d", "bind tmpfs/d -> /d"],
  })),
  ...["link,overlay", "overlay,link", "tmpfs,rw,overlay"].map((options) => ({
    rule: `"${options}": the overlay is where the image's symlink leads`,
    world: { litefile: [`${options} /d/`], sources: [{ "/d/x": a }], defaults: { "/d/x": b } },
    ops: ["overlay source1/d below upper/0 -> tmpfs/d"],
  })),
  {
    rule: "overlay: a file is copied",
    world: { litefile: ["overlay /f", "link,overlay /l"], defaults: { "/f": a, "/l": b } },
    ops: ["copy default/f -> tmpfs/f", "copy default/l -> tmpfs/l", "bind tmpfs/f -> /f"],
  },
  {
    rule: "overlay: a row without a slash whose winner is a directory is one",
    world: { litefile: ["overlay /d"], sources: [{ "/d/x": a }] },
    ops: ["overlay source1/d below upper/0 -> tmpfs/d", "bind tmpfs/d -> /d"],
  },
  {
    rule: "statelite.tmpfs=overlay: directories with tmpfs or link, and nothing else",
    world: {
      litefile: ["tmpfs /d/", "link /e/", "tmpfs /f", "tmpfs /g", "persistent /p/", "ro /r/"],
      defaults: { "/d/x": a, "/e/x": a, "/f": a, "/p/x": a, "/r/x": a },
      sources: [{ "/g/x": a }],
      state: {},
      overlay: true,
    },
    ops: [
      "overlay default/d below upper/0 -> tmpfs/d",
      "overlay default/e below upper/1 -> tmpfs/e",
      "copy default/f -> tmpfs/f",
      "copy source1/g -> tmpfs/g",
      "seed default/p -> state/p",
      "bind tmpfs/d -> /d",
      "bind tmpfs/f -> /f",
      "bind tmpfs/g -> /g",
      "bind state/p -> /p",
      "bind read-only default/r -> /r",
    ],
  },
  {
    rule: "overlay inside an overlay or a copy has a mount of its own, other children are written into it",
    world: {
      litefile: ["overlay /var/", "tmpfs /var/list", "overlay /var/lib/app/", "ro /var/key"],
      defaults: { "/var/list": a, "/var/lib/app/x": a, "/var/key": a, "/var/z": a },
    },
    ops: [
      "overlay default/var below upper/0 -> tmpfs/var without key, lib/app, list",
      "mountpoint tmpfs/var/key",
      "overlay default/var/lib/app below upper/2 -> tmpfs/var/lib/app",
      "copy default/var/list -> tmpfs/var/list",
      "bind tmpfs/var -> /var",
      "bind read-only default/var/key -> /var/key",
      "bind tmpfs/var/lib/app -> /var/lib/app",
    ],
  },
  ...["ro", "con", "link,ro", "link,con", "persistent", "link,persistent", "localdisk"].map((options) => ({
    rule: `"${options},overlay" has no meaning: only what is volatile can be written to by an overlay`,
    world: { litefile: [`${options},overlay /d/`], defaults: { "/d/x": a }, state: {}, localDisk: {} },
    problems: ["litefile-options /d/"],
  })),
  {
    rule: "the same path once as a copy and once as an overlay: the first is used",
    world: { litefile: ["tmpfs /d/", "tmpfs,overlay /d/"], defaults: { "/d/x": a } },
    ops: ["copy default/d -> tmpfs/d", "bind tmpfs/d -> /d"],
    problems: ["litefile-duplicate /d/"],
  },
  {
    rule: "link,ro: a symlink leads to the winner on its own mount",
    world: { litefile: ["link,ro /etc/a"], sources: [{}, { "/etc/a": a }], defaults: { "/etc/a": b } },
    ops: ["symlink tmpfs/etc/a -> ../../mnt/s/2/etc/a"],
  },
  {
    rule: "link,ro: without a source it leads to the default",
    world: { litefile: ["link,ro /etc/a"], defaults: { "/etc/a": b } },
    ops: ["symlink tmpfs/etc/a -> ../../../.default/etc/a"],
  },
  {
    rule: "ro: the winner is bound read-only, not copied",
    world: { litefile: ["ro /etc/a"], sources: [{ "/etc/a": a }], defaults: { "/etc/a": b } },
    ops: ["bind read-only source1/etc/a -> /etc/a"],
  },
  {
    rule: "con: every source that has the file, in priority order, and not the default",
    world: {
      litefile: ["con /etc/a"],
      sources: [{ "/etc/a": a }, {}, { "/etc/a": b }],
      defaults: { "/etc/a": "d" },
    },
    ops: ["concatenate source1/etc/a + source3/etc/a -> tmpfs/etc/a", "bind tmpfs/etc/a -> /etc/a"],
  },
  {
    rule: "con: the default only where no source has it",
    world: { litefile: ["con /etc/a"], sources: [{}, {}], defaults: { "/etc/a": "d" } },
    ops: ["concatenate default/etc/a -> tmpfs/etc/a", "bind tmpfs/etc/a -> /etc/a"],
  },
  {
    rule: "link,con: the same behind the image's symlink",
    world: { litefile: ["link,con /etc/a"], sources: [{ "/etc/a": a }, { "/etc/a": b }] },
    ops: ["concatenate source1/etc/a + source2/etc/a -> tmpfs/etc/a"],
  },
  {
    rule: "persistent: the state is used where it is there",
    world: { litefile: ["persistent /etc/a"], sources: [{ "/etc/a": a }], state: { "/etc/a": "kept" } },
    ops: ["bind state/etc/a -> /etc/a"],
  },
  {
    rule: "persistent: else the winner seeds it",
    world: { litefile: ["persistent /etc/a"], sources: [{ "/etc/a": a }], state: {} },
    ops: ["seed source1/etc/a -> state/etc/a", "bind state/etc/a -> /etc/a"],
  },
  {
    rule: "persistent: state is enough, without any candidate",
    world: { litefile: ["persistent /etc/a"], state: { "/etc/a": "kept" } },
    ops: ["bind state/etc/a -> /etc/a"],
  },
  {
    rule: "persistent: an empty state directory is state",
    world: { litefile: ["persistent /db/"], defaults: { "/db/x": b }, state: { "/db": null } },
    ops: ["bind state/db -> /db"],
  },
  {
    rule: "link,persistent: a symlink leads to the state copy",
    world: { litefile: ["link,persistent /etc/a"], defaults: { "/etc/a": b }, state: {} },
    ops: ["seed default/etc/a -> state/etc/a", "symlink tmpfs/etc/a -> ../../persistent/n01/etc/a"],
  },
  {
    rule: "link,persistent below a link directory: a bind mount of it inside tmpfs",
    world: {
      litefile: ["link /root/", "link,persistent /root/state/"],
      defaults: { "/root/.bashrc": b, "/root/state": null },
      state: {},
    },
    ops: [
      "copy default/root -> tmpfs/root without state",
      "mountpoint tmpfs/root/state/",
      "seed default/root/state -> state/root/state",
      "bind state/root/state -> /root/state",
    ],
  },
  {
    rule: "localdisk: seeded like state and bound",
    world: { litefile: ["localdisk /data/"], defaults: { "/data/x": b }, localDisk: {} },
    ops: ["seed default/data -> disk/data", "bind disk/data -> /data"],
  },
  {
    rule: "persistent without STATEMNT is a problem of the row",
    world: { litefile: ["persistent /etc/a"], defaults: { "/etc/a": b } },
    problems: ["state-none /etc/a"],
  },
  {
    rule: "localdisk without a disk is a problem of the row",
    world: { litefile: ["localdisk /data/"], defaults: { "/data/x": b } },
    problems: ["localdisk-none /data/"],
  },
  {
    rule: "state of another kind than the row is a problem, and nothing is touched",
    world: { litefile: ["persistent /db/"], defaults: { "/db/x": b }, state: { "/db": "a file" } },
    problems: ["state-kind /db/"],
  },
  {
    rule: "an option word without a meaning is a problem of the row",
    world: { litefile: ["wibble /etc/a"], defaults: { "/etc/a": b } },
    problems: ["litefile-options /etc/a"],
  },
  {
    rule: "con on a directory is a problem of the row",
    world: { litefile: ["con /etc/d/", "link,con /etc/e/"], defaults: { "/etc/d/x": b, "/etc/e/x": b } },
    problems: ["litefile-con /etc/d/", "litefile-con /etc/e/"],
  },
];

describe("each option", () => {
  for (const { rule, world, ops = [], problems = [] } of rows) {
    test(rule, () => {
      const made = plan(world);
      expect(opLines(made)).toEqual([...ops]);
      expect(problemLines(made.problems)).toEqual([...problems]);
    });
  }
});
