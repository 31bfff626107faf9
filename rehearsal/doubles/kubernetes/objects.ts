import { UNKNOWN } from "../aws/inputs";
import { type Props, props, text, type Value } from "../aws/table";
import { type Api, ApiError, type Kind, nothingIfGone, pathOf } from "./api";
import { until } from "./wait";

/** Seconds that a kind or namespace may come late, as the official provider also tries again for a while. */
const LATE_SECONDS = 10;
/** Seconds after which something that should be gone is stuck: nothing in a rehearsal takes its time over a deletion. */
const GONE_SECONDS = 30;
/** The server empties a CRD's kind first, and tries again later while others come and go. */
const CRD_GONE_SECONDS = 120;

export const holdsUnknown = (value: unknown): boolean => JSON.stringify(value ?? null).includes(UNKNOWN);

/** An object that cannot be what the program asked for; the message says why. */
class ObjectError extends Error {}

export interface ApplyOptions {
  /** Who owns the fields. */
  readonly manager: string;
  /** Takes over fields that others own. */
  readonly force?: boolean;
  /** The server judges and answers, and keeps nothing. */
  readonly dryRun?: boolean;
}

/** Single objects of the API server. */
export class Objects {
  constructor(private readonly api: Api) {}

  /** The kind of an object, waited for while its CRD is still being taken up. */
  async kindOf(object: Props, seconds = LATE_SECONDS): Promise<Kind> {
    const [apiVersion, kind] = [text(object, "apiVersion"), text(object, "kind")];
    const found = await until(seconds, () => this.api.kind(apiVersion, kind));
    if (found) return found;
    throw new ObjectError(
      `the API server has no kind ${kind} in ${apiVersion}: make sure that the CRD exists first (dependsOn)`,
    );
  }

  async exists(object: Props): Promise<boolean> {
    return (await this.api.kind(text(object, "apiVersion"), text(object, "kind"))) !== undefined;
  }

  async get(object: Props): Promise<Props | undefined> {
    const kind = await this.api.kind(text(object, "apiVersion"), text(object, "kind"));
    if (!kind) return undefined;
    return this.api.ask("GET", placeOf(kind, object)).catch(nothingIfGone);
  }

  /** Server-side apply, by the strictest check there is: an unknown or doubled field is an error. */
  async apply(object: Props, { manager, force = false, dryRun = false }: ApplyOptions): Promise<Props> {
    const kind = await this.kindOf(object, dryRun ? 0 : LATE_SECONDS);
    return this.api.ask("PATCH", placeOf(kind, object), {
      query: {
        fieldManager: manager,
        fieldValidation: "Strict",
        force: String(force),
        ...(dryRun ? { dryRun: "All" } : {}),
      },
      body: object,
      contentType: "application/apply-patch+yaml",
    });
  }

  /** Applies an object that must not be there yet. */
  async create(object: Props, options: ApplyOptions): Promise<Props> {
    if (await this.get(object)) {
      throw new ApiError(
        409,
        "AlreadyExists",
        `${text(object, "kind")} "${nameOf(object)}" exists already and is not ours`,
      );
    }
    if (options.dryRun) return this.apply(object, options);
    // A namespace may still be on its way.
    let last: unknown;
    const made = await until(LATE_SECONDS, () =>
      this.apply(object, options).catch((error: unknown) => {
        last = error;
        return nothingIfGone(error);
      }),
    );
    if (made) return made;
    throw last;
  }

  async patchStatus(object: Props, status: Props): Promise<Props> {
    const kind = await this.kindOf(object);
    return this.api.ask("PATCH", `${placeOf(kind, object)}/status`, {
      body: { status },
      contentType: "application/merge-patch+json",
    });
  }

  async setFinalizers(object: Props, finalizers: readonly Value[]): Promise<Props> {
    const kind = await this.kindOf(object);
    return this.api.ask("PATCH", placeOf(kind, object), {
      body: { metadata: { finalizers } },
      contentType: "application/merge-patch+json",
    });
  }

  /**
   * Deletes an object and waits until it is gone.
   * In the background, because nobody would do the work that a deletion in the foreground waits for.
   * @param during runs once the deletion has begun; it may say how many seconds are enough to wait.
   */
  async remove(object: Props, during: () => Promise<number | undefined> = async () => undefined): Promise<void> {
    const kind = await this.api.kind(text(object, "apiVersion"), text(object, "kind"));
    if (!kind) return;
    const place = placeOf(kind, object);
    const body = { kind: "DeleteOptions", apiVersion: "v1", propagationPolicy: "Background" };
    await this.api.ask("DELETE", place, { body }).catch(nothingIfGone);
    const enough = await during();
    let left: Props | undefined;
    const seconds = enough ?? (kind.kind === "CustomResourceDefinition" ? CRD_GONE_SECONDS : GONE_SECONDS);
    const gone = await until(seconds, async () => {
      left = await this.api.ask("GET", place).catch(nothingIfGone);
      return left === undefined ? true : undefined;
    });
    if (gone) return;
    const finalizers = JSON.stringify(props(left?.metadata).finalizers ?? []);
    throw new ObjectError(
      `${kind.kind} "${nameOf(object)}" is still there after ${seconds} s; its finalizers are ${finalizers}`,
    );
  }
}

const placeOf = (kind: Kind, object: Props) =>
  pathOf(kind, text(object, "metadata.namespace"), text(object, "metadata.name"));

/** `namespace/name`, or the name alone. */
export function nameOf(object: Props): string {
  const namespace = text(object, "metadata.namespace");
  return `${namespace === "" ? "" : `${namespace}/`}${text(object, "metadata.name")}`;
}
