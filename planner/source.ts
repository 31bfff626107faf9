/** Where a model's weights come from. */
export type ModelSource =
  | { readonly kind: "hub"; readonly repository: string; readonly revision: string }
  | { readonly kind: "s3"; readonly bucket: string; readonly prefix: string };

/** Reads `hf://owner/name@commit` or `s3://bucket/prefix`; the form is validated before. */
export function parseSource(source: string): ModelSource {
  const hub = /^hf:\/\/([^@]+)@(.+)$/.exec(source);
  if (hub?.[1] && hub[2]) return { kind: "hub", repository: hub[1], revision: hub[2] };
  const [bucket = "", ...rest] = source.replace(/^s3:\/\//, "").split("/");
  return { kind: "s3", bucket, prefix: rest.join("/").replace(/\/+$/, "") };
}

/** The key prefix of a repository's copy in the store: its commit is part of it, so a new commit never mixes with an old one. */
export function storePrefix({ repository, revision }: { repository: string; revision: string }): string {
  return `models/${repository}/${revision}`;
}
