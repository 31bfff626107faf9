import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { answer, type Serving, sendJson } from "./answering";
import { apiError, type Kind, modelsBody, tokensBody } from "./answers";
import { METRICS_TYPE, metricsText } from "./metrics";
import type { Pace } from "./pace";
import { RequestError, wrongContentType } from "./refusals";
import { checkModel, countTokens, kindOf, parseBody, promptOf, readRequest, type Served } from "./requests";

export interface Api extends Serving {
  readonly served: Served;
  /** Where the weights are. */
  readonly root: string;
  /** vLLM's release, without a v. */
  readonly version: string;
  readonly pace: Pace;
}

const MOST_BODY_BYTES = 64 * 2 ** 20;

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= MOST_BODY_BYTES) chunks.push(chunk);
  }
  // Read to its end first: a client that still sends would see a broken connection and not the answer.
  if (bytes > MOST_BODY_BYTES)
    throw new RequestError(413, apiError(413, "Request Entity Too Large", `more than ${MOST_BODY_BYTES} bytes`));
  const [type = ""] = (request.headers["content-type"] ?? "").split(";");
  if (type.toLowerCase() !== "application/json") throw wrongContentType();
  return parseBody(Buffer.concat(chunks).toString("utf8"));
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** By path, then by method. */
type Routes = Readonly<Record<string, Readonly<Record<string, Handler>>>>;

function routesOf(api: Api): Routes {
  const { served, pace } = api;
  const started = Math.floor(Date.now() / 1000);
  const healthy: Handler = (_, response) => {
    response.writeHead(200).end();
  };
  const json =
    (body: object): Handler =>
    (_, response) =>
      sendJson(response, 200, body);
  const generate =
    (kindFor: (body: Record<string, unknown>) => Kind): Handler =>
    async (request, response) => {
      const body = await readBody(request);
      const asked = readRequest(kindFor(body), body, served);
      // The real one has ended the threads of its tokeniser by then.
      if (api.drain.draining)
        throw new RequestError(500, apiError(500, "InternalServerError", "cannot schedule new futures after shutdown"));
      answer(api, asked, String(request.headers["x-request-id"] ?? ""), response);
    };
  return {
    "/health": { GET: healthy },
    "/ping": { GET: healthy, POST: healthy },
    "/version": { GET: json({ version: api.version }) },
    "/v1/models": { GET: json(modelsBody(served.names, api.root, served.maxModelLen, started)) },
    "/metrics": {
      GET: (_, response) => {
        const text = metricsText(api.model, api.engine.counters, api.engine.gauges, pace);
        response.writeHead(200, { "content-type": METRICS_TYPE }).end(text);
      },
    },
    "/v1/chat/completions": { POST: generate(() => "chat") },
    "/v1/completions": { POST: generate(() => "completion") },
    // vLLM asks for no key on these even where it has one: they are here so that a test can prove the edge hides them.
    "/invocations": { POST: generate(kindOf) },
    "/tokenize": {
      POST: async (request, response) => {
        const body = await readBody(request);
        checkModel(body, served);
        const { prompt } = promptOf(kindOf(body), body);
        sendJson(response, 200, tokensBody(countTokens(prompt), served.maxModelLen));
      },
    },
  };
}

function sendFailure(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) return;
  if (error instanceof RequestError) sendJson(response, error.status, error.body);
  else sendJson(response, 500, apiError(500, "InternalServerError", String(error)));
}

/** vLLM's routes. */
export function apiListener(api: Api): RequestListener {
  const routes = routesOf(api);
  return async (request, response) => {
    const path = (request.url ?? "/").replace(/\?.*$/s, "");
    const methods = Object.hasOwn(routes, path) ? routes[path] : undefined;
    const handler = methods?.[request.method ?? ""];
    if (!methods) return sendJson(response, 404, { detail: "Not Found" });
    if (!handler) return sendJson(response, 405, { detail: "Method Not Allowed" });
    try {
      await handler(request, response);
    } catch (error) {
      sendFailure(response, error);
    }
  };
}
