/** Two, so that controllers, gateway and routers survive the loss of one. */
const MIN_NODES = 2;
/**
 * Models whose routers fit the first two nodes, and each further one. Of a m7i.large's 1930m allocatable CPU the daemons
 * request 150m and a router 150m (charts/model-server), and controllers and a gateway of two pods about 1800m in all.
 */
const MODELS_ON_FIRST_TWO = 10;
const MODELS_ON_EACH_MORE = 11;

/** Nodes without a GPU that a stack of so many models needs. */
export function systemNodeCount(models: number): number {
  return MIN_NODES + Math.max(0, Math.ceil((models - MODELS_ON_FIRST_TWO) / MODELS_ON_EACH_MORE));
}
