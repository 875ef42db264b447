import baseline from "../golden/xcatd/baseline.json";
import protocol from "../golden/xcatd/protocol.json";

/** Requests that a real xcatd was asked. */
export const requestSamples: readonly string[] = [
  ...new Set([...baseline.cases, ...protocol.port3001].map(({ request }) => request)),
  "<xcatrequest><command>litetree</command><noderange>n[01-20],-n03,@compute</noderange></xcatrequest>\n",
  "<xcatrequest><command>getpartition</command><arg>a</arg><transid>7</transid></xcatrequest>\n",
];

/** What means something in XML. */
export const xmlTokens: readonly string[] = [
  ...["<", ">", "</", "/>", "&", ";", "&#x0;", "&lt;", "&#xffffffff;", "<!--", "-->", "<![CDATA[", "]]>"],
  ...[
    '<!DOCTYPE x [<!ENTITY a "b">]>',
    "<?xml?>",
    "'",
    '"',
    "=",
    "<a>".repeat(40),
    "<xcatrequest>",
    "</xcatrequest>\n",
  ],
];
