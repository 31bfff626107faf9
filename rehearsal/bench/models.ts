type Settings = Readonly<Record<string, unknown>>;

/**
 * The settings with `count` models in place of those there are: copies of the first, on pools that allow them all.
 * @param config settings by full key, with a model called as the first one is.
 */
export function withModels(config: Settings, count: number): Record<string, unknown> {
  const [first] = Object.values(config["pilotlight:models"] as Record<string, { gpu: string | string[] }>);
  if (first === undefined) throw new Error("the stack has no model to copy");
  const gpus = [first.gpu].flat();
  const pools = Object.entries(config["pilotlight:gpuPools"] as Record<string, { gpu: string }>);
  return {
    ...config,
    "pilotlight:gpuPools": Object.fromEntries(pools.filter(([, { gpu }]) => gpus.includes(gpu))),
    "pilotlight:models": Object.fromEntries(Array.from({ length: count }, (_, index) => [`model-${index + 1}`, first])),
  };
}

/** One preview. */
export interface Point {
  readonly models: number;
  readonly resources: number;
  readonly seconds: number;
}

/** What each further model adds between two points. */
export interface Growth {
  readonly from: number;
  readonly to: number;
  readonly resourcesPerModel: number;
  readonly secondsPerModel: number;
}

/** The growth between neighbouring points; linear where the numbers stay the same. */
export function growth(points: readonly Point[]): Growth[] {
  return points.slice(1).map((point, index) => {
    const before = points[index] as Point;
    const models = point.models - before.models;
    return {
      from: before.models,
      to: point.models,
      resourcesPerModel: (point.resources - before.resources) / models,
      secondsPerModel: (point.seconds - before.seconds) / models,
    };
  });
}
