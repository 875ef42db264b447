import { z } from "zod";
import { reportSchema } from "../../agent/report/schema.ts";
import { VERSION } from "../../agent/version.ts";
import { bootDocumentSchema } from "../../agent/xcat/boot-document.ts";
import { healthSchema, keptSchema, problemSchema } from "./schemas.ts";

/**
 * The OpenAPI 3.1 document of the HTTP side, made of the schemas that the server itself uses. What stands in
 * openapi.json is this, and a test holds both against a running server.
 */

const schemas = {
  BootDocument: bootDocumentSchema,
  Report: reportSchema,
  Problem: problemSchema,
  Health: healthSchema,
  Kept: keptSchema,
} as const;

type SchemaName = keyof typeof schemas;

function jsonSchema(schema: z.ZodType): unknown {
  // Here "readOnly" would mean that a client may not send it.
  const override = ({ jsonSchema: made }: { jsonSchema: Record<string, unknown> }) => {
    delete made["readOnly"];
  };
  const { $schema: _, ...made } = z.toJSONSchema(schema, { io: "input", override });
  return made;
}

const reference = (name: SchemaName) => ({ $ref: `#/components/schemas/${name}` });
const header = (description: string) => ({ description, schema: { type: "string" } });

const ETAG = { ETag: header("strong; the same from every server of the same tables") };
const IF_NONE_MATCH = {
  ...{ name: "If-None-Match", in: "header", schema: { type: "string" } },
  description: "the ETag of what the client has",
};
const NODE = {
  ...{ name: "node", in: "path", required: true, schema: { type: "string" } },
  description: "the node's name, with the site's domain or without; - is the one that asks",
};

function body(description: string, name: SchemaName, headers: object = {}) {
  return { description, headers, content: { "application/json": { schema: reference(name) } } };
}

function problem(description: string, headers: object = {}) {
  return { description, headers, content: { "application/problem+json": { schema: reference("Problem") } } };
}

/** What a request may lead to whatever it asks for: 403 (a certificate), 400, 408, 411, 431, 500, 505. */
const OTHERS = { default: problem("The request is malformed or does not come whole, or the server failed.") };
const IDENTITY = {
  "401": problem("The bearer token is none of a node.", { "WWW-Authenticate": header("Bearer") }),
  "403": problem(
    "The one who asks is no node, or another one, or shows a certificate that --ca did not sign, or the policy table does not allow it.",
  ),
};
const BUSY = {
  "503": problem("More is being worked on than the server takes on.", { "Retry-After": header("seconds") }),
};

/** What is had of a node, with its ETag. */
function ofNode(description: string, name: SchemaName, more: object) {
  return {
    "200": body(description, name, ETAG),
    "304": { description: "The client has it.", headers: ETAG },
    ...{ ...IDENTITY, ...more, ...BUSY, ...OTHERS },
  };
}

export const openApi = {
  openapi: "3.1.0",
  info: {
    title: "statelite-server",
    version: VERSION,
    description:
      "What one boot of a node has to be told, and what became of it. Served by `statelite-server serve --http`. Every " +
      "GET is there for HEAD, too; any other method is answered with 405 and Allow, any other path with 404.",
    license: { name: "Apache-2.0", identifier: "Apache-2.0" },
  },
  security: [{}, { token: [] }, { certificate: [] }],
  paths: {
    "/healthz": {
      get: {
        summary: "Whether the server is there; for everybody",
        security: [{}],
        responses: { "200": body("It is.", "Health"), ...OTHERS },
      },
    },
    "/v1/nodes/{node}/boot": {
      get: {
        summary: "All that one boot has to be told",
        description: "Takes what xcatd's port takes: the policy table has to allow litefile and litetree.",
        parameters: [NODE, IF_NONE_MATCH],
        responses: ofNode("The boot document.", "BootDocument", {
          "404": problem("There is no such node; only who may ask for all of them is told so."),
          "409": problem("The node has no image."),
        }),
      },
    },
    "/v1/nodes/{node}/report": {
      get: {
        summary: "The last report of a node",
        description: "For the node itself, and for whom the policy table allows the command `report`.",
        parameters: [NODE, IF_NONE_MATCH],
        responses: ofNode("The report.", "Report", {
          "404": problem("There is no report yet, or no such node, or the server keeps none."),
        }),
      },
      post: {
        summary: "Takes the report of a boot, from the node itself",
        parameters: [NODE],
        requestBody: { required: true, content: { "application/json": { schema: reference("Report") } } },
        responses: {
          "200": body("It was the last one already.", "Kept"),
          "201": body("It is kept.", "Kept"),
          ...IDENTITY,
          "404": problem("The server keeps no reports."),
          "413": problem("It is larger than 16 MiB."),
          "415": problem("It is no application/json, or packed.", { Accept: header("what it has to be") }),
          "422": problem("It is no report, or one of another node."),
          ...{ ...BUSY, ...OTHERS },
        },
      },
    },
  },
  components: {
    schemas: Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, jsonSchema(schema)])),
    securitySchemes: {
      token: { type: "http", scheme: "bearer", description: "A line of the file that --tokens names." },
      certificate: {
        type: "mutualTLS",
        description: "Signed by --ca: its name is a node's, or that of a policy row.",
      },
    },
  },
} as const;
