import * as pulumi from "@pulumi/pulumi";

/** What mocks are not told of a resource, and the engine is: where it hangs, and what it comes after. */
export interface Wiring {
  readonly urn: string;
  readonly type: string;
  /** Last part of the type, and the name: `Cluster kit`. */
  readonly key: string;
  readonly component: boolean;
  readonly parent: string;
  /** URNs of what comes before it and is destroyed after it: `dependsOn`, outputs that it reads, its provider. */
  readonly after: readonly string[];
  /** Durations such as `3h`; empty where the provider's default holds. */
  readonly timeouts: { readonly create: string; readonly delete: string };
}

/** The part of a registration that is read here. */
interface RegisterRequest {
  getType(): string;
  getName(): string;
  getParent(): string;
  getProvider(): string;
  getCustom(): boolean;
  getDependenciesList(): string[];
  getCustomtimeouts(): { getCreate(): string; getDelete(): string } | undefined;
}
type Answer<T> = (error: unknown, response: T) => void;
interface Monitor {
  registerResource(request: RegisterRequest, answer: Answer<{ getUrn(): string } | undefined>): unknown;
}

/** Listens in on the mocked engine; to be called between `setMocks` and the first resource. */
export function listen(): Wiring[] {
  const monitor = pulumi.runtime.getMonitor() as unknown as Monitor;
  const wirings: Wiring[] = [];
  const register = monitor.registerResource.bind(monitor);

  monitor.registerResource = (request, answer) =>
    register(request, (error, response) => {
      const provider = request.getProvider().replace(/::[^:]*$/, "");
      const timeouts = request.getCustomtimeouts();
      if (response !== undefined)
        wirings.push({
          urn: response.getUrn(),
          type: request.getType(),
          key: `${request.getType().split(":").at(-1)} ${request.getName()}`,
          component: !request.getCustom(),
          parent: request.getParent(),
          after: [...request.getDependenciesList(), ...(provider === "" ? [] : [provider])],
          timeouts: { create: timeouts?.getCreate() ?? "", delete: timeouts?.getDelete() ?? "" },
        });
      answer(error, response);
    });
  return wirings;
}
