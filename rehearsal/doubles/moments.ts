/** One step of the engine, as a double is asked to take it. */
export interface Moment {
  readonly op: "create" | "update" | "delete";
  readonly type: string;
  /** The resource's name in the program. */
  readonly name: string;
}

export interface Watcher {
  /** Before the double does anything. What it throws is the answer. */
  begin?(moment: Moment): Promise<void> | void;
  /** Once it is done, before the engine hears of it. What it throws is the answer. */
  end?(moment: Moment): Promise<void> | void;
}

/** Whether a moment is of this resource: its name, or its type's last part and its name, such as `Cluster:cluster`. */
export function isAt({ type, name }: Moment, resource: string): boolean {
  return resource === name || resource === `${type.split(":").at(-1)}:${name}`;
}

/** The steps of all doubles, for faults that come at one of them. */
export class Moments {
  private readonly watchers = new Set<Watcher>();

  /** @returns what ends the watch. */
  watch(watcher: Watcher): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }

  /** Does a double's work between the two ends of its moment. */
  async during<T>(moment: Moment, work: () => Promise<T>): Promise<T> {
    for (const watcher of this.watchers) await watcher.begin?.(moment);
    const done = await work();
    for (const watcher of this.watchers) await watcher.end?.(moment);
    return done;
  }
}
