import { type KubeConfig, kubernetesClient } from "../../scripts/gateway-pod";
import type { ApiAccess } from "../control-plane";
import { Api, ApiError } from "../doubles/kubernetes/api";
import type { KubernetesObject, V1ObjectMeta } from "./kubernetes-types";

type Client = Awaited<ReturnType<typeof kubernetesClient>>;

/** `namespace/name`, or the name alone of what has no namespace. */
export const nameOf = ({ metadata }: { metadata?: V1ObjectMeta }): string =>
  metadata?.namespace === undefined ? (metadata?.name ?? "") : `${metadata.namespace}/${metadata.name}`;

const RECONNECT_MS = 500;

/** A patch in Kubernetes' own way of merging lists. */
export const STRATEGIC = "application/strategic-merge-patch+json";
export const MERGE = "application/merge-patch+json";

/** The stage's Kubernetes API, with the administrator's rights. */
export class Cluster {
  private readonly stops = new Set<() => void>();
  private closed = false;

  private constructor(
    readonly api: Api,
    private readonly client: Client,
    private readonly config: KubeConfig,
  ) {}

  static async open(access: ApiAccess & { readonly kubeconfigPath: string }): Promise<Cluster> {
    const client = await kubernetesClient();
    const config = new client.KubeConfig();
    config.loadFromFile(access.kubeconfigPath);
    return new Cluster(new Api(access), client, config);
  }

  /** One object, or nothing where there is none. */
  async get<T>(path: string): Promise<T | undefined> {
    try {
      return (await this.api.ask("GET", path)) as T;
    } catch (error) {
      if (error instanceof ApiError && error.code === 404) return undefined;
      throw error;
    }
  }

  async list<T>(path: string): Promise<T[]> {
    return ((await this.api.ask("GET", path)) as unknown as { items: T[] }).items;
  }

  /** Creates an object, or leaves the one that is there. */
  async create(path: string, body: object): Promise<void> {
    await this.api.ask("POST", path, { body: body as never }).catch((error: unknown) => {
      if (!(error instanceof ApiError && error.reason === "AlreadyExists")) throw error;
    });
  }

  async patch(path: string, body: object, contentType = MERGE): Promise<void> {
    await this.api.ask("PATCH", path, { body: body as never, contentType });
  }

  /** Deletes what may be gone already. */
  async remove(path: string, body: object = {}): Promise<void> {
    await this.api.ask("DELETE", path, { body: body as never }).catch((error: unknown) => {
      if (!(error instanceof ApiError && error.code === 404)) throw error;
    });
  }

  /**
   * Tells of every object at `path` and of each change, for as long as the stage lasts; after a broken connection it lists
   * anew. Resolves when all that was there at first has been told.
   */
  async watch<T extends KubernetesObject>(
    path: string,
    on: (type: "there" | "gone", object: T) => void,
  ): Promise<void> {
    const known = new Map<string, T>();
    const tell = (type: "there" | "gone", object: T) => {
      if (type === "gone") known.delete(nameOf(object));
      else known.set(nameOf(object), object);
      on(type, object);
    };
    const round = async () => {
      const answer = await this.api.ask("GET", path);
      const { items, metadata } = answer as unknown as { items: T[]; metadata: { resourceVersion: string } };
      const now = new Set(items.map(nameOf));
      for (const [name, object] of known) if (!now.has(name)) tell("gone", object);
      for (const item of items) tell("there", item);
      await follow(metadata.resourceVersion);
    };
    const again = () => {
      if (!this.closed) setTimeout(() => (this.closed ? undefined : round().catch(again)), RECONNECT_MS);
    };
    const follow = async (resourceVersion: string) => {
      const stop = () => request.abort();
      const request = await new this.client.Watch(this.config).watch(
        path,
        { resourceVersion },
        (type: string, object: T) => {
          if (type === "ADDED" || type === "MODIFIED") tell("there", object);
          else if (type === "DELETED") tell("gone", object);
        },
        () => {
          this.stops.delete(stop);
          again();
        },
      );
      this.stops.add(stop);
    };
    await round();
  }

  close(): void {
    this.closed = true;
    for (const stop of this.stops) stop();
    this.api.close();
  }
}
