import { PublishCommand } from "@aws-sdk/client-sns";
import { perform } from "./acts";
import { type GuardAnswer, statusOf } from "./answer";
import type { Clients } from "./clients";
import { type Act, decide, type Notice, wakingActs } from "./decide";
import { facts, readInstances } from "./facts";
import { Faults } from "./faults";
import { type Around, messageOf } from "./messages";
import { noticesOf, remembered, withOff } from "./outcome";
import { extended, woken } from "./requests";
import type { GuardRequest, GuardSettings } from "./settings";
import { type GuardState, stateText } from "./state";
import { type Remembered, StateChanged, Store } from "./store";

/*
 * The guard's runs: read, decide, remember, act, tell. What fails stops nothing else, and is thrown in the end, so that
 * the function's error alarm rings.
 */

/** Runs that begin again because another one wrote the state meanwhile. */
const ATTEMPTS = 4;

export class Guard {
  private readonly store: Store;

  constructor(
    private readonly aws: Clients,
    private readonly settings: GuardSettings,
    private readonly clock: () => Date = () => new Date(),
  ) {
    this.store = new Store(aws.ssm, settings.stateParameter);
  }

  async run(request: GuardRequest): Promise<GuardAnswer> {
    for (let attempt = 1; ; attempt += 1)
      try {
        return await this.once(request);
      } catch (error) {
        if (!(error instanceof StateChanged) || attempt === ATTEMPTS) throw error;
      }
  }

  private once(request: GuardRequest): Promise<GuardAnswer> {
    switch (request.action) {
      case "check":
        return this.check();
      case "status":
        return this.status();
      case "extend":
        return this.extend(request.seconds);
      case "wake":
        return this.wake();
      default:
        throw new Error(
          `the spend guard does not know the request ${JSON.stringify(request satisfies never)}; it knows check, status, extend and wake`,
        );
    }
  }

  private async check(): Promise<GuardAnswer> {
    const { aws, settings } = this;
    const now = this.clock();
    const faults = new Faults();
    // Without its state the guard still knows the limit and what is idle.
    const loaded = await faults.trying(`read ${settings.stateParameter}`, () => this.store.load());
    const before = loaded ?? { state: {}, faults: [], version: 0 };
    const found = await facts(aws, settings, now, faults);
    let decision = decide(found, before.state, settings, now, loaded !== undefined);
    const saved = loaded && (await this.remember(decision.state, loaded, faults));
    // The next check may run in another process, which does not know what could not be written.
    if (loaded !== undefined && saved === undefined) decision = decide(found, before.state, settings, now, false);
    const { state, acts, notices } = decision;
    const instances = found.instances ?? [];
    const tell = (some: readonly Notice[]) => this.tell(some, { instances, faults: [...faults.all], now }, faults);
    const ends = (act: Act) => act.act === "terminate";
    const first = await perform(
      aws,
      settings.stack,
      acts.filter((act) => !ends(act)),
      faults,
    );
    // Damage that is not told yet is: the write takes it away.
    const lost: Notice[] = before.faults.length > 0 ? [{ notice: "state-lost", faults: before.faults }] : [];
    // Before anything goes: should the function end while it terminates, somebody knows that GPUs are off.
    const toldFirst = await tell([...lost, ...notices]);
    const last = await perform(aws, settings.stack, acts.filter(ends), faults);
    const outcome = { ...last, through: first.through, wanted: acts, instances };
    const toldLast = await tell(noticesOf(state, outcome, now));
    const next = remembered(state, outcome, [...toldFirst, ...toldLast], settings, now);
    await this.rememberAfterwards(next, saved ?? loaded, faults);
    if (faults.all.length > 0) throw new Error(`the check is not through:\n${faults.all.join("\n")}`);
    return { status: statusOf(next, instances, [], settings, now) };
  }

  private async status(): Promise<GuardAnswer> {
    const { state } = await this.store.load();
    return this.answer(state);
  }

  private async extend(seconds: number): Promise<GuardAnswer> {
    const before = await this.store.load();
    const asked = extended(before.state, seconds, this.settings, this.clock());
    if ("refused" in asked) return asked;
    await this.store.save(asked.state, before);
    return this.answer(asked.state);
  }

  private async wake(): Promise<GuardAnswer> {
    const { aws, settings } = this;
    const faults = new Faults();
    const before = await this.store.load();
    const state = woken(before.state, settings, this.clock());
    // First, so that a check that comes between does not switch off again what is being switched on.
    await this.store.save(state, before);
    // A check that began before may deny launches after this: so the state keeps what a wake does, and the next check does
    // it once more. Its failures are not thrown either: who asked reads them.
    await perform(aws, settings.stack, wakingActs(state, settings), faults);
    return this.answer(state, faults);
  }

  private async answer(state: GuardState, faults = new Faults()): Promise<GuardAnswer> {
    const read = () => readInstances(this.aws, this.settings.stack);
    const instances = (await faults.trying("read GPU instances", read)) ?? [];
    return { status: statusOf(state, instances, faults.all, this.settings, this.clock()) };
  }

  /** Saves, or keeps for this process; a parameter that cannot be written must not keep the guard from switching off. */
  private async remember(state: GuardState, before: Remembered, faults: Faults): Promise<Remembered | undefined> {
    if (before.faults.length === 0 && !before.held && stateText(state) === stateText(before.state)) return before;
    try {
      return await this.store.save(state, before);
    } catch (error) {
      if (error instanceof StateChanged) throw error;
      this.store.hold(state, before);
      await faults.trying(`write ${this.settings.stateParameter}`, () => Promise.reject(error));
      return undefined;
    }
  }

  /**
   * After the steps it is too late to begin again: whoever wrote meanwhile knows better, and steps may be repeated.
   * @param before as it was saved or, where that failed, as it was read: then this is the second try. Where it could not be
   *   read either, a switch-off is what has to be known of this check.
   */
  private async rememberAfterwards(state: GuardState, before: Remembered | undefined, faults: Faults): Promise<void> {
    const { off } = state;
    const late = before ?? (off && (await this.store.load().catch(() => undefined)));
    if (late === undefined) return;
    const next = before !== undefined || off === undefined ? state : withOff(late.state, off);
    await this.remember(next, late, faults).catch((error: unknown) => {
      if (!(error instanceof StateChanged)) throw error;
    });
  }

  /** @returns what was told. */
  private async tell(notices: readonly Notice[], around: Around, faults: Faults): Promise<Notice[]> {
    const told: Notice[] = [];
    for (const notice of notices) {
      const { subject, text } = messageOf(notice, this.settings, around);
      // The function's log keeps what nobody subscribed to.
      console.log(`${subject}\n${text}`);
      const publish = new PublishCommand({ TopicArn: this.settings.topicArn, Subject: subject, Message: text });
      const sent = await faults.trying(`publish "${subject}"`, () => this.aws.sns.send(publish));
      if (sent !== undefined) told.push(notice);
    }
    return told;
  }
}
