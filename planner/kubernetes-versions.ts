/** The end of EKS standard support by Kubernetes minor version, ISO dates; after it a cluster costs six times as much. */
export const EKS_STANDARD_SUPPORT_ENDS: Readonly<Record<string, string>> = {
  // Source: endoflife.date, Amazon EKS, as stored in February 2026.
  "1.34": "2026-12-02",
  "1.35": "2027-03-27",
};

export const DEFAULT_KUBERNETES = "1.35";

/**
 * What is wrong with a Kubernetes version on a given day, or undefined.
 * @param today ISO date; an input, so that a result can be repeated.
 */
export function supportEnded(version: string, today: string): string | undefined {
  const ends = EKS_STANDARD_SUPPORT_ENDS[version];
  if (ends === undefined || today <= ends) return undefined;
  const supported = Object.entries(EKS_STANDARD_SUPPORT_ENDS)
    .filter(([, end]) => today <= end)
    .map(([name]) => name);
  return `EKS ended standard support of ${version} on ${ends}; supported on ${today}: ${supported.join(", ") || "none that this kit knows"}`;
}
