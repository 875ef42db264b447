import type { Chapter } from "./entry.ts";

/** Why a server gave no tables. */
export const SERVER = {
  "tls-no-ca": {
    meaning: "The server has to prove who it is, and the initrd has nothing to check the proof with.",
    cause: "The initrd was built without `--ca`.",
    remedy: "Build it with `--ca`; or boot with `statelite.tls=insecure`, which trusts whoever answers.",
  },
  "tls-token": {
    meaning: "The file of the token that proves which node this is holds something else.",
    cause: "A second initrd that was made wrongly.",
    remedy: "Write the node's token from the server's `--tokens` file into it, and nothing else.",
  },
  "tls-required": {
    meaning: "The command line says `statelite.tls=insecure`, and the initrd was built so that it may not.",
    cause: "A parameter left over from a test, or somebody who wants nodes to believe any server.",
    remedy: "Take it away.",
  },
  "query-certificate": {
    meaning:
      "The server did not prove who it is. The message says whether its CA, its name, its key or the time was the reason.",
    cause:
      "A certificate that is renewed, expired or made for another name; a clock that is wrong; or an attacker.",
    remedy:
      "Do what the message says for the case; do not boot with `statelite.tls=insecure` before you know which.",
  },
  "query-resolve": {
    meaning: "The server's name has no address.",
    cause: "`XCAT=` names a host that DNS does not know.",
    remedy: "Run `makedns`, or write an address into `noderes.xcatmaster`.",
  },
  "query-unreachable": {
    meaning: "No connection to any server in time.",
    cause: "xcatd does not run, or something between node and server is in the way.",
    remedy: "`systemctl status xcatd`; check address, VLAN and firewall.",
  },
  "query-handshake": {
    meaning: "Node and server could not agree on TLS.",
    cause:
      "A server that speaks only old versions, that listens without TLS, or that does not take the certificate the node shows.",
    remedy:
      "See what listens on that port; update the server's TLS settings, or build the initrd with a certificate that it takes.",
  },
  "query-closed": {
    meaning: "The server closed the connection without an answer.",
    cause: "xcatd is restarting or overloaded.",
    remedy: "Look at the server's log; the node has asked again until its time was up.",
  },
  "query-silent": {
    meaning: "The server took the connection and said nothing.",
    cause: "xcatd is overloaded, or hangs in a command.",
    remedy: "Look at the server's load and log.",
  },
  "query-cut-short": {
    meaning: "The answer ended before it was whole. Half a table is never used.",
    cause: "A server that was stopped while it answered, or a network that lost the connection.",
    remedy: "Look at the server's log.",
  },
  "query-unknown-node": {
    meaning: "The server does not know the node by its address.",
    cause: "The reverse name of the node's address is missing or wrong on the server.",
    remedy: "Run `makehosts` and `makedns` for the node.",
  },
  "query-no-image": {
    meaning: "The server has no image for the node.",
    cause: "The node's `provmethod` is empty or names no osimage.",
    remedy: "Run `nodeset NODE osimage=IMAGE`.",
  },
  "query-refused": {
    meaning: "The server's policy does not let the node ask.",
    cause: "The policy table has no rule that allows the commands `litefile` and `litetree`.",
    remedy: "Restore xCAT's rules for them in the policy table.",
  },
  "query-error-reply": {
    meaning: "The server answered with an error of its own.",
    cause: "What the message quotes.",
    remedy: "Try the command that it names on the server.",
  },
  "query-no-rows": {
    meaning: "The answer has no rows, which no image has.",
    cause: "A server whose tables are being restored, or which is none.",
    remedy: "Try `litefile NODE` on the server.",
  },
  "query-protocol": {
    meaning:
      "What answered does not speak the protocol that was asked for, or not so that this agent understands it.",
    cause:
      "Another service on that port, a redirect, a server of another version, or a row that cannot be sent.",
    remedy: "See what listens there; correct the row that the message quotes.",
  },
  "query-too-large": {
    meaning: "The answer has more bytes or rows than a node takes.",
    cause: "A table that lists single files in place of directories, or a server that means harm.",
    remedy: "Name directories in litefile.",
  },
  "query-other-node": {
    meaning: "The server answered for another node.",
    cause: "Two nodes share an address, or the reverse name of the address is another node's.",
    remedy: "Correct the reverse name (`makehosts`, `makedns`), or `NODE=`.",
  },
  "query-busy": {
    meaning: "The server has more to do than it takes on at a time, for as long as this node has asked.",
    cause: "More nodes boot at once than the server can answer, or what stands before it cannot reach it.",
    remedy:
      "Start more servers on the same tables, and name them all in `XCAT=`; or boot fewer nodes at a time.",
  },
  "state-told": {
    meaning: "The server names a place for this node's state that can be none.",
    cause: "`statemnt` or `mntopts` of the statelite table, or a variable in them without a value.",
    remedy: "Correct the node's row in the statelite table.",
  },
} as const satisfies Chapter;
