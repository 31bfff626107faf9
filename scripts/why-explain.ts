import type { Cause, Finder, State } from "./why-cause";
import { type Facts, isUnknown } from "./why-facts";
import * as node from "./why-node";
import { conditionOf, nameOf, seenAt } from "./why-objects";
import * as pod from "./why-pod";
import * as refused from "./why-refused";
import * as scale from "./why-scale";
import * as unfit from "./why-unfit";
import { createdAt, eventsOf, type ModelView, modelsIn, viewOf } from "./why-view";
import { ago, count, quoted, sentence, span } from "./why-words";

/*
 * From facts to one paragraph for each model. Pure.
 */

export interface Answer {
  readonly model: string;
  readonly state: State;
  readonly ready: number;
  readonly wanted: number;
  /** Requests; left out where it is not known. */
  readonly held?: number;
  /** The whole paragraph, without its commands. */
  readonly text: string;
  readonly commands: readonly string[];
}

/** The first that finds something is the cause: what stops a model earlier on its way comes first. */
const CAUSES: readonly Finder[] = [
  scale.awake,
  scale.switchedOff,
  scale.paused,
  scale.noScaler,
  scale.asleep,
  scale.noPod,
  pod.imagePull,
  pod.outOfMemory,
  pod.crashLoop,
  pod.containerRefused,
  pod.loading,
  node.noKarpenter,
  node.launchFailed,
  node.notJoining,
  node.noDevicePlugin,
  node.waitingForNode,
  unfit.notReady,
  unfit.mismatch,
  refused.overQuota,
  refused.noCapacity,
  unfit.atLimit,
  unknown,
];

/** What Kubernetes itself says, where nothing else is known. */
function unknown({ waiting, facts, now }: ModelView): Cause {
  if (waiting === undefined)
    return { state: "waking", because: "has no pod yet", sentences: ["Kubernetes is about to make one."] };
  const scheduled = conditionOf(waiting, "PodScheduled");
  const word = eventsOf(facts, "Pod", nameOf(waiting)).find(({ message }) =>
    message?.startsWith("Failed to schedule pod"),
  );
  return {
    state: "unknown",
    because: word === undefined ? "waits for a node, and Karpenter has not said why" : "waits for a node",
    sentences: [
      ...(word === undefined ? [] : [sentence(`Karpenter says, ${ago(seenAt(word), now)}: ${quoted(word.message)}`)]),
      ...(scheduled?.message ? [sentence(`The scheduler says: ${quoted(scheduled.message)}`)] : []),
      ...(word === undefined ? ["Karpenter usually answers within 30 s; then ask again."] : []),
      `Pod ${nameOf(waiting)} is the one that waits.`,
    ],
  };
}

const QUIET: readonly State[] = ["asleep", "awake"];

function answerOf(model: string, facts: Facts): Answer {
  const view = viewOf(model, facts);
  const { ready, wanted, held } = view;
  const cause = CAUSES.reduce<Cause | undefined>((found, find) => found ?? find(view), undefined) ?? unknown(view);
  const some = ready > 0 && ready < wanted;
  const head = some
    ? `${model} is awake with ${ready} of ${count(wanted, "replica")}; the next one ${cause.because}.`
    : `${model} ${cause.because}.`;
  // The last sentence of a cause leads to its commands.
  const leads = cause.sentences.at(-1)?.endsWith(":") === true;
  const first = leads ? cause.sentences.slice(0, -1) : cause.sentences;
  const last = leads ? cause.sentences.slice(-1) : [];
  const text = [head, ...first, ...heldText(view, cause.state), ...guardText(view, cause.state), ...last].join(" ");
  return { model, state: cause.state, ready, wanted, held, text, commands: cause.commands ?? [] };
}

/** What waits for the model, and for how long it will. */
function heldText({ facts, held, told, waiting, now, ready }: ModelView, state: State): string[] {
  if (state === "awake") return [];
  if (held === undefined)
    return [
      `How many requests are held is not known${isUnknown(facts.held) ? `: ${sentence(facts.held.unknown)}` : "."}`,
    ];
  if (held === 0) return [];
  const are = `${count(held, "request")} ${held === 1 ? "is" : "are"} held`;
  if (told.holdSeconds === undefined || waiting === undefined || ready > 0) return [`${are}.`];
  // The pod was asked for because of the first of them.
  const left = told.holdSeconds - (now - createdAt(waiting)) / 1000;
  return [
    left > 0
      ? `${are}; the first will be given up in about ${span(left)}, ${span(told.holdSeconds)} after it came.`
      : `${are}; those that came first have been given up, ${span(told.holdSeconds)} after they came.`,
  ];
}

const guardText = ({ facts: { guard } }: ModelView, state: State): string[] =>
  guard !== undefined && isUnknown(guard) && !QUIET.includes(state)
    ? [`Whether the spend guard keeps GPUs off is not known: ${sentence(quoted(guard.unknown))}`]
    : [];

/** An answer for each model, or for those named. */
export const explain = (facts: Facts, models: readonly string[] = modelsIn(facts)): Answer[] =>
  models.map((model) => answerOf(model, facts));

/** As it is printed: paragraphs, commands on lines of their own so that they can be copied. */
export const textOf = (answers: readonly Answer[]): string =>
  answers.map(({ text, commands }) => [text, ...commands.map((command) => `  ${command}`)].join("\n")).join("\n\n");
