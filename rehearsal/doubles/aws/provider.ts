import { HalfMade } from "../half-made";
import type { Account } from "./account";
import { AwsError } from "./account";
import {
  type CheckRequest,
  changedInputs,
  completeInputs,
  type Difference,
  difference,
  type Failure,
  UNKNOWN,
} from "./inputs";
import { lookUp } from "./lookups";
import { at, type Call, type Props, props, type Row, type Table, type Where } from "./table";

/** One resource as the engine names it. */
export interface Target {
  readonly type: string;
  readonly name: string;
  readonly id: string;
}

export type Op = "create" | "update" | "delete" | "read" | "invoke";
export type Note = (op: Op, type: string, name: string, note?: string) => void;

/** The life of a resource, by its row of the table. */
export class AwsDouble {
  constructor(
    private readonly table: Table,
    private readonly account: Account,
    private readonly note: Note,
  ) {}

  row(type: string): Row {
    const row = this.table[type];
    if (!row) throw new Error(`the AWS double does not know the resource type "${type}": add a row for it`);
    return row;
  }

  check(request: CheckRequest): { inputs: Props; failures: Failure[] } {
    return completeInputs(this.row(request.type), request);
  }

  diff(type: string, old: Props, now: Props): Difference {
    return difference(this.row(type), old, now);
  }

  /** What a preview knows of a resource that will be made: its inputs. */
  plan(type: string, inputs: Props): Props {
    const row = this.row(type);
    return (row.filledIn ?? []).reduce(unknownAt, withTagsAll(row, inputs));
  }

  async create({ type, name }: Target, inputs: Props, where: Where): Promise<{ id: string; outs: Props }> {
    const row = this.row(type);
    const made = await explain("creating", type, name, async () => {
      const asked = await this.account.calls(row.ask?.(inputs, where) ?? [], where);
      const answer = await this.account.call(row.create(inputs, where, asked), where);
      const id = row.id(answer, inputs, where);
      const later = await this.finish(row, id, inputs, where);
      const outs = { ...withTagsAll(row, inputs), ...row.outs?.(id, inputs, [answer, ...later], where) };
      const fault = row.settled?.fault(await this.account.call(row.settled.ask(id, inputs), where), id);
      if (fault !== undefined) throw new HalfMade(id, outs, `creating ${type} "${name}": ${fault}`);
      return { id, outs };
    });
    this.note("create", type, name);
    return made;
  }

  /** If a thing cannot be finished it is taken away again: the engine would not know of it. */
  private async finish(row: Row, id: string, inputs: Props, where: Where): Promise<Props[]> {
    try {
      return await this.account.calls(row.finish?.(id, inputs, where) ?? [], where);
    } catch (error) {
      await this.account.calls(row.remove(id, inputs, where), where).catch(() => []);
      throw error;
    }
  }

  /** What a preview knows of a resource that will change. */
  planUpdate(type: string, old: Props, now: Props, state: Props): Props {
    const onlyTags = changedInputs(old, now).every((input) => input === "tags");
    const volatile = onlyTags ? [] : (this.row(type).volatile ?? []);
    return without(this.merged(type, old, now, state), volatile);
  }

  async update(target: Target, old: Props, now: Props, state: Props, where: Where): Promise<Props> {
    const { type, name, id } = target;
    const row = this.row(type);
    const changed = changedInputs(old, now);
    const updates = new Set(changed.map((input) => row.updates?.[input]).filter((update) => update !== undefined));
    await explain("updating", type, name, async () => {
      const calls = [...updates].flatMap((update) => update({ id, old, now, state }, where));
      await this.account.calls([...calls, ...tagCalls(row, id, old, now, state)], where);
    });
    this.note("update", type, name, changed.join(", "));
    const seen = row.seen ? await this.account.call(row.exists(id, state, where), where) : {};
    return { ...this.merged(type, old, now, state), ...row.seen?.(seen, state) };
  }

