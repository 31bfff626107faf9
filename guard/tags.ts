/*
 * Tags by which things in AWS are known to belong to a stack, and GPU nodes among them.
 */

/** Of everything that a stack makes in AWS; its value is the stack's full name, such as `pilotlight-dev`. */
export const STACK_TAG = "pilotlight:stack";

/** Of GPU instances alone, elastic and steady; its value is the name of their pool. */
export const GPU_POOL_TAG = "pilotlight:gpu-pool";

/** The stack's name in AWS: of its cluster, and the value of its tag. */
export const stackNameInAws = (project: string, stack: string): string => `${project}-${stack}`;
