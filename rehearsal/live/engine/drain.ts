/** An answer that is under way. */
export interface UnderWay {
  /** Ends it where it is. */
  cut(): void;
  /** Makes no more of it, and does not tell its client. */
  hang(): void;
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
  private onEmpty: () => void = () => {};

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
    if (this.answers.size === 0) this.onEmpty();
  }

  /** Ends when no answer is under way any more. */
  emptied(): Promise<void> {
    return new Promise((resolve) => {
      this.onEmpty = resolve;
      if (this.answers.size === 0) resolve();
    });
  }

  /**
   * Ends when every answer has, or after `seconds`: vLLM 0.32 then kills what makes the answers, while its server keeps
   * their connections until the clients have gone. With 0 seconds all are cut at once, and in order.
   */
  async drain(seconds: number): Promise<void> {
    this.begun = true;
    if (seconds === 0) for (const answer of [...this.answers]) answer.cut();
    else if (this.answers.size > 0) {
      let stop = () => {};
      const timeUp = new Promise<void>((resolve) => {
        stop = this.timer(seconds * 1000, resolve);
      });
      await Promise.race([timeUp, this.emptied()]);
      stop();
      for (const answer of [...this.answers]) answer.hang();
    }
  }
}
