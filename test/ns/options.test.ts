import { type Row, testRows } from "./rows.ts";

/** Semantics section 5 on a real kernel: what a process on the node sees, and what it can write. */

const image = { "etc/a": "default\n", "etc/other": "image\n" };
const mountOf = (path: string) => `grep -c " ${path} " /proc/self/mountinfo`;

const rows: readonly Row[] = [
  {
    rule: "tmpfs: a writable copy of the first source's file, mounted over the image's",
    spec: { litefile: ["tmpfs /etc/a"], image, sources: [{ "etc/a": "one\n" }, { "etc/a": "two\n" }] },
    see: { "cat /etc/a": "one", "echo new >/etc/a; cat /etc/a": "new", "cat /.default/etc/a": "default" },
  },
  {
    rule: "link: a writable copy behind the image's symlink",
    spec: { litefile: ["link /etc/a"], image, sources: [{}, { "etc/a": "two\n" }] },
    see: {
      "readlink /etc/a": "../.statelite/tmpfs/etc/a",
      "cat /etc/a": "two",
      "echo new >/etc/a; cat /etc/a": "new",
    },
  },
  {
    rule: "link,ro: a change on the server is seen at once, and nothing can be written",
    spec: { litefile: ["link,ro /etc/a"], image, sources: [{ "etc/a": "one\n" }] },
    see: {
      "cat /etc/a": "one",
      "echo new >/etc/a": "sh: can't create /etc/a: Read-only file system",
      "readlink -f /etc/a": "/.statelite/mnt/mn/source1/etc/a",
    },
  },
  {
    rule: "link,ro: links of the source on the way to the file, and the file itself, mean the source's own tree",
    spec: {
      litefile: ["link,ro /etc/a", "link,ro /etc/b", "link,ro /opt/c", "link,ro /etc/dir/"],
      image: {
        ...image,
        "etc/b": "",
        "opt/c": "",
        "etc/dir/x": "",
        x: "the node's\n",
        "real/y": "the node's\n",
      },
      sources: [
        {
          "etc/a": { link: "/x" },
          "etc/b": { link: "../../../x" },
          opt: { link: "/deep/opt" },
          "deep/opt/c": "c\n",
          "etc/dir": { link: "/real" },
          "real/y": "y\n",
          x: "x\n",
        },
      ],
    },
    see: {
      "cat /etc/a /etc/b /opt/c /etc/dir/y": "x\nx\nc\ny",
      "readlink /.statelite/tmpfs/opt/c": "../../mnt/mn/source1/deep/opt/c",
    },
  },
  {
    rule: "link,ro: the default's absolute link means the image's root",
    spec: {
      litefile: ["link,ro /etc/a"],
      image: { "etc/a": { link: "/etc/other" }, "etc/other": "image\n" },
    },
    see: { "cat /etc/a": "image" },
  },
  {
    rule: "link,persistent: a link that was kept means the state's own tree",
    spec: {
      litefile: ["link,persistent /etc/a", "link,persistent /opt/d/"],
      image: { ...image, "opt/d/z": "", x: "the node's\n" },
      state: { "etc/a": { link: "/x" }, x: "x\n", "opt/d": { link: "/real" }, "real/y": "y\n" },
    },
    see: { "cat /etc/a /opt/d/y": "x\ny", "echo new >/etc/a; cat /.statelite/persistent/n01/x": "new" },
  },
  {
    rule: "ro: the mount itself is read-only",
    spec: {
      litefile: ["ro /etc/a", "ro /etc/d/"],
      image: { ...image, "etc/d/x": "default\n" },
      sources: [{ "etc/a": "one\n" }],
    },
    see: {
      "cat /etc/a /etc/d/x": "one\ndefault",
      "echo new >/etc/a": "sh: can't create /etc/a: Read-only file system",
      "echo new >/etc/d/x": "sh: can't create /etc/d/x: Read-only file system",
    },
  },
  {
    rule: "con: the sources' files one after the other, mode 0644 root:root",
    spec: {
      litefile: ["con /etc/a", "link,con /etc/b"],
      image: { ...image, "etc/b": "default b\n" },
      sources: [
        { "etc/a": { text: "one\n", mode: 0o600, owner: [7, 7] }, "etc/b": "one b\n" },
        { "etc/a": "two\n" },
      ],
    },
    see: {
      "cat /etc/a": "one\ntwo",
      "stat -c '%a %u %g' /etc/a": "644 0 0",
      "cat /etc/b": "one b",
      "stat -Lc '%a %u %g' /etc/b": "644 0 0",
    },
  },
  {
    rule: "persistent: seeded once, then the state goes first",
    spec: {
      litefile: ["persistent /etc/a", "persistent /etc/k", "persistent /db/"],
      image: { ...image, "etc/k": "default\n", "db/x": "default x\n" },
      sources: [{ "etc/a": "one\n", "etc/k": "one\n" }],
      state: { "etc/k": "kept\n" },
    },
    see: {
      "cat /etc/a /etc/k /db/x": "one\nkept\ndefault x",
      "echo new >/etc/a; cat /.statelite/persistent/n01/etc/a": "new",
      "echo more >/db/y; cat /.statelite/persistent/n01/db/y": "more",
    },
  },
  {
    rule: "link,persistent: by a symlink, and below a link directory by a mount inside its copy",
    spec: {
      litefile: ["link,persistent /etc/a", "link /root/", "link,persistent /root/state/"],
      image: { ...image, "root/.bashrc": "rc\n", "root/state/x": "default x\n" },
      state: {},
    },
    see: {
      "cat /etc/a /root/.bashrc /root/state/x": "default\nrc\ndefault x",
      "readlink -f /etc/a": "/.statelite/persistent/n01/etc/a",
      "echo new >/root/state/x; cat /.statelite/persistent/n01/root/state/x": "new",
      "echo new >/root/.bashrc; ls -A /.statelite/persistent/n01/root": "state",
    },
  },
  {
    rule: "a child below a tmpfs parent is part of the parent's copy and needs no mount",
    spec: {
      litefile: ["tmpfs /var/", "tmpfs /var/lib/ntp/", "tmpfs /var/lib/ntp/drift"],
      image: { "var/lib/ntp/drift": "default\n", "var/lib/ntp/keys": "keys\n", "var/log/x": "log\n" },
      sources: [{ "var/lib/ntp/drift": "one\n" }],
    },
    see: {
      "cat /var/lib/ntp/drift /var/lib/ntp/keys /var/log/x": "one\nkeys\nlog",
      [mountOf("/var/lib/ntp")]: "0",
      "echo new >/var/lib/ntp/drift; cat /.statelite/tmpfs/var/lib/ntp/drift": "new",
    },
  },
  {
    rule: "children below a tmpfs parent that need a mount of their own have one",
    spec: {
      litefile: ["tmpfs /var/", "persistent /var/db/", "ro /var/key", "con /var/list"],
      image: { "var/x": "x\n", "var/db/y": "y\n", "var/key": "key\n", "var/list": "list\n" },
      state: {},
    },
    see: {
      "cat /var/x /var/db/y /var/key /var/list": "x\ny\nkey\nlist",
      "echo new >/var/key": "sh: can't create /var/key: Read-only file system",
      "echo new >/var/db/y; cat /.statelite/persistent/n01/var/db/y": "new",
      "echo new >/var/list; cat /var/list": "new",
    },
  },
  {
    rule: "what is private in the image stays private in the tmpfs above an entry",
    spec: {
      litefile: ["tmpfs /secret/sub/a"],
      image: { secret: { mode: 0o700, owner: [5, 6] }, "secret/sub/a": "a\n" },
    },
    see: { "stat -c '%a %u %g' /.statelite/tmpfs/secret": "700 5 6" },
  },
  {
    rule: "an image path that goes through a symlink is the place that the node sees",
    spec: {
      litefile: ["tmpfs /old/etc/a", "link /old/etc/b"],
      image: { "new/etc/a": "default\n", "new/etc/b": "default b\n", old: { link: "../../new" } },
      sources: [{ "old/etc/a": "one\n" }],
    },
    see: {
      "cat /old/etc/a /new/etc/a /old/etc/b": "one\none\ndefault b",
      "echo new >/old/etc/b; cat /new/etc/b": "new",
    },
  },
  {
    rule: "an entry that a link of the image leads out of its parent's copy is placed where that leads",
    spec: {
      litefile: ["tmpfs /var/", "tmpfs /var/run/x", "overlay /opt/", "tmpfs /opt/run/y"],
      image: {
        "var/log": "log\n",
        "var/run": { link: "/run" },
        "run/x": "",
        "opt/z": "z\n",
        "opt/run": { link: "../run" },
        "run/y": "",
      },
      sources: [{ "var/run/x": "one\n", "opt/run/y": "one\n" }],
    },
    see: {
      "cat /var/log /var/run/x /run/x /opt/z /opt/run/y /run/y": "log\none\none\nz\none\none",
      "echo new >/run/x; cat /var/run/x; readlink /var/run": "new\n/run",
    },
  },
  {
    rule: "a directory that the image has as a link is that directory, and entries in it by either name lie in its copy",
    spec: {
      litefile: [
        ...["tmpfs /var/run/", "persistent /var/run/keep", "tmpfs /var/run/x", "con /run/both", "ro /run/ro"],
        ...["persistent /var/spool/", "persistent /srv/spool/in/"],
      ],
      image: {
        "var/run": { link: "../run" },
        "run/keep": "keep\n",
        "run/x": "x\n",
        "run/both": "both\n",
        "run/ro": "ro\n",
        "run/other": "other\n",
        "var/spool": { link: "/srv/spool" },
        "srv/spool/in/a": "a\n",
        "srv/spool/b": "b\n",
      },
      sources: [{ "var/run/x": "one\n" }],
      state: {},
    },
    see: {
      "cd /var/run; cat keep x both ro other": "keep\none\nboth\nro\nother",
      "cd /run; echo new >keep; echo new >x; cat /var/run/keep x": "new\nnew",
      ["cat /.statelite/persistent/n01/var/run/keep"]: "new",
      "cat /var/spool/in/a /srv/spool/b; readlink /var/run; readlink /var/spool": "a\nb\n../run\n/srv/spool",
      "echo new >/srv/spool/in/c; echo new >/var/spool/d; cat /var/spool/in/c /srv/spool/d": "new\nnew",
    },
  },
  {
    rule: "a directory in the place of a link, inside a copy, has what its row names in it",
    spec: {
      litefile: ["tmpfs /var/", "tmpfs /var/run/", "persistent /var/run/keep", "tmpfs /var/run/x"],
      image: {
        "var/log": "log\n",
        "var/run": { link: "/run" },
        "run/keep": "keep\n",
        "run/x": "x\n",
        "run/y": "y\n",
      },
      state: {},
    },
    see: {
      "cd /var; cat log run/keep run/x run/y; echo new >run/keep": "log\nkeep\nx\ny",
      ["cat /.statelite/persistent/n01/var/run/keep"]: "new",
    },
  },
  {
    rule: "of two rows whose links lead to one file the first is used, the second is a problem",
    spec: {
      litefile: ["tmpfs /etc/a.conf", "persistent /etc/b.conf"],
      image: {
        "etc/a.conf": { link: "real.conf" },
        "etc/b.conf": { link: "/etc/real.conf" },
        "etc/real.conf": "real\n",
      },
      state: {},
    },
    see: { "echo new >/etc/a.conf; cat /etc/real.conf": "new", ["ls -A /.statelite/persistent/n01"]: "" },
    problems: ["litefile-duplicate /etc/b.conf"],
  },
  {
    rule: "paths with blanks and odd characters work",
    spec: {
      litefile: ["tmpfs /etc/a b", "link /etc/x:y\tz"],
      image: { "etc/a b": "1\n", "etc/x:y\tz": "2\n" },
    },
    see: { "cat '/etc/a b'": "1", "cat /etc/x:y*": "2", "echo new >'/etc/a b'; cat '/etc/a b'": "new" },
  },
  {
    rule: "a row without any content is a problem, and the others are placed",
    spec: { litefile: ["tmpfs /etc/a"], image, late: ["tmpfs /etc/none"] },
    see: { "cat /etc/a": "default" },
    problems: ["unresolved /etc/none"],
  },
  {
    rule: "a row that liteimg never saw has no place in the image",
    spec: {
      litefile: ["tmpfs /etc/a"],
      image,
      sources: [{ "etc/late": "late\n" }],
      late: ["tmpfs /etc/late", "link /etc/other"],
    },
    see: { "cat /etc/a": "default", "cat /etc/other": "image" },
    problems: ["target-missing /etc/late", "unresolved /etc/other"],
  },
];

testRows("on a node", rows);
