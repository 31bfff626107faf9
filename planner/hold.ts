/** What decides how long a request may wait, and everything that follows. All in seconds. */
export interface HoldRequest {
  /** From the first request while asleep to a ready engine. */
  readonly coldStartSeconds: number;
  /** The longest answer the model is allowed to take, from its first to its last token. */
  readonly longestGenerationSeconds: number;
  /** The user's own hold; derived from the cold start where absent. */
  readonly holdSeconds?: number;
}

/** Every timeout on a request's way and around the pod that answers it, in seconds. */
export interface HoldChain {
  /** How long a request is held while nothing is ready. */
  readonly holdSeconds: number;
  /** The endpoint picker gives a held request up after this. */
  readonly eppTtlSeconds: number;
  /** Envoy's ext_proc `message_timeout`: how long Envoy waits for the picker. */
  readonly extProcTimeoutSeconds: number;
  /** LiteLLM's timeout of one request: the hold and the answer. */
  readonly gatewayTimeoutSeconds: number;
  /** The load balancer's idle timeout: a held plain call sends no byte at all. */
  readonly albIdleSeconds: number;
  /** The gateway keeps an idle connection for longer than the load balancer, which would otherwise write into a closed one. */
  readonly gatewayKeepAliveSeconds: number;
  /** Time between leaving the endpoints and SIGTERM, so that no new request reaches an engine that refuses it. */
  readonly preStopSeconds: number;
  /** vLLM's `--shutdown-timeout`: running answers may finish. */
  readonly shutdownTimeoutSeconds: number;
  /** preStop, drain, and the engine's own exit (15 s measured on vLLM 0.32). */
  readonly terminationGraceSeconds: number;
  /** Time a container may take to become healthy before it is restarted. */
  readonly startupSeconds: number;
  /** The Deployment's progress deadline: node launch and image pull come before the startup probe begins. */
  readonly progressDeadlineSeconds: number;
}

/** Envoy refuses a `message_timeout` above this. Source: Envoy 1.40.0, `ext_proc` field validation. */
export const MAX_EXT_PROC_SECONDS = 3600;
/** Upper end of `idle_timeout.timeout_seconds`. Source: Elastic Load Balancing user guide, load balancer attributes. */
export const MAX_ALB_IDLE_SECONDS = 4000;
/**
 * For a model that the planner does not know: the slowest of the stock cold starts measured on EKS, request to ready, 425 to
 * 439 s (a small model on a plain volume). Source: GPU Inference Decision Lab, EKS and Karpenter run, 2026-05.
 */
export const DEFAULT_COLD_START_SECONDS = 440;

const PRE_STOP_SECONDS = 10;
const ENGINE_EXIT_SECONDS = 15;
/** Each hop waits this much longer than the hop behind it, so that the inner one answers first. */
const STEP_SECONDS = 30;
/** Startup probes of at least 30 minutes: a slow pull or compile must not become a restart loop. */
const MIN_STARTUP_SECONDS = 1800;
const NODE_AND_PULL_SECONDS = 900;

const roundUp = (seconds: number, to: number) => Math.ceil(seconds / to) * to;

function derive(request: HoldRequest): HoldChain {
  const shutdownTimeoutSeconds = request.longestGenerationSeconds;
  const terminationGraceSeconds = PRE_STOP_SECONDS + shutdownTimeoutSeconds + ENGINE_EXIT_SECONDS;
  // A waking replica may have to wait for the GPU of one that is still draining; 15 % for a slow day.
  const estimate = roundUp(request.coldStartSeconds * 1.15 + terminationGraceSeconds, 30);
  const holdSeconds = request.holdSeconds ?? estimate;
  const eppTtlSeconds = holdSeconds;
  const extProcTimeoutSeconds = eppTtlSeconds + STEP_SECONDS;
  const gatewayTimeoutSeconds = eppTtlSeconds + request.longestGenerationSeconds + STEP_SECONDS;
  const albIdleSeconds = gatewayTimeoutSeconds + STEP_SECONDS;
  const startupSeconds = Math.max(MIN_STARTUP_SECONDS, 2 * holdSeconds);
  return {
    holdSeconds,
    eppTtlSeconds,
    extProcTimeoutSeconds,
    gatewayTimeoutSeconds,
    albIdleSeconds,
    gatewayKeepAliveSeconds: albIdleSeconds + STEP_SECONDS,
    preStopSeconds: PRE_STOP_SECONDS,
    shutdownTimeoutSeconds,
    terminationGraceSeconds,
    startupSeconds,
    progressDeadlineSeconds: startupSeconds + NODE_AND_PULL_SECONDS,
  };
}

/** Why a hold cannot work, with the numbers; empty when it can. */
export function holdFaults(request: HoldRequest): string[] {
  const chain = derive(request);
  const faults: string[] = [];
  if (chain.holdSeconds < request.coldStartSeconds)
    faults.push(
      `a hold of ${chain.holdSeconds} s ends before the cold start of about ${request.coldStartSeconds} s does; ` +
        `set hold to at least ${roundUp(request.coldStartSeconds * 1.15, 30)}s`,
    );
  if (chain.extProcTimeoutSeconds > MAX_EXT_PROC_SECONDS)
    faults.push(
      `a hold of ${chain.holdSeconds} s needs an Envoy message timeout of ${chain.extProcTimeoutSeconds} s, ` +
        `and Envoy allows ${MAX_EXT_PROC_SECONDS} s; set hold to at most ${MAX_EXT_PROC_SECONDS - STEP_SECONDS}s`,
    );
  if (chain.albIdleSeconds > MAX_ALB_IDLE_SECONDS)
    faults.push(
      `hold ${chain.holdSeconds} s + longest generation ${request.longestGenerationSeconds} s need a load balancer idle ` +
        `timeout of ${chain.albIdleSeconds} s, and an ALB allows ${MAX_ALB_IDLE_SECONDS} s; ` +
        `lower their sum to ${MAX_ALB_IDLE_SECONDS - 2 * STEP_SECONDS}s`,
    );
  return faults;
}

/** The chain for a hold that works. Throws a RangeError with the numbers for one that does not. */
export function holdChain(request: HoldRequest): HoldChain {
  const faults = holdFaults(request);
  if (faults.length > 0) throw new RangeError(faults.join("; "));
  return derive(request);
}
