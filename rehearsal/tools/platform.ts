/**
 * Why the rehearsal cannot run on this machine, or undefined where it can. Linux on x64 alone: helm and kubectl come from
 * an npm package that holds x86-64 programs for Linux, kube-apiserver is published for Linux only, and the rehearsal
 * stops its processes with what Linux offers for that (/proc, flock).
 */
export function unsupported(platform: string, arch: string): string | undefined {
  if (platform === "linux" && arch === "x64") return undefined;
  return (
    `The rehearsal runs on Linux x64; this is ${NAMES[platform] ?? platform} ${arch}. ` +
    "Run it in a Linux x64 machine or container that has Node 20, Python 3.10 and Go: " +
    "helm and kubectl come as x86-64 Linux programs, and kube-apiserver exists for Linux only. " +
    "`pulumi up` does not need it."
  );
}

const NAMES: Readonly<Record<string, string>> = { darwin: "macOS", win32: "Windows", linux: "Linux" };
