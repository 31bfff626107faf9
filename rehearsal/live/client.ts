import OpenAI from "openai";
import type { Outcome } from "./record";

/*
 * A client as anybody has one: the OpenAI SDK, unmodified. Its connection is only listened to, for what the SDK does not
 * show: comment lines and the mark at the end of a stream.
 */

export interface Asking {
  readonly model: string;
  readonly stream: boolean;
  /** Tokens of the answer. */
  readonly tokens: number;
  readonly prompt: string;
  readonly key: string;
  /** Name of the phase that asks. */
  readonly phase: string;
  /** Leaves before the answer has come. */
  readonly signal?: AbortSignal;
}

/** What a client got, and in what words it was refused. */
export interface Answer extends Outcome {
  readonly tokens: number;
  readonly text: string;
  readonly error?: string;
  /** `type` of the error's body, and the code in it. */
  readonly errorType?: string;
  readonly errorCode?: string;
  /** Seconds from the request to its first token; for a plain call, to the whole answer. */
  readonly firstTokenSeconds?: number;
  /** Whether a stream ended with its mark. */
  readonly done: boolean;
}

/** What went over the wire of one call. */
interface Tap {
  status: number;
  pings: number;
  spoke: boolean;
  tail: string;
}

/**
 * Requests to one gateway.
 * @param now seconds since the stage was up.
 * @param wordsAreTokens whether each token is a word, as the simulated engine has it: then a lost word is found, too.
 */
export class Client {
  constructor(
    readonly baseUrl: string,
    private readonly now: () => number,
    private readonly wordsAreTokens = true,
  ) {}

  async ask(asking: Asking): Promise<Answer> {
    const tap: Tap = { status: 0, pings: 0, spoke: false, tail: "" };
    const openai = new OpenAI({
      baseURL: this.baseUrl,
      apiKey: asking.key,
      // The SDK would send a held request again after ten minutes.
      maxRetries: 0,
      timeout: 3_600_000,
      fetch: (url, init) => listen(fetch(url as string, init as RequestInit), tap),
    });
    const at = this.now();
    const got = { pieces: 0, text: "", counted: 0, firstTokenSeconds: undefined as number | undefined };
    let error: string | undefined;
    let refusal: Pick<Answer, "errorType" | "errorCode"> = {};
    try {
      await (asking.stream ? this.stream(openai, asking, got, at) : this.plain(openai, asking, got, at));
    } catch (thrown) {
      error = thrown instanceof Error ? thrown.message : String(thrown);
      if (thrown instanceof OpenAI.APIError) {
        if (thrown.status !== undefined) tap.status = thrown.status;
        refusal = { errorType: thrown.type ?? undefined, errorCode: thrown.code ?? undefined };
      }
    }
    const done = /data: \[DONE\]\s*$/.test(tap.tail);
    const words = got.text.trim().split(/\s+/).length;
    const whole = got.counted === asking.tokens && (!this.wordsAreTokens || words === asking.tokens) && got.text !== "";
    return {
      at,
      model: asking.model,
      phase: asking.phase,
      stream: asking.stream,
      status: tap.status,
      complete: error === undefined && tap.status === 200 && whole && (!asking.stream || done),
      seconds: this.now() - at,
      pings: tap.pings,
      // An answer that was cut has no count; what has come of it is told by its pieces.
      tokens: got.counted || got.pieces,
      text: got.text,
      firstTokenSeconds: got.firstTokenSeconds,
      done,
      ...(error === undefined ? {} : { error, ...refusal }),
    };
  }

  private async stream(openai: OpenAI, asking: Asking, got: Got, at: number): Promise<void> {
    const chunks = await openai.chat.completions.create(
      { ...body(asking), stream: true, stream_options: { include_usage: true } },
      { signal: asking.signal },
    );
    for await (const chunk of chunks) {
      const content = chunk.choices[0]?.delta.content ?? "";
      if (content !== "") {
        got.firstTokenSeconds ??= this.now() - at;
        got.pieces += 1;
        got.text += content;
      }
      if (chunk.usage) got.counted = chunk.usage.completion_tokens;
    }
  }

  private async plain(openai: OpenAI, asking: Asking, got: Got, at: number): Promise<void> {
    const answer = await openai.chat.completions.create({ ...body(asking), stream: false }, { signal: asking.signal });
    got.text = answer.choices[0]?.message.content ?? "";
    got.counted = answer.usage?.completion_tokens ?? 0;
    got.firstTokenSeconds = this.now() - at;
  }
}

type Got = { pieces: number; text: string; counted: number; firstTokenSeconds: number | undefined };

const body = ({ model, prompt, tokens }: Asking) => ({
  model,
  max_tokens: tokens,
  messages: [{ role: "user" as const, content: prompt }],
});

const TAIL = 64;

async function listen(answering: Promise<Response>, tap: Tap): Promise<Response> {
  const response = await answering;
  tap.status = response.status;
  if (response.body === null) return response;
  const decoder = new TextDecoder();
  let line = "";
  const listening = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      const text = decoder.decode(chunk, { stream: true });
      tap.tail = (tap.tail + text).slice(-TAIL);
      line += text;
      const lines = line.split("\n");
      line = lines.pop() ?? "";
      // Those that kept the line open before there was anything to say.
      if (!tap.spoke) tap.pings += lines.filter((one) => one.startsWith(": ping")).length;
      tap.spoke ||= lines.some((one) => one.startsWith("data:"));
      controller.enqueue(chunk);
    },
  });
  return new Response(response.body.pipeThrough(listening), response);
}