  private merged(type: string, old: Props, now: Props, state: Props): Props {
    const gone = Object.keys(old).filter((key) => !(key in now));
    // Structures keep what AWS added to them, such as the security group EKS makes.
    const inner = Object.entries(now).map(([key, value]) => {
      const structure = Object.keys(props(value)).length > 0 && key !== "tags" && key !== "labels";
      return [
        key,
        structure ? { ...without(props(state[key]), Object.keys(props(old[key]))), ...props(value) } : value,
      ];
    });
    return withTagsAll(this.row(type), { ...without(state, gone), ...Object.fromEntries(inner) });
  }

  /** The state as AWS has it now, or nothing when the resource is gone. */
  async read({ type, name, id }: Target, state: Props, where: Where): Promise<Props | undefined> {
    const row = this.row(type);
    if (Object.keys(state).length === 0) {
      throw new Error(`the AWS double cannot import or get ${type} "${id}": it only refreshes what it made`);
    }
    try {
      const answer = await this.account.call(row.exists(id, state, where), where);
      this.note("read", type, name);
      return row.alive && !row.alive(answer) ? undefined : { ...state, ...row.seen?.(answer, state) };
    } catch (error) {
      if (error instanceof AwsError && error.notFound) return undefined;
      throw error;
    }
  }

  async delete({ type, name, id }: Target, state: Props, where: Where): Promise<void> {
    const row = this.row(type);
    await explain("deleting", type, name, async () => {
      for (const call of [...(await this.swept(row, id, state, where)), ...row.remove(id, state, where)]) {
        await this.account.call(call, where).catch(ignoreGone);
      }
    });
    this.note("delete", type, name);
  }

  async lookUp(token: string, args: Props, where: Where): Promise<Props> {
    const answer = await lookUp(token, args, where, (calls, there) => this.account.calls(calls, there));
    this.note("invoke", token, "");
    return answer;
  }

  private async swept(row: Row, id: string, state: Props, where: Where): Promise<readonly Call[]> {
    const calls: Call[] = [];
    for (const { when, list, each } of [row.sweep ?? []].flat()) {
      if (when !== undefined && at(state, when) !== true) continue;
      const answer = await this.account.call(list(id, state), where).catch(ignoreGone);
      calls.push(...each(answer ?? {}, id, state));
    }
    return calls;
  }
}

/** What is gone needs no deleting. */
function ignoreGone(error: unknown): undefined {
  if (error instanceof AwsError && error.notFound) return undefined;
  throw error;
}

async function explain<T>(doing: string, type: string, name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof HalfMade) throw error;
    throw new Error(`${doing} ${type} "${name}": ${error instanceof Error ? error.message : error}`);
  }
}

function withTagsAll(row: Row, outs: Props): Props {
  return row.tags ? { ...outs, tagsAll: outs.tags ?? {} } : outs;
}

/** Sets the second of two steps of a path, where the first is a structure. */
function unknownAt(outs: Props, path: string): Props {
  const [structure = "", part = ""] = path.split(".");
  return { ...outs, [structure]: { ...props(outs[structure]), [part]: UNKNOWN } };
}

function without(from: Props, keys: readonly string[]): Props {
  return Object.fromEntries(Object.entries(from).filter(([key]) => !keys.includes(key)));
}

function tagCalls(row: Row, id: string, old: Props, now: Props, state: Props): Call[] {
  if (!row.tags) return [];
  const before = props(old.tags);
  const after = props(now.tags);
  const gone = Object.keys(before).filter((key) => !(key in after));
  const set = Object.fromEntries(Object.entries(after).filter(([key, value]) => before[key] !== value));
  return [
    ...(gone.length > 0 ? [row.tags.unset(id, { ...state, tags: before }, gone)] : []),
    ...(Object.keys(set).length > 0 ? [row.tags.set(id, { ...state, tags: after }, set)] : []),
  ];
}
