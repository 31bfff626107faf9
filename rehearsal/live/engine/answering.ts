import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import { type AnswerHead, answerBody, DONE, event, roleChunk, textChunk, tokenText, usageChunk } from "./answers";
import type { Drain } from "./drain";
import type { Engine } from "./engine";
import type { FinishedReason } from "./metrics";
import { type Ending, type LogLine, SHOWN_CHARACTERS } from "./request-log";
import type { GenerationRequest } from "./requests";

/** What answers need of the process they are in. */
export interface Serving {
  readonly engine: Engine;
  readonly drain: Drain;
  readonly log: (line: LogLine) => void;
  /** The name in answers, whichever of its names the request used. */
  readonly model: string;
}

/** How an answer reaches its client. */
interface Voice {
  token(index: number, last: boolean): void;
  /** The engine goes, after so many tokens: an end that looks whole but for its reason. */
  cut(tokens: number): void;
}

export function sendJson(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
  response.writeHead(status, headers).end(text);
}

function streamed(response: ServerResponse, head: AnswerHead, request: GenerationRequest): Voice {
  // The status goes out before there is a token, so a client waits in the stream and not for it.
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" }).flushHeaders();
  const { promptTokens, finishReason } = request;
  const end = (tokens: number) => {
    if (request.includeUsage) response.write(event(usageChunk(head, { promptTokens, tokens })));
    response.end(DONE);
  };
  return {
    token: (index, last) => {
      const role = index === 0 && head.kind === "chat" ? event(roleChunk(head)) : "";
      response.write(role + event(textChunk(head, tokenText(index), last ? finishReason : null)));
      if (last) end(index + 1);
    },
    cut: (tokens) => {
      response.write(event(textChunk(head, "", "abort")));
      end(tokens);
    },
  };
}

function plain(response: ServerResponse, head: AnswerHead, { promptTokens, finishReason }: GenerationRequest): Voice {
  const send = (tokens: number, reason: FinishedReason) =>
    sendJson(response, 200, answerBody(head, { promptTokens, tokens }, reason));
  return {
    token: (index, last) => {
      if (last) send(index + 1, finishReason);
    },
    cut: (tokens) => send(tokens, "abort"),
  };
}

/** Generates what was asked for and sends it; a client that goes away ends it. */
export function answer(
  serving: Serving,
  request: GenerationRequest,
  requestId: string,
  response: ServerResponse,
): void {
  const { engine, drain, log, model } = serving;
  const { kind, stream, promptTokens } = request;
  const prefix = kind === "chat" ? "chatcmpl" : "cmpl";
  const created = Math.floor(Date.now() / 1000);
  const head = { kind, id: `${prefix}-${requestId || randomUUID()}`, created, model };
  const subject = { requestId, prompt: request.shown.slice(0, SHOWN_CHARACTERS) };
  const voice = (stream ? streamed : plain)(response, head, request);
  let tokens = 0;
  let ended = false;
  const end = (how: Ending) => {
    ended = true;
    log({ at: Date.now(), ...subject, stream, promptTokens, tokens, how });
  };
  const abort = engine.submit(request, {
    started: () => log({ at: Date.now(), ...subject, started: true }),
    token: (index, last) => {
      tokens = index + 1;
      if (last) end("finished");
      voice.token(index, last);
    },
  });
  const stop = (how: Ending) => {
    if (ended) return false;
    abort();
    end(how);
    return true;
  };
  const underWay = { cut: () => stop("cut") && voice.cut(tokens), hang: () => stop("cut") };
  drain.add(underWay);
  // Not before the last byte has left, so that a drain does not end under an answer.
  response.once("close", () => {
    stop("aborted");
    drain.remove(underWay);
  });
}
