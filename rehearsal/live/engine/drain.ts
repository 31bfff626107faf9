/** An answer that is under way. */
export interface UnderWay {
  /** Ends it where it is. */
  cut(): void;
}

/** Starts a timer and answers how to stop it. */
export type Timer = (milliseconds: number, callback: () => void) => () => void;

const REAL_TIMER: Timer = (milliseconds, callback) => {
  const timer = setTimeout(callback, milliseconds);
  return () => clearTimeout(timer);
};

/** vLLM's way out on SIGTERM: what runs may end, nothing new begins. */
export class Drain {
  private readonly answers = new Set<UnderWay>();
  private begun = false;
  private emptied: () => void = () => {};

  constructor(private readonly timer: Timer = REAL_TIMER) {}

  /** Whether new requests are refused. */
  get draining(): boolean {
    return this.begun;
  }

  add(answer: UnderWay): void {
    this.answers.add(answer);
  }

  remove(answer: UnderWay): void {
    this.answers.delete(answer);
    if (this.answers.size === 0) this.emptied();
  }

  /** Ends when every answer has, or after `seconds`, when those that are left are cut; with 0 seconds all are. */
  async drain(seconds: number): Promise<void> {
    this.begun = true;
    if (seconds > 0 && this.answers.size > 0)
      await new Promise<void>((resolve) => {
        const stop = this.timer(seconds * 1000, resolve);
        this.emptied = () => {
          stop();
          resolve();
        };
      });
    for (const answer of [...this.answers]) answer.cut();
  }
}
