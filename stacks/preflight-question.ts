/*
 * A question to AWS, and what becomes of one without an answer.
 */

/** A question that got no answer. */
export interface Unanswered {
  /** What could not be checked. */
  readonly what: string;
  /** IAM actions that the question takes. */
  readonly permissions: readonly string[];
  /** What AWS or the provider said. */
  readonly reason: string;
}

/** A question: what it is about, what it takes, and who asks it. */
export interface Question<T> {
  readonly what: string;
  readonly permissions: readonly string[];
  readonly ask: () => Promise<T>;
}

/** Longer than any answer takes; the provider itself would try for many minutes to reach a service that is not reachable. */
const PATIENCE_MS = 20_000;

export type Answer = <T>(question: Question<T>) => Promise<T | undefined>;

/** One question for each key; keys without an answer are left out. */
export async function answers<T>(
  questions: ReadonlyMap<string, Question<T>>,
  answer: Answer,
): Promise<Record<string, T>> {
  const told = await Promise.all([...questions].map(async ([key, question]) => [key, await answer(question)] as const));
  return Object.fromEntries(told.flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
}

async function inTime<T>(asked: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${PATIENCE_MS / 1000} seconds`)), PATIENCE_MS);
  });
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The provider's errors have several lines; a warning has one. */
export const textOf = (error: unknown) =>
  (error instanceof Error ? error.message : String(error)).replace(/\s+/g, " ").trim();

/** Answers that go missing are put down in `unanswered`. */
export const answering =
  (unanswered: Unanswered[]): Answer =>
  async ({ what, permissions, ask }) => {
    try {
      return await inTime(ask());
    } catch (error) {
      unanswered.push({ what, permissions, reason: textOf(error) });
      return undefined;
    }
  };
